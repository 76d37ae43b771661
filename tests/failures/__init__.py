"""Twelve failures of everyday life, provoked against the running program, and what its administrator sees of each."""
