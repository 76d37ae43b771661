"""Preferences: the values that admins and chats have set."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from bot.conversation.messages import ChatKey
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import preferences

PREFERENCE_CHANNEL = "preferences"
"""Each change is told here, in every process: the bot and the chat, with a space between them."""


def concerns(payload: str, key: ChatKey) -> bool:
    """Tell whether a change that is told like this concerns a conversation."""
    return payload in {f"{key.bot} 0", f"{key.bot} {key.chat}"}


class PreferenceRepository:
    """Values by scope: (bot, 0, 0) is the whole bot, (bot, chat, 0) a chat, else a topic. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def scopes(self, key: ChatKey) -> dict[ChatKey, dict[str, str]]:
        """Give the values of the whole bot, the chat and the topic; scopes with nothing set are absent."""
        c = preferences.c
        here = or_(
            (c.chat == 0) & (c.topic == 0),
            (c.chat == key.chat) & c.topic.in_([0, key.topic]),
        )
        found: dict[ChatKey, dict[str, str]] = {}
        async with self.database.reading() as connection:
            for row in await connection.execute(select(preferences).where(c.bot == key.bot, here)):
                found.setdefault(ChatKey(row.bot, row.chat, row.topic), {})[row.name] = row.value
        return found

    async def put(self, scope: ChatKey, name: str, value: str | None) -> bool:
        """Set a value, or with None take it away. Every process is told. False: there was none to take away."""
        c = preferences.c
        row = {"bot": scope.bot, "chat": scope.chat, "topic": scope.topic, "name": name}
        async with self.database.transaction() as connection:
            if value is None:
                mine = [c[column] == wanted for column, wanted in row.items()]
                done = (await connection.execute(delete(preferences).where(*mine))).rowcount > 0
            else:
                new = self.database.insert(preferences).values(**row, value=storable(value))
                keys = [c.bot, c.chat, c.topic, c.name]
                changed = {"value": new.excluded.value}
                await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
                done = True
            await self.database.notify(PREFERENCE_CHANNEL, f"{scope.bot} {scope.chat}")
        return done
