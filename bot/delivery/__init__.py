"""How a growing text is shown, within Telegram's budgets."""
