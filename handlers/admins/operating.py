"""Commands of whoever runs the bot: `/trouble`."""

from __future__ import annotations

from datetime import UTC, datetime

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.conversation.troubles import PlacedTrouble
from bot.operating.trouble_reports import TroubleReports
from bot.people.speaker import Speaker
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import Responder


def router() -> CommandRouter:
    """The commands of whoever runs the bot."""
    return CommandRouter("operating", trouble)


@declare("trouble", BOT_ADMINS_IN_PRIVATE, order=180)
async def trouble(
    _: Message, command: CommandObject, speaker: Speaker, trouble_reports: TroubleReports, say: Responder
) -> None:
    """List the newest failures, or show the one that a person read this reference of."""
    reference = (command.args or "").strip()
    if not speaker.private:
        await trouble_reports.newest(speaker)  # others than admins hear that it is not theirs
        say("trouble-only-in-private")
    elif reference:
        found = await trouble_reports.find(speaker, reference)
        if found is None:
            say("trouble-unknown", ref=reference[:20])
        else:
            say.say_text(_in_full(found, say))
    else:
        newest = await trouble_reports.newest(speaker)
        lines = [_in_a_line(one, say) for one in newest]
        say.say_text("\n\n".join([say.text("trouble-title" if newest else "trouble-none"), *lines]))


def _in_a_line(placed: PlacedTrouble, say: Responder) -> str:
    trouble = placed.trouble
    where = placed.name or str(trouble.key.chat)
    return say.text("trouble-line", ref=trouble.reference, at=_time(trouble.at), where=where, cause=_cause(placed))


def _in_full(placed: PlacedTrouble, say: Responder) -> str:
    trouble = placed.trouble
    place = [placed.name, str(trouble.key.chat), *([f"topic {trouble.key.topic}"] if trouble.key.topic else [])]
    return say.text(
        "trouble-shown",
        ref=trouble.reference,
        at=_time(trouble.at),
        where=" · ".join(part for part in place if part),
        model=trouble.model or "–",
        cause=_cause(placed),
        tries=trouble.tries,
        attempt=trouble.attempt,
        replica=trouble.replica,
        turn=trouble.turn,
    )


def _cause(placed: PlacedTrouble) -> str:
    return f"{placed.trouble.kind}: {placed.trouble.cause}"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
