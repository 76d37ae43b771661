"""Rows of each table as values."""
