"""Destination of a message: a plain value that needs no Telegram library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """A chat, a topic in it (None: no topics, or General), and the message that the first text is attached to."""

    chat: int
    thread: int | None = None
    reply_to: int | None = None
    private: bool = False
