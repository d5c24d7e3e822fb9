"""Jobs of the embedded cloud in containers: which engine there is, images built by it, and one container an attempt."""
