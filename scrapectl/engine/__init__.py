"""Compares what is wanted with what is live, and carries out the difference; knows no AWS service."""
