"""The trees of messages, and which Telegram messages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Message, Role, Shown
from bot.conversation.tree import newest_point
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, message_of
from bot.storage.repositories.usage import keep_times
from bot.storage.schema import chats, conversations, messages, people, preferences, shown, turns

MAX_PATH = 2000
"""Messages that are read of one conversation at the most; no generator takes more."""


class ConversationRepository:
    """The trees of messages. Every method joins the transaction that is open, if one is. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def path(self, message: int, limit: int = MAX_PATH) -> list[Message]:
        """The newest `limit` messages from the beginning to this one, this one included, oldest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(_PATH, {"message": message, "limit": limit})
            return [message_of(row) for row in rows]

    async def message(self, message: int) -> Message | None:
        """One message of a tree. None: it does not exist (any more)."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(messages).where(messages.c.id == message))).one_or_none()
        return None if row is None else message_of(row)

    async def key(self, message: int) -> ChatKey | None:
        """The conversation that a message belongs to."""
        owner = select(conversations.c.bot, conversations.c.chat, conversations.c.topic)
        async with self._database.reading() as connection:
            found = await connection.execute(owner.join(messages).where(messages.c.id == message))
            row = found.one_or_none()
        return None if row is None else ChatKey(row.bot, row.chat, row.topic)

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
            return await versions_of(
                connection, answer, messages.c.ending.not_in([ending for ending in Ending if ending.is_empty])
            )

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

    async def undo(self, key: ChatKey) -> list[int] | None:
        """Take the last question and its answers out. Gives the Telegram messages to delete. None: there is none."""
        async with self._database.transaction() as connection:
            found = await find(connection, key)
            newest = None if found is None else await point(connection, found)
            if newest is None:
                return None
            return await take_out(connection, newest)

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
            await connection.execute(update(chats).where(chats.c.bot == bot, chats.c.id == chat).values(title=""))
            empty = {"name": "", "username": "", "language": ""}
            await connection.execute(update(people).where(people.c.bot == bot, people.c.id == chat).values(empty))
            for channel in ("preferences", "people"):
                await self._database.notify(channel, f"{bot} {chat}")
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


def _point() -> Select[Any]:
    newest, question = messages.alias("newest"), messages.alias("question")
    its_question = case((newest.c.role == Role.USER.value, newest.c.id), else_=newest.c.parent)
    return (
        select(conversations.c.newest, conversations.c.anew_after, func.coalesce(question.c.asked, question.c.id))
        .outerjoin(newest, newest.c.id == conversations.c.newest)
        .outerjoin(question, question.c.id == its_question)
        .where(conversations.c.id == bindparam("conversation"))
    )


_PATH, _POINT = _path(), _point()


async def find(connection: AsyncConnection, key: ChatKey) -> int | None:
    """The id of a conversation, if it has one."""
    here = select(conversations.c.id).where(
        conversations.c.bot == key.bot, conversations.c.chat == key.chat, conversations.c.topic == key.topic
    )
    found: int | None = await connection.scalar(here)
    return found


async def ensure(database: Database, connection: AsyncConnection, key: ChatKey) -> int:
    """The id of a conversation, made if need be."""
    found = await find(connection, key)
    if found is None:
        row = {"bot": key.bot, "chat": key.chat, "topic": key.topic}
        new = database.insert(conversations).values(row).on_conflict_do_nothing().returning(conversations.c.id)
        found = await connection.scalar(new) or await find(connection, key)
    if found is None:
        raise RuntimeError("a conversation that was just made is not there")
    return found


async def point(connection: AsyncConnection, conversation: int, asking: int | None = None) -> int | None:
    """The message that a plain question goes on from; `asking` is that question, where it is stored already."""
    at, anew_after, asked = (await connection.execute(_POINT, {"conversation": conversation})).one()
    return newest_point(at, asked, anew_after, asking)


async def row_at(connection: AsyncConnection, bot: int, chat: int, message_id: int) -> AnyRow | None:
    """The row of `messages` that a Telegram message shows."""
    here = (shown.c.bot == bot) & (shown.c.chat == chat) & (shown.c.message_id == message_id)
    return (await connection.execute(select(messages).join(shown).where(here))).one_or_none()


async def versions_of(connection: AsyncConnection, answer: int, *which: ColumnElement[bool]) -> list[int]:
    """The answers to the same question that share the same Telegram messages, oldest first."""
    this = messages.alias("this")
    same = (messages.c.parent == this.c.parent) & (messages.c.screen == this.c.screen)
    found = select(messages.c.id).join(this, same).where(this.c.id == answer, *which).order_by(messages.c.id)
    return list((await connection.scalars(found)).all())


