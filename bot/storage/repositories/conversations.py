"""The trees of messages, and which Telegram messages show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from bot.conversation.messages import ChatKey, Message, Role
from bot.storage.database import Database
from bot.storage.mappers import key_of, message_of
from bot.storage.message_tree import (
    ADDRESS,
    EMPTY_ENDINGS,
    choose,
    ensure,
    find,
    point,
    row_at,
    take_out,
    versions_of,
)
from bot.storage.prepared import PreparedStatement
from bot.storage.repositories.question_times import keep_times
from bot.storage.repositories.screens import screen_of
from bot.storage.repositories.token_usage import unlink_chat
from bot.storage.schema import (
    chats,
    conversations,
    group_messages,
    messages,
    outbox,
    people,
    preferences,
    shown,
    troubles,
    turns,
)

MAX_PATH = 2000
"""Messages that are read of one conversation at the most; no generator takes more."""
MAX_NEWEST = 50
"""Questions of somebody that are looked through for the one that is meant."""


class ConversationRepository:
    """The trees of messages. Every method joins the transaction that is open, if one is. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def path(self, message: int, limit: int = MAX_PATH) -> list[Message]:
        """The newest `limit` messages from the beginning to this one, this one included, oldest first."""
        async with self._database.reading() as connection:
            rows = await _PATH.rows(connection, {"message": message, "limit": limit})
        return [message_of(row) for row in rows]

    async def message(self, message: int) -> Message | None:
        """One message of a tree. None: it does not exist (any more)."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(messages).where(messages.c.id == message))).one_or_none()
        return None if row is None else message_of(row)

    async def key(self, message: int) -> ChatKey | None:
        """The conversation that a message belongs to."""
        owner: Select[Any] = select(*ADDRESS).join(messages).where(messages.c.id == message)
        async with self._database.reading() as connection:
            row = (await connection.execute(owner)).one_or_none()
        return None if row is None else key_of(row)

    async def key_at(self, key: ChatKey, message_id: int) -> ChatKey | None:
        """The conversation that a Telegram message of this chat belongs to, whoever's it is."""
        owner: Select[Any] = select(*ADDRESS).select_from(shown.join(messages).join(conversations))
        here = shown.c.bot == key.bot, shown.c.chat == key.chat, shown.c.message_id == message_id
        async with self._database.reading() as connection:
            row = (await connection.execute(owner.where(*here))).one_or_none()
        return None if row is None else key_of(row)

    async def newest(self, key: ChatKey) -> int | None:
        """The message that the next plain question goes on from. None: it begins anew."""
        async with self._database.reading() as connection:
            found = await find(connection, key)
            return None if found is None else await point(connection, found)

    async def at(self, key: ChatKey, message_id: int) -> Message | None:
        """Find the message that a Telegram message of this chat shows, in any topic; a question that waits, too."""
        async with self._database.reading() as connection:
            row = await row_at(connection, key.bot, key.chat, message_id)
        return None if row is None else message_of(row)

    async def newest_of(self, key: ChatKey, author: int, limit: int = MAX_NEWEST) -> list[Message]:
        """The newest questions that somebody asked in a conversation, the newest first."""
        asked = select(messages).where(messages.c.author_id == author, messages.c.role == Role.USER)
        async with self._database.reading() as connection:
            found = await find(connection, key)
            newest = asked.where(messages.c.conversation == found).order_by(messages.c.id.desc()).limit(limit)
            return [message_of(row) for row in await connection.execute(newest)]

    async def start_over(self, key: ChatKey) -> None:
        """The next plain message begins anew; old ones can still be replied to."""
        async with self._database.transaction() as connection:
            found = await ensure(self._database, connection, key)
            await self._database.advisory_xact_lock(connection, f"conversation {found}")
            last = select(func.coalesce(func.max(messages.c.id), 0)).where(messages.c.conversation == found)
            await connection.execute(
                update(conversations).where(conversations.c.id == found).values(anew_after=last.scalar_subquery())
            )

    async def versions(self, answer: int) -> list[int]:
        """The answers to the same question that share the same Telegram messages, oldest first.

        Those of which nothing was written are left out: there is nothing to see.
        """
        async with self._database.reading() as connection:
            return await versions_of(connection, answer, written=True)

    async def writers(self, answers: Sequence[int]) -> dict[int, str]:
        """Give the name of the model that wrote each of these answers; empty where it is not known."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(messages.c.id, messages.c.model).where(messages.c.id.in_(answers)))
            return {row.id: row.model or "" for row in rows}

    async def other_answers(self, answers: Collection[int]) -> dict[int, list[Message]]:
        """Give what else was written to the questions of these answers, by answer, oldest first."""
        this = messages.alias("this")
        same = (messages.c.parent == this.c.parent) & (messages.c.id != this.c.id)
        written = messages.c.role == Role.ASSISTANT, messages.c.ending.not_in(EMPTY_ENDINGS)
        query = select(messages, this.c.id.label("of")).join(this, same).where(this.c.id.in_(answers), *written)
        found: dict[int, list[Message]] = {}
        async with self._database.reading() as connection:
            for row in await connection.execute(query.order_by(messages.c.id)):
                found.setdefault(row.of, []).append(message_of(row))
        return found

    async def choose(self, answer: int) -> None:
        """Make this version of an answer the one that is shown and that counts."""
        async with self._database.transaction() as connection:
            await choose(connection, answer)

    async def author(self, message: int) -> int | None:
        """Give whoever asked this question, or the one that this answers."""
        question = messages.alias("question")
        both = select(messages.c.author_id, question.c.author_id.label("asker")).outerjoin(
            question, messages.c.parent == question.c.id
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(both.where(messages.c.id == message))).one_or_none()
        if row is None:
            return None
        asker: int | None = row.author_id if row.author_id is not None else row.asker
        return asker

    async def shown(self, message: int) -> list[int]:
        """The Telegram messages of a question or an answer, in order; of any version the ones that versions share."""
        async with self._database.reading() as connection:
            return [one.message_id for one in await screen_of(connection, message) if one.message_id is not None]

    async def take_out(self, message: int) -> list[int] | None:
        """Take a question and its answers out. Gives the Telegram messages to delete. None: it is not there."""
        async with self._database.transaction() as connection:
            if await connection.scalar(select(messages.c.id).where(messages.c.id == message)) is None:
                return None
            return await take_out(connection, message)

    async def history(self, key: ChatKey) -> list[Message]:
        """The conversation in force: from its beginning to its newest point."""
        newest = await self.newest(key)
        return [] if newest is None else await self.path(newest)

    async def forget(self, bot: int, chat: int) -> None:
        """Erase everything about a chat but what admins decided about it, and what limits still have to count.

        `TurnService.forget` also stops what runs.
        """
        here = (conversations.c.bot == bot) & (conversations.c.chat == chat)
        async with self._database.transaction() as connection:
            await keep_times(connection, here)
            await connection.execute(delete(conversations).where(here))
            await connection.execute(delete(shown).where(shown.c.bot == bot, shown.c.chat == chat))
            await connection.execute(delete(preferences).where(preferences.c.bot == bot, preferences.c.chat == chat))
            await connection.execute(
                delete(group_messages).where(group_messages.c.bot == bot, group_messages.c.chat == chat)
            )
            await connection.execute(delete(troubles).where(troubles.c.bot == bot, troubles.c.chat == chat))
            await connection.execute(delete(outbox).where(outbox.c.bot == bot, outbox.c.chat == chat))
            await unlink_chat(connection, bot, chat)
            await connection.execute(update(chats).where(chats.c.bot == bot, chats.c.id == chat).values(title=""))
            empty = {"name": "", "username": "", "language": ""}
            await connection.execute(update(people).where(people.c.bot == bot, people.c.id == chat).values(empty))
            for channel in ("preferences", "people"):
                await self._database.notify(channel, f"{bot} {chat}")
            self._database.erase_traces()

    async def forget_person(self, bot: int, chat: int, person: int) -> None:
        """Erase a person's own conversations in a group, but not what limits still have to count."""
        own = (conversations.c.bot == bot) & (conversations.c.chat == chat) & (conversations.c.person == person)
        async with self._database.transaction() as connection:
            await keep_times(connection, own)
            await connection.execute(delete(conversations).where(own))
            self._database.erase_traces()

    async def prune(self, before: float) -> None:
        """Delete what was said before a Unix time, but not what a turn still works on."""
        in_use = exists().where(turns.c.open, or_(turns.c.question == messages.c.id, turns.c.answer == messages.c.id))
        async with self._database.transaction() as connection:
            await connection.execute(delete(messages).where(messages.c.at < before, ~in_use))


def _path() -> Select[Any]:
    first = select(messages, literal(1).label("step")).where(messages.c.id == bindparam("message"))
    start = first.cte("path", recursive=True)
    further = select(messages, start.c.step + 1).join(start, messages.c.id == start.c.parent)
    path = start.union_all(further.where(start.c.step < bindparam("limit", type_=Integer)))
    return select(path).order_by(path.c.step.desc())


_PATH = PreparedStatement(_path())
