"""Aura for Telegram: a self-hosted AI chat bot that writes its answers live."""

__version__ = "0.1.0"
