"""The people of a soak: in each conversation one question follows another, and they see what comes of it."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field

from tests.harness.checked_answers import count, settled
from tests.harness.telegram_people import Json, Telegram, labels

PATIENCE = 120.0
"""Seconds after which a question counts as lost; floods and restarts are well within."""
THINKING = (2.0, 20.0)
"""Seconds between an answer and the next question."""

_REFERENCE = re.compile(r"\(error (\w+)\)")

PRESS_AGAIN_AFTER = 60.0
"""Seconds; a second failure within one second looks the same as the first. A press that waits is not repeated."""


@dataclass
class Conversation:
    """A chat in which people ask: one person alone with the bot, or the members of a group."""

    chat: int
    askers: list[int]
    telegram: Telegram
    chance: random.Random
    mention: str = ""
    """What a question begins with, so that the bot takes it as one."""
    patience: float = PATIENCE
    thinking: tuple[float, float] = THINKING
    asked: list[str] = field(default_factory=list)
    pressed: set[tuple[int, int | str]] = field(default_factory=set)
    """The failures under which somebody has pressed: message, and reference or second of its last change."""
    last_press: dict[int, float] = field(default_factory=dict)
    missing: dict[int, set[str]] = field(default_factory=dict)
    """The questions without a whole answer when somebody pressed under a failure: one of them is that failure's."""
    pressed_again: int = 0
    """Presses under a failure that had been pressed before: each may bring an answer that is there already."""
    askers_of: dict[str, int] = field(default_factory=dict)
    """Who asked what."""
    retried: set[str] = field(default_factory=set)
    """What was asked again: such an answer may stand below later ones."""
    lost: list[str] = field(default_factory=list)

    @property
    def said(self) -> list[Json]:
        """The bot's answers, whole or not, and failures; without what it says of itself."""
        answers = [message for message in self.telegram.said(self.chat) if not self._is_notice(message)]
        for name in self.retried:
            answers = _together(answers, name)
        return answers

    @property
    def notices(self) -> list[Json]:
        """What the bot said of itself: that it is here, that nothing can be written down just now."""
        return [message for message in self.telegram.said(self.chat) if self._is_notice(message)]

    def _is_notice(self, message: Json) -> bool:
        return not labels(message) and self._name(None) not in message.get("text", "")

    def _name(self, number: int | None) -> str:
        return f"p{abs(self.chat)}n{'' if number is None else number}"

    def arrival(self, message: Json) -> float:
        """When a message came, on `time.monotonic`."""
        wanted = ("message", self.chat, message["message_id"])
        return next(
            seen.at
            for seen in self.telegram.history
            if (seen.kind, seen.chat, seen.message.get("message_id")) == wanted
        )

    async def talk(self, until: float) -> None:
        """Ask, wait for the answer, sometimes ask several at once; until then, on `time.monotonic`."""
        while time.monotonic() < until:
            for _ in range(1 if self.chance.random() < 0.7 else 3):
                name = self._name(len(self.asked))
                self.asked.append(name)
                asker = self.askers_of[name] = self.chance.choice(self.askers)
                await self.telegram.send(f"{self.mention} {name}".strip(), by=asker, chat=self.chat)
            await self.wait_for_answers()
            if self.lost:
                return
            await asyncio.sleep(self.chance.uniform(*self.thinking))

    async def wait_for_answers(self) -> None:
        """Wait until every question has its whole answer; press the button under what failed."""
        give_up = time.monotonic() + self.patience
        while time.monotonic() < give_up:
            whole = set(count(self.said).whole)
            if whole >= set(self.asked) and settled(self.said):
                return
            broken = next(
                (message for message in self.said if has_failed(message) and self._would_press(message, whole)), None
            )
            if broken is not None:
                self.pressed_again += _key(broken) in self.pressed
                self.missing.setdefault(broken["message_id"], set(self.asked) - whole)
                self.pressed.add(_key(broken))
                self.last_press[broken["message_id"]] = time.monotonic()
                self.retried |= set(self.asked) - whole
                label = "Go on" if "Go on" in " ".join(labels(broken)) else "Try again"
                await self.telegram.press(broken, label, by=self._asker_of(broken), chat=self.chat)
            await asyncio.sleep(0.25)
        self.lost = [name for name in self.asked if name not in count(self.said).whole]

    def _would_press(self, broken: Json, whole: set[str]) -> bool:
        """Tell whether somebody presses: at once, and again long after where its question may still be unanswered.

        The line of a failure stays where it is when its question is answered below.
        """
        if _key(broken) not in self.pressed:
            return True
        last, missing = self.last_press[broken["message_id"]], self.missing[broken["message_id"]]
        return bool(missing - whole) and time.monotonic() > last + PRESS_AGAIN_AFTER

    def _asker_of(self, answer: Json) -> int:
        """The person whose question a message answers: in a group nobody else's press counts."""
        asker = answer.get("reply_to_message", {}).get("from", {}).get("id")
        return asker if asker in self.askers else self.askers[0]


def _together(messages: list[Json], name: str) -> list[Json]:
    """Put the parts of an answer that went on below others where it began."""
    parts = [message for message in messages if f"{name}w" in message.get("text", "")]
    others = [message for message in messages if message not in parts]
    at = next((at for at, message in enumerate(messages) if message in parts), 0)
    return others[:at] + parts + others[at:]


def _key(message: Json) -> tuple[int, int | str]:
    """One failure of a message: by its reference, since another process may show the same failure once more."""
    reference = _REFERENCE.search(message.get("text", ""))
    return message["message_id"], reference[1] if reference else message.get("edit_date", 0)


def has_failed(message: Json) -> bool:
    """Whether a button leads on from a failure."""
    return is_failure(message) or "Go on" in " ".join(labels(message))


def is_failure(message: Json) -> bool:
    """Whether nothing was written: the message says why, and offers another try."""
    return "Try again" in " ".join(labels(message))
