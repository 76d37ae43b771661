"""How Markdown, as models write it, is read and laid out as text with entities."""
