"""Turns a standing pipeline's name into its runs, logs, states and next starts: what is done with what stands."""
