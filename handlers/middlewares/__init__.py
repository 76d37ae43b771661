"""Middlewares around every handler, in this order: origin, speaker, reply, button, command limits, transaction."""
