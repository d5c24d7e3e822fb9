"""Describes series of measurements: a CSV file in, a report out; knows files, and nothing of AWS."""
