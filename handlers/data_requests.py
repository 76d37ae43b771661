"""What is kept of a chat, in people's hands: `/export` and `/forget`."""

from __future__ import annotations

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.answering.service import TurnService
from bot.conversation.export import as_json, as_markdown
from bot.storage.database import Database
from bot.storage.repositories.conversations import ConversationRepository
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button
from handlers.support.bot_info import BotInfo
from handlers.support.filters import may_change
from handlers.support.mapping import EventContext
from handlers.support.responders import AfterCommit, CallbackAnswer, MessageEditor, Responder

YES, NO = "forget:yes", "forget:no"


def router() -> Router:
    """Export and erasure."""
    router = Router(name="records")
    router.message.register(export, Command("export", ignore_case=True))
    router.message.register(ask_to_forget, Command("forget", ignore_case=True), may_change)
    router.message.register(refuse, Command("forget", ignore_case=True))
    router.callback_query.register(forget, F.data == YES, may_change)
    router.callback_query.register(keep, F.data == NO, may_change)
    router.callback_query.register(refuse_press, F.data.in_({YES, NO}))
    return router


async def export(
    _: Message,
    origin: EventContext,
    bot_info: BotInfo,
    conversations: ConversationRepository,
    database: Database,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Send the conversation in force as Markdown and as JSON."""
    messages = await conversations.history(origin.key)
    if not messages:
        say("export-nothing")
        return
    now = datetime.fromtimestamp(database.clock(), UTC)
    title = say.text("export-title", name=bot_info.name, date=f"{now:%Y-%m-%d}")
    markdown = as_markdown(messages, title=title, asker=origin.author.name, answerer=bot_info.name)
    files = {"md": markdown, "json": as_json(messages)}
    later("export", lambda: _send(telegram, say.place, f"{bot_info.username}-{now:%Y-%m-%d}", files))


async def ask_to_forget(_: Message, say: Responder) -> None:
    """Ask whether everything shall be erased."""
    keyboard = ((Button(say.text("button-forget"), data=YES), Button(say.text("button-keep"), data=NO)),)
    say("forget-ask", keyboard=keyboard)


async def forget(
    _: CallbackQuery, origin: EventContext, turns: TurnService, say: Responder, redraw: MessageEditor
) -> None:
    """Erase everything about the chat."""
    await turns.forget(origin.key.bot, origin.key.chat)
    redraw(say.text("forget-done"))


async def keep(_: CallbackQuery, say: Responder, redraw: MessageEditor) -> None:
    """Leave everything as it is."""
    redraw(say.text("forget-kept"))


async def refuse(_: Message, say: Responder) -> None:
    """Tell a member who may erase."""
    say("only-group-admins")


async def refuse_press(_: CallbackQuery, answer: CallbackAnswer) -> None:
    """Tell a member who may press."""
    answer("only-group-admins", alert=True)


async def _send(telegram: Telegram, place: Destination, name: str, files: dict[str, str]) -> None:
    for ending, content in files.items():
        await telegram.document(place, f"{name}.{ending}", content.encode())
