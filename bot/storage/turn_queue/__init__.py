"""The durable queue of turns."""
