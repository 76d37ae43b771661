"""The buttons under an answer: what they say, and the callback data by which a press is understood."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.messages import Ending
from bot.telegram.keyboard import Button, Keyboard

Translate = Callable[[str], str]
"""A Fluent key → its text in the language of whoever asked."""


class Press(StrEnum):
    """The action of a button under an answer."""

    STOP = "stop"
    AGAIN = "again"
    GO_ON = "on"
    SEE = "see"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press as it comes back: `id` is a turn for STOP, an answer for the others."""

    press: Press
    id: int
    attempt: int | None = None
    """For STOP: the attempt whose message it is under."""


_DATA = re.compile(r"(stop|again|on|see):(\d{1,18})(?::(\d{1,6}))?")


def read_press(data: str) -> Pressed | None:
    """Understand callback data. None: it is not from under an answer."""
    match = _DATA.fullmatch(data)
    if match is None:
        return None
    return Pressed(Press(match[1]), int(match[2]), int(match[3]) if match[3] else None)


def while_writing(turn: int, attempt: int, say: Translate) -> Keyboard:
    """■ Stop."""
    return ((Button(say("button-stop"), data=f"{Press.STOP}:{turn}:{attempt}"),),)


def when_done(answer: int, versions: Sequence[int], ending: Ending, say: Translate) -> Keyboard:
    """↻ again, ▸ go on where the answer was cut, and ‹ 1/2 › where there are several versions.

    `versions` are all answers to the question, oldest first, `answer` among them.
    """
    actions = [Button(say("button-again"), data=f"{Press.AGAIN}:{answer}")]
    if ending in {Ending.LENGTH, Ending.BROKEN}:
        actions.append(Button(say("button-go-on"), data=f"{Press.GO_ON}:{answer}"))
    rows: list[tuple[Button, ...]] = [tuple(actions)]
    if len(versions) > 1:
        rows.append(_versions(answer, versions))
    return tuple(rows)


def after_failure(answer: int, versions: Sequence[int], say: Translate) -> Keyboard:
    """↻ again, for an answer of which nothing was written; ‹ 2/2 back to the last of the others."""
    retry = (Button(say("button-retry"), data=f"{Press.AGAIN}:{answer}"),)
    if not versions:
        return (retry,)
    return retry, (Button(f"‹ {len(versions)}/{len(versions)}", data=f"{Press.SEE}:{versions[-1]}"),)


def _versions(answer: int, versions: Sequence[int]) -> tuple[Button, ...]:
    at = versions.index(answer)
    row = [Button(f"{at + 1}/{len(versions)}", data=f"{Press.SEE}:{answer}")]
    if at > 0:
        row.insert(0, Button("‹", data=f"{Press.SEE}:{versions[at - 1]}"))
    if at + 1 < len(versions):
        row.append(Button("›", data=f"{Press.SEE}:{versions[at + 1]}"))
    return tuple(row)
