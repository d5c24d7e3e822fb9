"""Checks an uploaded file of persons row by row, and stages it whole or not at all."""
