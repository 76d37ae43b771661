"""Fairness between people who wait in one conversation: round robin, and how many of their questions may wait.

A conversation is answered one turn at a time. Each person has at most one question in a round, and rounds come one
after another: whoever asks for the first time is before somebody's second question, whoever asks again comes behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey
from bot.errors import TooManyWaiting
from bot.storage.mappers import AnyRow
from bot.storage.schema import turns
from bot.storage.turn_queue.claimable import WAITING, waits_behind
from bot.storage.turn_queue.writer import conversations_of


@dataclass(frozen=True, slots=True)
class WaitingLimits:
    """Questions that may wait behind others in one chat: of one person, and of everybody together."""

    person: int
    chat: int


def round_of_question(open_turns: Sequence[AnyRow], asker: int) -> int:
    """The round of a new question, given the open turns of its conversation: this one, or the one after the asker's."""
    present = min((row.round for row in open_turns), default=0)
    own = max((row.round for row in open_turns if row.asker == asker), default=None)
    return present if own is None else max(present, own + 1)


async def refuse_crowds(connection: AsyncConnection, key: ChatKey, asker: int, limits: WaitingLimits) -> None:
    """Count the questions of a chat that wait behind another one of their conversation. Raises TooManyWaiting."""
    other = turns.alias("other")
    own = func.count(case((turns.c.asker == asker, 1)))
    waiting = (
        select(func.count().label("all"), own.label("own"))
        .select_from(turns)
        .where(WAITING, turns.c.conversation.in_(conversations_of(key.bot, key.chat)))
        .where(exists().where(waits_behind(other)))
    )
    everybody, own_questions = (await connection.execute(waiting)).one()
    if own_questions >= limits.person:
        raise TooManyWaiting(limit=limits.person, whose="person")
    if everybody >= limits.chat:
        raise TooManyWaiting(limit=limits.chat, whose="chat")
