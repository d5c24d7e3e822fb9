"""Batch jobs of the embedded cloud, from a submitted request to processes that really ran."""
