"""Texts and their entities, as Telegram's servers keep them. Pure."""
