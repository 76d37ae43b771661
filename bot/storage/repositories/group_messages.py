"""The newest messages of groups that let the bot read along, apart from conversations."""

from __future__ import annotations

from sqlalchemy import Double, Integer, bindparam, delete, func, select, update

from bot.conversation.group_context import GroupMessage
from bot.conversation.messages import ChatKey
from bot.storage.database import Database
from bot.storage.mappers import storable
from bot.storage.schema import group_messages

_HERE = (
    (group_messages.c.bot == bindparam("of"))
    & (group_messages.c.chat == bindparam("here"))
    & (group_messages.c.topic == bindparam("in_topic"))
)


class GroupMessageRepository:
    """A ring of the newest messages for each topic: a new one takes the place of the oldest.

    Nothing here waits for the disk: what a power failure may undo is missed by nobody. Raises StorageUnavailable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        c = group_messages.c
        number = select(func.coalesce(func.max(c.number), 0) + 1).where(_HERE).scalar_subquery()
        row = {
            "bot": bindparam("of"),
            "chat": bindparam("here"),
            "topic": bindparam("in_topic"),
            "message_id": bindparam("its_id"),
            "author": bindparam("said_by"),
            "text": bindparam("words"),
            "at": bindparam("said_at", type_=Double),
            "number": number,
            "slot": number % bindparam("size", type_=Integer),
        }
        new = database.insert(group_messages).values(row)
        changed = {name: new.excluded[name] for name in ("number", "message_id", "author", "text", "at")}
        self._add = new.on_conflict_do_update(index_elements=[c.bot, c.chat, c.topic, c.slot], set_=changed)

    async def add(self, key: ChatKey, message_id: int, message: GroupMessage, *, at: float, size: int) -> None:
        """Keep a message that was written at a Unix time, as one of `size`; one statement."""
        row = {
            **_place_of(key),
            "its_id": message_id,
            "said_by": storable(message.author),
            "words": storable(message.text),
            "said_at": at,
            "size": size,
        }
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(self._add, row)

    async def amend(self, key: ChatKey, message_id: int, text: str) -> None:
        """Change the words of a message, if it is kept."""
        c = group_messages.c
        this = (c.bot == key.bot) & (c.chat == key.chat) & (c.topic == key.topic) & (c.message_id == message_id)
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(update(group_messages).where(this).values(text=storable(text)))

    async def newest(self, key: ChatKey, *, since: float, until: float, limit: int) -> list[GroupMessage]:
        """The newest messages between two Unix times, oldest first, each once."""
        c = group_messages.c
        recent = (
            select(group_messages).where(_HERE, c.at >= since, c.at <= until).order_by(c.number.desc()).limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(recent, _place_of(key))).all()
        each = {row.message_id: GroupMessage(row.author, row.text) for row in reversed(rows)}
        return list(each.values())

    async def forget(self, bot: int, chat: int) -> None:
        """Forget everything that was read along in a chat."""
        here = (group_messages.c.bot == bot) & (group_messages.c.chat == chat)
        async with self._database.transaction() as connection:
            await connection.execute(delete(group_messages).where(here))
            self._database.erase_traces()

    async def prune(self, before: float) -> None:
        """Forget what was written before a Unix time."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(group_messages).where(group_messages.c.at < before))


def _place_of(key: ChatKey) -> dict[str, object]:
    """Parameters of `_HERE`."""
    return {"of": key.bot, "here": key.chat, "in_topic": key.topic}
