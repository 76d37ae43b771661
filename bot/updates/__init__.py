"""How updates come in; one is confirmed to Telegram only after its effect is stored."""
