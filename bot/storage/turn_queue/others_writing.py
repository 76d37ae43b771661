"""Times in which other processes wrote in a chat, as the turns show them: they spent of its budget."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Double, and_, bindparam, func, or_, select

from bot.storage.database import Database, now_of
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import conversations, turns

MAX_SPELLS = 50
"""Turns of others that are looked at; fewer of them spend the largest budget."""


async def written_by_others(
    database: Database, bot: int, chat: int, *, me: str, turn: int, lately: float
) -> Sequence[tuple[float, float]]:
    """Tell from when to when other processes wrote in a chat, each in seconds ago.

    Only what ended within `lately` seconds. A turn that is not finished counts to this moment: its owner may have died
    just now. What another process wrote of a turn that is owned by `me` now counts for that `turn` alone, since whoever
    began the others has counted it then.
    """
    wanted = {"bot": bot, "chat": chat, "me": me, "turn": turn, "lately": lately}
    async with database.reading() as connection:
        rows = await _spells(shared=database.shared).rows(connection, wanted)
    return [(max(row.began, row.ended, 0.0), max(row.ended, 0.0)) for row in rows]


@cache
def _spells(*, shared: bool) -> PreparedStatement:
    now = now_of(shared=shared)
    began = now - func.coalesce(turns.c.written_from, now)
    ended = now - func.coalesce(turns.c.finished_at, now)
    mine = turns.c.id == bindparam("turn")
    before_me = and_(turns.c.former_owner != bindparam("me"), or_(turns.c.owner.is_(None), mine))
    here = select(conversations.c.id).where(
        conversations.c.bot == bindparam("bot"), conversations.c.chat == bindparam("chat")
    )
    found = (
        select(began.label("began"), ended.label("ended"))
        .where(turns.c.conversation.in_(here))
        .where(or_(turns.c.owner != bindparam("me"), before_me))
        .where(or_(turns.c.open, turns.c.finished_at > now - bindparam("lately", type_=Double)))
        .order_by(turns.c.id.desc())
        .limit(MAX_SPELLS)
    )
    return PreparedStatement(found)
