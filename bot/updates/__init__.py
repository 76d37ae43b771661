"""Updates on their way in; one is confirmed to Telegram only after its effect is stored."""
