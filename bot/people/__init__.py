"""Who may talk with the bot, who may administer it, and how much one may ask."""
