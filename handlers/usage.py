"""`/usage`: how many tokens somebody has used, and for admins where they all went."""

from __future__ import annotations

from aiogram.types import Message

from bot.conversation.usage import UsageColumn, UsageSum
from bot.people.limits.token_budgets import TokenBudgets
from bot.people.speaker import Speaker
from handlers.support.bot_commands import MEMBERS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import Responder

_TABLES: tuple[UsageColumn, ...] = ("model", "person", "chat")


def router() -> CommandRouter:
    """The one command about tokens."""
    return CommandRouter("usage", usage)


@declare("usage", MEMBERS, order=94)
async def usage(_: Message, speaker: Speaker, budgets: TokenBudgets, say: Responder) -> None:
    """Say a person's tokens, and in private to an admin those of everybody, by model, person and chat."""
    lines = [
        say.text("usage-own", period=one.period, tokens=one.tokens)
        + ("" if one.left is None else " " + say.text("usage-left", tokens=one.left))
        for one in await budgets.of_person(speaker.id)
    ]
    if speaker.admin and speaker.private:
        for by in _TABLES:
            sums = await budgets.sums(speaker, by)
            if sums:
                lines += ["", say.text("usage-table", by=by), *(_line(one, say) for one in sums)]
    say.say_text("\n".join(lines))


def _line(one: UsageSum, say: Responder) -> str:
    """A person's, chat's or model's sums in a line; ≈ marks those that are partly estimated."""
    line = say.text(
        "usage-line",
        subject=one.subject,
        answers=one.answers,
        tokens=("≈ " if one.estimated else "") + f"{one.tokens:,}".replace(",", " "),
    )
    return line if one.cost is None else f"{line}, {one.cost:.4f} {one.currency}"
