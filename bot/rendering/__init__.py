"""Markdown as Telegram shows it: text and entities, the layout of an answer that grows, where it is split. Pure."""
