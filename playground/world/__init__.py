"""State of the local Telegram: people, chats, messages, queues, and who is told of a change."""
