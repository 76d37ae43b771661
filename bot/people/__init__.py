"""People: access to the bot, rights in chats, admins, limits of questions, personas."""