async def choose(connection: AsyncConnection, answer: int) -> None:
    """See `ConversationRepository.choose`. What was asked on from another version hangs from this one afterwards."""
    others = [one for one in await versions_of(connection, answer) if one != answer]
    screen = select(messages.c.screen).where(messages.c.id == answer).scalar_subquery()
    sharing = select(messages.c.id).where(messages.c.screen == screen)
    await connection.execute(update(shown).where(shown.c.message.in_(sharing)).values(message=answer))
    await connection.execute(update(messages).where(messages.c.parent.in_(others)).values(parent=answer))
    await connection.execute(update(conversations).where(conversations.c.newest.in_(others)).values(newest=answer))


async def screen_of(connection: AsyncConnection, message: int) -> list[Shown]:
    """The Telegram messages that show a message, or another version of it."""
    screen = select(messages.c.screen).where(messages.c.id == message).scalar_subquery()
    return await _shown_by(connection, or_(messages.c.id == message, messages.c.screen == screen))


async def on_screen(connection: AsyncConnection, screen: int) -> list[Shown]:
    """The Telegram messages that versions of an answer share."""
    return await _shown_by(connection, messages.c.screen == screen)


async def _shown_by(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Shown]:
    those = select(messages.c.id).where(which)
    in_order = select(shown).where(shown.c.message.in_(those)).order_by(shown.c.position, shown.c.message_id)
    rows = await connection.execute(in_order)
    return [Shown(row.message_id, row.part, row.sealed) for row in rows]


async def set_screen(
    database: Database, connection: AsyncConnection, key: ChatKey, message: int, now_shown: Iterable[Shown]
) -> None:
    """Remember that these Telegram messages, and no others, show this message."""
    screen = select(messages.c.screen).where(messages.c.id == message).scalar_subquery()
    sharing = select(messages.c.id).where(or_(messages.c.id == message, messages.c.screen == screen))
    await connection.execute(delete(shown).where(shown.c.message.in_(sharing)))
    rows = [
        {
            "bot": key.bot,
            "chat": key.chat,
            "message_id": one.message_id,
            "message": message,
            "position": position,
            "part": one.part,
            "sealed": one.sealed,
        }
        for position, one in enumerate(now_shown)
        if one.message_id is not None
    ]
    await put_shown(database, connection, rows)


async def put_shown(database: Database, connection: AsyncConnection, rows: Sequence[dict[str, object]]) -> None:
    """Store rows of `shown`; a Telegram message shows one thing at a time, the latest."""
    if not rows:
        return
    new = database.insert(shown)
    changed = {name: new.excluded[name] for name in ("message", "position", "part", "sealed")}
    keys = [shown.c.bot, shown.c.chat, shown.c.message_id]
    await connection.execute(new.on_conflict_do_update(index_elements=keys, set_=changed), rows)


async def answers_of(connection: AsyncConnection, question: int) -> list[int]:
    """All answers to a question, whichever count, oldest first."""
    mine = select(messages.c.id).where(messages.c.parent == question, messages.c.role == Role.ASSISTANT)
    return list((await connection.scalars(mine.order_by(messages.c.id))).all())


async def take_out(connection: AsyncConnection, message: int) -> list[int]:
    """Take a question and its answers out of the tree, or of an answer below another one only itself.

    Gives the Telegram messages that showed them. What else was asked on from them hangs from the message before them
    afterwards, and the newest point is the newest message that is left on the screen.
    """
    row = (await connection.execute(select(messages).where(messages.c.id == message))).one()
    question = message if row.role == Role.USER or row.parent is None else row.parent
    gone = [question, *await answers_of(connection, question)]
    before = await connection.scalar(select(messages.c.parent).where(messages.c.id == question))
    own = await versions_of(connection, message) if message != question else []
    visible = select(shown.c.message_id, shown.c.message).where(shown.c.message.in_(gone)).order_by(shown.c.message_id)
    seen = (await connection.execute(visible)).all()
    if own and any(one.message not in {question, *own} for one in seen):
        gone, before = own, question
    elsewhere = messages.c.parent.in_(gone) & messages.c.id.not_in(gone)
    await connection.execute(update(messages).where(elsewhere).values(parent=before))
    left = (
        select(func.max(messages.c.id))
        .join(shown)
        .where(messages.c.conversation == row.conversation, messages.c.placed, messages.c.id.not_in(gone))
    )
    newest = func.coalesce(left.scalar_subquery(), before)
    await connection.execute(update(conversations).where(conversations.c.newest.in_(gone)).values(newest=newest))
    await keep_times(connection, turns.c.question.in_(gone))
    await connection.execute(delete(messages).where(messages.c.id.in_(gone)))
    return [one.message_id for one in seen if one.message in gone]
