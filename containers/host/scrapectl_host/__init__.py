"""What an instance of a host runs, from its start to its own end."""
