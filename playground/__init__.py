"""A local Telegram: the Bot API over HTTP, several people and a chat page, to try and test the real bot in."""
