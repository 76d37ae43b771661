"""Refusals of the playground, in Telegram's words.

Refusal         a Bot API answer that is not ok
Impossible      something that nobody could do in a Telegram app
WorldFileError  the file of the world cannot be used
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A Bot API call is refused: `code` is the HTTP status and the `error_code`, `description` the text a bot gets."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Impossible(Exception):
    """The people's side asked for something that an app would not offer; `status` is the HTTP status."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class WorldFileError(Exception):
    """The file that holds the world over restarts cannot be used; the text is one sentence for people."""


def bad_request(reason: str) -> Refusal:
    """Refuse a request for what is in it."""
    return Refusal(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> Refusal:
    """Refuse a request because the bot may not do that there."""
    return Refusal(403, f"Forbidden: {reason}")


def too_many_requests(seconds: int) -> Refusal:
    """Refuse a request for flood control: nothing may come for `seconds`."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
