"""`/usage`: how many tokens somebody has used, and for admins where they all went."""

from __future__ import annotations

from aiogram.types import Message

from bot.conversation.usage import Spent, UsageColumn, UsageSum
from bot.people.limits.token_budgets import PersonalUsage, TokenBudgets
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
    lines = [_own(one, budgets.currency, say) for one in await budgets.of_person(speaker.id)]
    if speaker.admin and speaker.private:
        for by in _TABLES:
            sums = await budgets.sums(speaker, by)
            if sums:
                lines += ["", say.text("usage-table", by=by), *(_line(one, say) for one in sums)]
    say.say_text("\n".join(lines))


def _own(one: PersonalUsage, currency: str, say: Responder) -> str:
    """Tokens of a person in a day or month, their costs where models have prices, and what is left of each."""
    parts = [say.text("usage-own", period=one.period, count=one.spent.tokens, tokens=_tokens(one.spent, say))]
    if one.tokens_left is not None:
        parts.append(say.text("usage-left", tokens=say.grouped(one.tokens_left)))
    if currency and (one.spent.cost or one.cost_left is not None):
        parts.append(say.text("usage-cost", cost=say.decimal(one.spent.cost, 4), currency=currency))
    if one.cost_left is not None:
        parts.append(say.text("usage-cost-left", cost=say.decimal(one.cost_left, 4), currency=currency))
    return " ".join(parts)


def _tokens(one: Spent | UsageSum, say: Responder) -> str:
    """A number of tokens; ≈ marks one that is partly estimated."""
    return ("≈ " if one.estimated else "") + say.grouped(one.tokens)


def _line(one: UsageSum, say: Responder) -> str:
    """A person's, chat's or model's sums in a line."""
    line = say.text(
        "usage-line",
        subject=say.text("usage-forgotten") if one.subject == "0" else one.subject,
        answers=one.answers,
        count=one.tokens,
        tokens=_tokens(one, say),
    )
    if one.cost is not None:
        line = f"{line}, {say.decimal(one.cost, 4)} {one.currency}"
    return f"{line}{say.text('usage-cut', count=one.cut)}" if one.cut else line
