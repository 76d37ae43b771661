"""Findings that only a running bot can make, in words; to look for itself, a check would take messages away."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.storage.inspection import Noted

_WRONG = {
    "conflict": "a second program uses BOT_TOKEN, so each message reaches only one of the two: stop the other one,"
    " or have @BotFather make a new token",
    "webhook": "Telegram could not deliver to WEBHOOK_URL: look at its certificate and the server before the bot",
}
"""Alerts that no other part of the check sees."""
_ELSEWHERE = {
    "refused": "{} refused the bot (key, name of the model, certificate or proxy)",
    "down": "{} did not answer",
    "schema": "the database was newer than the program",
}
"""Alerts that another part tries again, which counts for more."""


def wrong(noted: Noted) -> list[str]:
    """Say what goes on, since when, and what to do."""
    return [f"{_WRONG[kind]} (noted {_time(since)})" for kind, _, since in noted.alerts if kind in _WRONG]


def notes(noted: Noted) -> list[str]:
    """Say what admins were told of besides, and whom Telegram wants left alone."""
    lines = [
        f"{_ELSEWHERE[kind].format(subject or 'the model')} (noted {_time(since)})"
        for kind, subject, since in noted.alerts
        if kind in _ELSEWHERE
    ]
    if noted.held_chats:
        chats = "1 chat" if noted.held_chats == 1 else f"{noted.held_chats} chats"
        lines.append(f"Telegram wants {chats} left alone, at most until {_time(noted.held_until)}: /hold lists them")
    return lines


def _time(unix: float) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M} UTC"
