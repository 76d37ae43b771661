"""👀 under a question that has to wait: it was heard. It is taken away when the answer stands, or never comes."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from bot.errors import TelegramProblem
from bot.runtime.task_supervisor import StartTask
from bot.streaming.indicators import ACKNOWLEDGEMENT
from bot.telegram.client import Telegram

logger = logging.getLogger(__name__)


class Acknowledgements:
    """Sets reactions in the background; they spend no chat's budget, and where they are not allowed nothing is lost."""

    def __init__(self, telegram: Telegram, start: StartTask) -> None:
        self._telegram = telegram
        self._start = start

    def give(self, chat: int, question: int) -> None:
        """Show that a question was heard; `question` is its Telegram message."""
        self._start(self._react(chat, [question], ACKNOWLEDGEMENT), name=f"acknowledge in chat {chat}")

    def take_back(self, chat: int, questions: Iterable[int]) -> None:
        """Show that these questions are not waited for any more."""
        self._start(self._react(chat, list(questions), None), name=f"take back acknowledgements in chat {chat}")

    async def _react(self, chat: int, questions: list[int], emoji: str | None) -> None:
        for question in questions:
            try:
                await self._telegram.react(chat, question, emoji)
            except TelegramProblem as problem:
                logger.debug("chat %d: no reaction: %s: %s", chat, type(problem).__name__, problem)
