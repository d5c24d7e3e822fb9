"""Instances of EC2: user data that runs as a process, with the instance's role and nothing of this machine's own."""
