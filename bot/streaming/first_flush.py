"""The first flush of an answer: a short debounce until its words are worth a notification."""

from __future__ import annotations

import re

from bot.runtime.clock import Clock

MIN_FIRST_FLUSH_DELAY = 0.1
"""Seconds that the first text gathers words in any case: nobody sees the difference, and a notification says more."""
MIN_GROUP_FIRST_FLUSH_DELAY = 0.25
"""The same in a group, where each change takes one of few slots."""
MAX_FIRST_FLUSH_DELAY = 0.4
"""Seconds after which the first text is shown, however short it is."""
MIN_FIRST_WORDS = 3
"""Words, the last of them perhaps unfinished, that are worth a notification."""
MIN_FIRST_CHARACTERS = 12
"""The same where words have no spaces between them."""
SENTENCE_LENGTH = 200
"""Characters that count as a sentence where none ends."""

_SENTENCE = re.compile(r"[.!?…](?:\s|$)|[。！？\n]")


class FirstFlush:
    """Debounces the first text of an answer."""

    def __init__(self, clock: Clock, *, min_delay: float = MIN_FIRST_FLUSH_DELAY) -> None:
        self._clock = clock
        self._min_delay = min_delay
        self._since: float | None = None
        self.due: float | None = None
        """Time at which the present text is shown, if nothing more comes; None while there is none."""

    def is_worth_it(self, text: str) -> bool:
        """Tell whether to show this now: a couple of words, or anything that has waited long enough."""
        if self._since is None:
            self._since = self._clock.now()
        enough = len(text) >= MIN_FIRST_CHARACTERS or len(text.split(maxsplit=MIN_FIRST_WORDS)) >= MIN_FIRST_WORDS
        self.due = self._since + (self._min_delay if enough else MAX_FIRST_FLUSH_DELAY)
        return self._clock.now() >= self.due


def is_sentence(text: str) -> bool:
    """Tell whether this is enough to be shown in place of an older text, which may be long."""
    return len(text) >= SENTENCE_LENGTH or _SENTENCE.search(text) is not None
