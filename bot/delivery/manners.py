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

FIRST_TEXT_FROM = 0.1
"""Seconds that the first text gathers words in any case: nobody sees the difference, and a notification says more."""
FIRST_TEXT_AFTER = 0.4
"""Seconds after which the first text is shown, however short it is."""
FIRST_WORDS = 3
"""Words, the last of them perhaps unfinished, that are worth a notification."""
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
        self._since: float | None = None
        self.due: float | None = None
        """When what there is now is shown, if nothing more comes; None while there is nothing."""

    def are_worth_it(self, text: str) -> bool:
        """Whether to show this now: a couple of words, or anything that has waited long enough."""
        if self._since is None:
            self._since = self._clock.now()
        enough = len(text) >= FIRST_CHARACTERS or len(text.split(maxsplit=FIRST_WORDS)) >= FIRST_WORDS
        self.due = self._since + (FIRST_TEXT_FROM if enough else FIRST_TEXT_AFTER)
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
