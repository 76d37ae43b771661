"""The little that is read and written in a database with a newer schema: tables of old, each column named."""

from __future__ import annotations

import time
from collections.abc import Collection

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.schema import alerts, people


async def admins_to_tell(
    connection: AsyncConnection, kind: str, *, bot: int, named: Collection[int]
) -> list[tuple[int, str]]:
    """Every admin with the language of their app, those that the environment names included; none once it is noted."""
    known = select(alerts.c.since).where(alerts.c.bot == bot, alerts.c.kind == kind, alerts.c.subject == "")
    if (await connection.execute(known)).first() is not None:
        return []
    wanted = select(people.c.id, people.c.language).where(
        people.c.bot == bot, people.c.admin | people.c.id.in_(list(named))
    )
    languages = {row.id: row.language for row in await connection.execute(wanted)}
    return sorted((dict.fromkeys(named, "") | languages).items())


async def note_told(connection: AsyncConnection, kind: str, *, bot: int) -> None:
    """Note that admins were told, as `AlertRepository` does."""
    await connection.execute(insert(alerts).values(bot=bot, kind=kind, subject="", since=time.time()))
