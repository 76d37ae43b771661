"""The Bot API over HTTP, as the bot calls it."""
