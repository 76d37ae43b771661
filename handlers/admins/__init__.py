"""Commands and buttons of the bot's administrators."""
