"""Markdown, as models write it, read and laid out as text with entities."""
