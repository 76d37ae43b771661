"""Presses of buttons under inline messages, which have no chat: none of ours, answered with nothing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, TelegramObject

from bot.errors import TelegramProblem
from bot.runtime.task_supervisor import TaskSupervisor
from bot.telegram.client import Telegram

logger = logging.getLogger(__name__)


class InlinePressMiddleware(BaseMiddleware):
    """Takes the clock off the button, and asks no handler: all of them act in the chat of a message."""

    def __init__(self, telegram: Telegram, tasks: TaskSupervisor) -> None:
        self._telegram = telegram
        self._tasks = tasks

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Pass on presses under messages alone."""
        if not isinstance(event, CallbackQuery) or event.message is not None:
            return await handler(event, data)
        self._tasks.start(self._answer(event.id), name="answer a press of an inline message")
        return None

    async def _answer(self, query: str) -> None:
        try:
            await self._telegram.answer_button(query)
        except TelegramProblem as problem:
            logger.debug("The press of an inline message was not answered: %s", problem)
