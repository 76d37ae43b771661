"""Small manners of an answer that has nothing to show yet: `typing…`, and first words that are worth a notification."""

from __future__ import annotations

import asyncio
import logging
import re

from bot.delivery.clock import Clock
from bot.delivery.place import Place
from bot.delivery.screen import Screen
from bot.delivery.telegram import Telegram
from bot.errors import ChatGone, ChatMigrated, TelegramProblem, TopicGone, Unauthorized

logger = logging.getLogger(__name__)

FIRST_TEXT_AFTER = 0.4
"""Seconds after which the first text is shown, however short it is."""
FIRST_WORDS = 3
"""Words, the last of them perhaps unfinished, that are worth a notification at once."""
FIRST_CHARACTERS = 12
"""The same where words have no spaces between them."""
SENTENCE_LIMIT = 200
"""Characters that stand for a sentence where none ends."""
TYPING_EVERY = 4.5
"""Seconds between two `typing…`; Telegram shows each for five."""
TYPING_LIMIT = 1.0
"""Seconds that `typing…` may keep the first text waiting."""

_SENTENCE = re.compile(r"[.!?…](?:\s|$)|[。！？\n]")


class FirstWords:
    """Says when the first text of an answer is worth showing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.due: float | None = None
        """When it is shown however short it is; None while there is nothing."""

    def are_worth_it(self, text: str) -> bool:
        """Whether to show this now: a couple of words, or anything that has waited long enough."""
        if len(text) >= FIRST_CHARACTERS or len(text.split(maxsplit=FIRST_WORDS)) >= FIRST_WORDS:
            return True
        if self.due is None:
            self.due = self._clock.now() + FIRST_TEXT_AFTER
        return self._clock.now() >= self.due


def is_sentence(text: str) -> bool:
    """Whether this is enough to be shown in place of an older text, which may be long."""
    return len(text) >= SENTENCE_LIMIT or _SENTENCE.search(text) is not None


class Typing:
    """Shows `typing…` as long as somebody asks for it."""

    def __init__(self, telegram: Telegram, screen: Screen, place: Place, clock: Clock) -> None:
        self._telegram, self._screen, self._place, self._clock = telegram, screen, place, clock
        self.due = clock.now()
        """When it has to be shown (again)."""

    async def show(self) -> None:
        """Show it if it is due. Raises ChatGone, TopicGone, …; what else goes wrong does not matter."""
        if self._clock.now() < self.due:
            return
        self.due = self._clock.now() + TYPING_EVERY
        self._screen.check()
        try:
            async with asyncio.timeout(TYPING_LIMIT):
                await self._telegram.typing(self._place)
        except TimeoutError:
            logger.debug("chat %d: typing took too long", self._place.chat)
        except (ChatGone, ChatMigrated, TopicGone, Unauthorized):
            raise
        except TelegramProblem as problem:
            logger.debug("chat %d: no typing: %s", self._place.chat, problem)
