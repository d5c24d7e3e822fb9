"""The embedded cloud: AWS in one process, as strict as AWS, that really runs what it is given."""
