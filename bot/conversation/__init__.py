"""Conversations: pure rules and plain data, without I/O and without a clock."""
