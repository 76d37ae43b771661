"""The tree of a conversation's messages, as functions within an open transaction."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Role
from bot.conversation.tree import newest_point
from bot.storage.database import Database
from bot.storage.mappers import AnyRow
from bot.storage.repositories.question_times import keep_times
from bot.storage.schema import conversations, messages, shown, turns


def _points() -> Select[Any]:
    newest, question = messages.alias("newest"), messages.alias("question")
    its_question = case((newest.c.role == Role.USER.value, newest.c.id), else_=newest.c.parent)
    asked = func.coalesce(question.c.asked, question.c.id).label("asked")
    return (
        select(conversations.c.newest, conversations.c.anew_after, asked)
        .select_from(conversations)
        .outerjoin(newest, newest.c.id == conversations.c.newest)
        .outerjoin(question, question.c.id == its_question)
    )


POINTS = _points()
"""The newest point of conversations, beside what `newest_point` needs."""
_POINT = POINTS.where(conversations.c.id == bindparam("conversation"))
IS_CONVERSATION = and_(
    conversations.c.bot == bindparam("bot"),
    conversations.c.chat == bindparam("chat"),
    conversations.c.topic == bindparam("topic"),
    conversations.c.person == bindparam("person"),
)
ADDRESS = (conversations.c.bot, conversations.c.chat, conversations.c.topic, conversations.c.person)
"""The columns that `key_of` reads."""
_FIND = select(conversations.c.id).where(IS_CONVERSATION)
_ROW_AT = (
    select(messages)
    .join(shown)
    .where(
        shown.c.bot == bindparam("bot"),
        shown.c.chat == bindparam("chat"),
        shown.c.message_id == bindparam("message_id"),
    )
)


def _versions() -> Select[Any]:
    this = messages.alias("this")
    same = (messages.c.parent == this.c.parent) & (messages.c.screen == this.c.screen)
    return select(messages.c.id).join(this, same).where(this.c.id == bindparam("answer")).order_by(messages.c.id)


_VERSIONS = _versions()
EMPTY_ENDINGS = [ending.value for ending in Ending if ending.is_empty]
"""Endings of answers of which nothing was written."""
_WRITTEN_VERSIONS = _VERSIONS.where(messages.c.ending.not_in(EMPTY_ENDINGS))


async def find(connection: AsyncConnection, key: ChatKey) -> int | None:
    """The id of a conversation, if it has one."""
    found: int | None = await connection.scalar(_FIND, asdict(key))
    return found


async def ensure(database: Database, connection: AsyncConnection, key: ChatKey) -> int:
    """The id of a conversation, made if need be."""
    found = await find(connection, key)
    if found is None:
        new = database.insert(conversations).values(asdict(key)).on_conflict_do_nothing().returning(conversations.c.id)
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
    here = {"bot": bot, "chat": chat, "message_id": message_id}
    return (await connection.execute(_ROW_AT, here)).one_or_none()


async def versions_of(connection: AsyncConnection, answer: int, *, written: bool = False) -> list[int]:
    """The answers to the same question that share the same Telegram messages, oldest first.

    `written`: without those of which nothing was written.
    """
    found = _WRITTEN_VERSIONS if written else _VERSIONS
    return list((await connection.scalars(found, {"answer": answer})).all())


async def choose(connection: AsyncConnection, answer: int) -> None:
    """See `ConversationRepository.choose`. What was asked on from another version hangs from this one afterwards."""
    others = [one for one in await versions_of(connection, answer) if one != answer]
    screen = select(messages.c.screen).where(messages.c.id == answer).scalar_subquery()
    sharing = select(messages.c.id).where(messages.c.screen == screen)
    await connection.execute(update(shown).where(shown.c.message.in_(sharing)).values(message=answer))
    await connection.execute(update(messages).where(messages.c.parent.in_(others)).values(parent=answer))
    await connection.execute(update(conversations).where(conversations.c.newest.in_(others)).values(newest=answer))


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
