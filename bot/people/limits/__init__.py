"""Limits of what people may ask: questions, and tokens."""
