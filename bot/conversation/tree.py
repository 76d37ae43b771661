"""Rules of a conversation's tree: the parent of the next message, and the joining of a paste that an app split."""

from __future__ import annotations

MAX_MESSAGE_LENGTH = 4096
"""Characters that one Telegram message holds; the apps split what is longer."""


def newest_point(
    newest: int | None, its_question: int | None, anew_after: int | None, asking: int | None = None
) -> int | None:
    """Give the message from which a plain question goes on. None: it is a beginning.

    Ids grow in the order of asking. `its_question` is the question that `newest` is or answers; `anew_after` the last
    question before the person asked for a new conversation; `asking` the question to place (None: one yet to come).
    Questions asked before that wish still belong to the old conversation, also when their turn comes later.
    """
    if newest is None or its_question is None:
        return None
    asked_afterwards = anew_after is not None and (asking is None or asking > anew_after)
    if asked_afterwards and anew_after is not None and its_question <= anew_after:
        return None
    return newest


def put_together(first: str, rest: str) -> str:
    """Join two parts of a paste that an app split: in mid-word where the first is full, else at a line's end."""
    full = bool(first) and not len(first) % MAX_MESSAGE_LENGTH
    return first + ("" if full else "\n") + rest
