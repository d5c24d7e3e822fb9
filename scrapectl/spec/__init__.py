"""Turns the text of a pipeline file into a checked `Spec`, or into everything that is wrong with it."""
