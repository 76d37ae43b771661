"""The means to reply: preferences in force, language and place; for presses an answer, too."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.people.speaker import Speaker
from bot.preferences import Preferences
from bot.telegram.client import Telegram
from handlers.middlewares.contract import Handler
from handlers.support.event_context import EventContext, destination_of
from handlers.support.herald import Herald
from handlers.support.responders import AfterCommit, CallbackAnswer, MessageEditor, Responder, Speech


class ReplyMiddleware(BaseMiddleware):
    """Gives handlers `effective`, `say`, `later` and `herald`."""

    def __init__(self, preferences: Preferences, speech: Speech, later: AfterCommit) -> None:
        self._preferences = preferences
        self._speech = speech
        self._later = later

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Prepare a reply."""
        origin: EventContext | None = data.get("origin")
        if origin is not None and isinstance(event, Update):
            speaker: Speaker = data["speaker"]
            effective = await self._preferences.effective(origin.key)
            language = effective.language.value or self._speech.texts.language_of(speaker.language_code)
            say = Responder(self._speech, language, destination_of(origin, event), origin.scope)
            data.update(
                effective=effective,
                say=say,
                later=self._later,
                herald=Herald(say, self._later, data["held_messages"], data["bot"]),
            )
        return await handler(event, data)


class ButtonMiddleware(BaseMiddleware):
    """Gives handlers of presses `answer` and `redraw`, and answers each press once."""

    def __init__(self, telegram: Telegram, later: AfterCommit) -> None:
        self._telegram = telegram
        self._later = later

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Answer the press after the handler, unless it failed: then the failure is the answer."""
        origin: EventContext | None = data.get("origin")
        if origin is None or not isinstance(event, Update) or event.callback_query is None:
            return await handler(event, data)
        answer = CallbackAnswer(event.callback_query.id, data["say"], self._telegram, self._later)
        say: Responder = data["say"]
        redraw = MessageEditor(say.place, origin.message_id or 0, say.speech, self._telegram, self._later)
        data.update(answer=answer, redraw=redraw)
        result = await handler(event, data)
        answer.give()
        return result
