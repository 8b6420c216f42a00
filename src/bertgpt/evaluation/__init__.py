"""Scores, intervals, stored results, and records of what attention did."""
