"""Reasons of answers that failed or broke off. Pure: what is kept of one, and the reference that a person reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.conversation.messages import ChatKey

MAX_CAUSE = 240
"""Characters of a cause: a line in the log and in the chat."""
MIN_ECHO = 12
"""Characters in a row that a cause and what people wrote have in common, from which on they are an echo."""
MAX_SEARCHED = 50_000
"""Characters of a conversation, newest first, that are searched for an echo."""

_DIGITS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without signs that look alike, or that make words."""
_OFFSET = len(_DIGITS) ** 2
"""Added to a turn's id, so that every reference has three signs or more."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One answer that failed or broke off."""

    turn: int
    key: ChatKey
    at: float
    """Unix time in seconds."""
    model: str
    kind: str
    """The class of the error."""
    cause: str
    attempt: int
    """Claims of the turn so far."""
    tries: int
    """Requests to the generator in the last attempt."""
    replica: str

    @property
    def reference(self) -> str:
        """The short name by which a person can ask about it."""
        return reference_of(self.turn)


@dataclass(frozen=True, slots=True)
class PlacedTrouble:
    """A trouble, and how its chat is called."""

    trouble: Trouble
    name: str


def reference_of(turn: int) -> str:
    """Give the reference of a turn's failure: `2A7`."""
    number, signs = turn + _OFFSET, ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        signs = _DIGITS[digit] + signs
    return signs


def turn_of(reference: str) -> int | None:
    """Read a reference as a person types it. None: it is none."""
    number = 0
    signs = reference.strip().upper()
    if not 3 <= len(signs) <= 13 or any(sign not in _DIGITS for sign in signs):  # noqa: PLR2004  # 13 signs hold any 64-bit id
        return None
    for sign in signs:
        number = number * len(_DIGITS) + _DIGITS.index(sign)
    return number - _OFFSET


def without_echo(cause: str, said: Iterable[str]) -> str:
    """Shorten a cause to a line, without what it repeats of what people wrote: servers quote what they refuse."""
    line = " ".join(cause.split())[: 2 * MAX_CAUSE]
    wanted = set(_runs(line))
    echoed: set[str] = set()
    left = MAX_SEARCHED
    for text in said:
        echoed |= wanted.intersection(_runs(" ".join(text[:left].split())))
        left -= len(text)
        if left <= 0:
            break
    kept = [True] * len(line)
    for at, run in enumerate(_runs(line)):
        if run in echoed:
            kept[at : at + MIN_ECHO] = [False] * MIN_ECHO
    signs = [
        sign if keep else ("…" if at == 0 or kept[at - 1] else "")
        for at, (sign, keep) in enumerate(zip(line, kept, strict=True))
    ]
    shown = "".join(signs)
    return shown if len(shown) <= MAX_CAUSE else shown[: MAX_CAUSE - 1] + "…"


def _runs(text: str) -> list[str]:
    """Give all runs of `MIN_ECHO` characters."""
    return [text[at : at + MIN_ECHO] for at in range(len(text) - MIN_ECHO + 1)]
