"""A reply that grows in a chat, and the messages that show it."""
