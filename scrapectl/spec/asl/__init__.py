"""Reads and checks the Amazon States Language: the user's own file, and in tests whatever we compile."""
