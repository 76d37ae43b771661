"""`/stop`, `/retry`, `/undo`: what the buttons do, by command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.answering.use_cases.last_answer import LastAnswer
from bot.errors import TelegramProblem
from bot.people.speaker import Speaker
from bot.telegram.client import Telegram
from handlers.support.bot_commands import MEMBERS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import AfterCommit, Responder


def router() -> CommandRouter:
    """Commands for the last answer."""
    return CommandRouter("answer commands", stop, retry, undo)


@declare("stop", MEMBERS, order=20, repeatable=True)
async def stop(_: Message, speaker: Speaker, last_answer: LastAnswer, say: Responder) -> None:
    """Stop the answer that is being written; what is there stays."""
    if not await last_answer.stop(speaker):
        say("nothing-to-stop")


@declare("retry", MEMBERS, order=30)
async def retry(
    message: Message, speaker: Speaker, last_answer: LastAnswer, telegram: Telegram, say: Responder
) -> None:
    """Answer the last question again; where that stands out of sight, point to it."""
    rewritten = await last_answer.retry(speaker, language=say.language)
    if rewritten is None:
        say("nothing-to-retry")
    elif rewritten and telegram.newest.stands_between(speaker.key.chat, rewritten[-1], message.message_id):
        say.to(replace(say.place, reply_to=rewritten[0]), say.language)("retry-above")


@declare("undo", MEMBERS, order=40, repeatable=True)
async def undo(
    _: Message,
    command: CommandObject,
    speaker: Speaker,
    last_answer: LastAnswer,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Take the last question and its answer out, and off the screen: one, whatever number is asked for."""
    ids = await last_answer.undo(speaker)
    if ids is None:
        say("nothing-to-undo")
        return
    say("undone-one" if command.args else "undone")
    later("delete what was undone", lambda: _delete(telegram, speaker.key.chat, ids))


async def _delete(telegram: Telegram, chat: int, ids: Iterable[int]) -> None:
    """One by one: in groups a person's own message often cannot be deleted, and must not keep the others there."""
    for message_id in ids:
        try:
            await telegram.delete(chat, [message_id])
        except TelegramProblem:
            continue
