"""Folders with their requirements → zips for Lambda, the same bytes on any machine and day."""
