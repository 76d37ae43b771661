"""`/hold`: the chats that Telegram wants left alone, and the end of that."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.operating.holds import Hold, Holds
from bot.people.speaker import Speaker
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import Responder

_CHAT = re.compile(r"-?\d{1,16}")
_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def router() -> CommandRouter:
    """The one command about holds."""
    return CommandRouter("holds", hold)


@declare("hold", BOT_ADMINS_IN_PRIVATE, order=185)
async def hold(_: Message, command: CommandObject, speaker: Speaker, holds: Holds, say: Responder) -> None:
    """List the holds, or end the one of this chat."""
    wanted = (command.args or "").strip()
    if not wanted:
        found = await holds.all(speaker)
        if not speaker.private:
            say("hold-only-in-private")
            return
        lines = [say.text("hold-line", where=_where(one), until=_time(one.until)) for one in found]
        say.say_text("\n".join([say.text("hold-title" if found else "hold-none"), *lines]))
        return
    ended = await holds.end(speaker, int(wanted) if _CHAT.fullmatch(wanted) else 0)
    if ended is None:
        say("hold-unknown")
    else:
        say("hold-ended", where=_where(ended))


def _where(held: Hold) -> str:
    return f"{held.name} ({held.chat})" if held.name else str(held.chat)


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(min(at, _LAST), UTC):%Y-%m-%d %H:%M:%S} UTC"
