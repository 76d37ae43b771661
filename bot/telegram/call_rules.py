"""Rules about the Bot API's methods: the chat and the budget of a call, and whether it may be made again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from aiogram import methods
from aiogram.methods import TelegramMethod

from bot.rate_limits.requests import Resource
from bot.telegram.bot_session import NotConnected

REPEATABLE = ("Edit", "Delete", "SetMessageReaction", "SendMessageDraft", "StopPoll", "Pin", "Unpin")
"""Beginnings of the names of methods that do the same when they are called twice."""

_DRAFTS = methods.SendMessageDraft | methods.SendRichMessageDraft | methods.SendChatAction
_FREE = methods.AnswerCallbackQuery | methods.DeleteMessage | methods.DeleteMessages | methods.SetMessageReaction
_MESSAGES = ("Send", "EditMessage", "CopyMessage", "ForwardMessage", "StopPoll")

_concerned_chat: ContextVar[int | None] = ContextVar("concerned_chat", default=None)


@contextmanager
def for_chat(chat: int | None) -> Iterator[None]:
    """Tell which chat the calls made in here are about, where they do not say it themselves."""
    token = _concerned_chat.set(chat)
    try:
        yield
    finally:
        _concerned_chat.reset(token)


def chat_of(method: TelegramMethod[Any]) -> int | None:
    """Return the chat that a call is about. None: no chat, or one that is named by its username."""
    chat = getattr(method, "chat_id", None) or _concerned_chat.get()
    return chat if isinstance(chat, int) else None


def resource_of(method: TelegramMethod[Any]) -> Resource | None:
    """Return the budget that a call spends. None: it is no message, and passes untouched."""
    if isinstance(method, _DRAFTS):
        return Resource.DRAFT
    if isinstance(method, _FREE):
        return Resource.FREE
    return Resource.MESSAGE if type(method).__name__.startswith(_MESSAGES) else None


def may_repeat(method: TelegramMethod[Any], error: Exception) -> bool:
    """Tell whether making the call again cannot double anything."""
    return isinstance(error, NotConnected) or type(method).__name__.startswith(REPEATABLE)
