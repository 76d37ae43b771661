"""`/stop`, `/retry`, `/undo`: what the buttons do, by command."""

from __future__ import annotations

from collections.abc import Iterable

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.answering.service import TurnService
from bot.conversation.messages import Role
from bot.errors import TelegramProblem
from bot.people.group_admins import GroupAdmins
from bot.people.question_limits import QuestionLimits
from bot.storage.repositories.conversations import ConversationRepository
from bot.telegram.client import Telegram
from handlers.support.filters import administers
from handlers.support.mapping import EventContext
from handlers.support.responders import AfterCommit, Responder


def router() -> Router:
    """Commands for the last answer."""
    router = Router(name="control")
    router.message.register(stop, Command("stop", ignore_case=True), may_touch_last)
    router.message.register(retry, Command("retry", ignore_case=True), may_touch_last)
    router.message.register(undo, Command("undo", ignore_case=True), may_touch_last)
    router.message.register(refuse, Command("stop", "retry", "undo", ignore_case=True))
    return router


async def may_touch_last(
    _: Message,
    origin: EventContext,
    admin: bool,
    turns: TurnService,
    conversations: ConversationRepository,
    group_admins: GroupAdmins,
) -> bool:
    """Who asked last, group administrators and bot admins may; where nothing was asked, anybody may hear so."""
    if admin or origin.private:
        return True
    asker = await _last_asker(origin, turns, conversations)
    return asker in {None, origin.speaker} or await administers(origin, group_admins)


async def stop(_: Message, origin: EventContext, turns: TurnService, say: Responder) -> None:
    """Stop the answer that is being written; what is there stays."""
    if not await turns.stop(origin.key):
        say("nothing-to-stop")


async def retry(
    _: Message,
    origin: EventContext,
    admin: bool,
    turns: TurnService,
    conversations: ConversationRepository,
    limits: QuestionLimits,
    say: Responder,
) -> None:
    """Answer the last question again."""
    newest = await conversations.newest(origin.key)
    message = await conversations.message(newest) if newest is not None else None
    if message is None or message.role is not Role.ASSISTANT:
        say("nothing-to-retry")
        return
    if not admin:
        await limits.admit(person=origin.speaker, chat=origin.key.chat)
    await turns.again(message.id, by=origin.speaker, language=say.language)


async def undo(
    _: Message, origin: EventContext, turns: TurnService, telegram: Telegram, say: Responder, later: AfterCommit
) -> None:
    """Take the last question and its answer out, and off the screen."""
    ids = await turns.undo(origin.key)
    if ids is None:
        say("nothing-to-undo")
        return
    say("undone")
    later("delete what was undone", lambda: _delete(telegram, origin.key.chat, ids))


async def refuse(_: Message, say: Responder) -> None:
    """Tell a member whose answer that is."""
    say("only-asker")


async def _last_asker(origin: EventContext, turns: TurnService, conversations: ConversationRepository) -> int | None:
    current = await turns.current(origin.key)
    if current is not None:
        return current.asker
    newest = await conversations.newest(origin.key)
    return await conversations.author(newest) if newest is not None else None


async def _delete(telegram: Telegram, chat: int, ids: Iterable[int]) -> None:
    """One by one: in groups a person's own message often cannot be deleted, and must not keep the others there."""
    for message_id in ids:
        try:
            await telegram.delete(chat, [message_id])
        except TelegramProblem:
            continue
