"""Turns plans, events, runs and errors into text, JSON and Markdown; nothing here asks AWS."""
