"""Calls to Telegram: the client, its errors, the session, the rate-limit middleware."""
