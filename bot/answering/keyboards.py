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
    MENU = "with"
    """Show the models that may answer again, in the place of the buttons."""
    WITH = "use"
    """Answer again with a model."""
    BACK = "back"
    """Show the buttons again, in the place of the models."""


MENU_PAGE_SIZE = 6
"""Models on one page under an answer, a row each: more of them would push the answer off a phone's screen."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press as it comes back: `id` is a turn for STOP, an answer for the others."""

    press: Press
    id: int
    attempt: int | None = None
    """For STOP: the attempt whose message it is under."""
    page: int = 0
    """For MENU: the page of models."""
    model: str = ""
    """For WITH: the id of the offer."""


_DATA = re.compile(r"(stop|again|on|see|with|back):(\d{1,18})(?::(\d{1,6}))?")
_WITH = re.compile(r"use:(\d{1,18}):([a-z0-9_-]{1,24}(?:/[0-9a-f]{8})?)")


def read_press(data: str) -> Pressed | None:
    """Understand callback data. None: it is not from under an answer."""
    if (chosen := _WITH.fullmatch(data)) is not None:
        return Pressed(Press.WITH, int(chosen[1]), model=chosen[2])
    match = _DATA.fullmatch(data)
    if match is None:
        return None
    press, number = Press(match[1]), int(match[3]) if match[3] else None
    if press is Press.MENU:
        return Pressed(press, int(match[2]), page=number or 0)
    return Pressed(press, int(match[2]), number)


def while_writing(turn: int, attempt: int, say: Translate) -> Keyboard:
    """■ Stop."""
    return ((Button(say("button-stop"), data=f"{Press.STOP}:{turn}:{attempt}"),),)


@dataclass(frozen=True, slots=True)
class FinishedAnswer:
    """The facts that decide which buttons stand under an answer that has ended."""

    answer: int
    versions: Sequence[int]
    """All answers to the question of which something was written, oldest first."""
    ending: Ending
    others: bool = False
    """Another model may answer again."""
    model: str = ""
    """The model that wrote this version, where another one wrote another version."""


def when_ended(state: FinishedAnswer, say: Translate) -> Keyboard:
    """↻ again, ⇄ with another model, ▸ go on where the answer was cut, and ‹ 1/2 › where there are several versions.

    Where nothing was written, ‹ 2/2 leads back to the last of the others.
    """
    again = "button-retry" if state.ending.is_empty else "button-again"
    actions = [Button(say(again), data=f"{Press.AGAIN}:{state.answer}")]
    if state.ending in {Ending.LENGTH, Ending.BROKEN}:
        actions.append(Button(say("button-go-on"), data=f"{Press.GO_ON}:{state.answer}"))
    if state.others:
        actions.append(Button(say("button-other-model"), data=f"{Press.MENU}:{state.answer}"))
    rows: list[tuple[Button, ...]] = [tuple(actions)]
    count = len(state.versions)
    if state.ending.is_empty and count:
        rows.append((Button(f"‹ {count}/{count}", data=f"{Press.SEE}:{state.versions[-1]}"),))
    elif count > 1:
        rows.append(_versions(state))
    return tuple(rows)


def other_models(answer: int, models: Sequence[tuple[str, str]], page: int, say: Translate) -> Keyboard:
    """A page of the models that may answer again, each an id and a name, ‹ 1/2 › below, and the way back."""
    pages = max(1, -(-len(models) // MENU_PAGE_SIZE))
    page = min(page, pages - 1)
    rows: list[tuple[Button, ...]] = [
        (Button(f"↻ {name}", data=f"{Press.WITH}:{answer}:{id_}"),)
        for id_, name in models[page * MENU_PAGE_SIZE : (page + 1) * MENU_PAGE_SIZE]
    ]
    last = [Button(say("button-back"), data=f"{Press.BACK}:{answer}")]
    if page > 0:
        last.append(Button("‹", data=f"{Press.MENU}:{answer}:{page - 1}"))
    if pages > 1:
        last.append(Button(f"{page + 1}/{pages}", data=f"{Press.MENU}:{answer}:{page}"))
    if page + 1 < pages:
        last.append(Button("›", data=f"{Press.MENU}:{answer}:{page + 1}"))
    return (*rows, tuple(last))


def _versions(state: FinishedAnswer) -> tuple[Button, ...]:
    versions, at = state.versions, state.versions.index(state.answer)
    by = f" · {state.model}" if state.model else ""
    row = [Button(f"{at + 1}/{len(versions)}{by}", data=f"{Press.SEE}:{state.answer}")]
    if at > 0:
        row.insert(0, Button("‹", data=f"{Press.SEE}:{versions[at - 1]}"))
    if at + 1 < len(versions):
        row.append(Button("›", data=f"{Press.SEE}:{versions[at + 1]}"))
    return tuple(row)
