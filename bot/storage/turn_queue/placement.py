"""Chooses the parent message of a question when its turn begins, and hangs its answer below it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Role, TurnKind
from bot.storage.mappers import AnyRow
from bot.storage.message_tree import choose, point, row_at
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import conversations, messages

_NEW_MESSAGE = PreparedStatement(messages.insert().returning(messages.c.id))
_OWN_SCREEN = PreparedStatement(
    update(messages).where(messages.c.id == bindparam("answer")).values(screen=bindparam("answer"))
)
_MOVE_ON = PreparedStatement(
    update(conversations)
    .where(conversations.c.id == bindparam("this"), conversations.c.newest == bindparam("reached"))
    .values(newest=bindparam("answer"))
)


async def begin(connection: AsyncConnection, row: AnyRow) -> None:
    """The turn begins: now it is decided where its question hangs, or which version counts.

    `row` is the turn's, beside whether its question is `placed` already.
    """
    if row.kind == TurnKind.SHOW:
        if not row.note:  # else it is only marked: it does not count again
            await choose(connection, row.answer)
        return
    if row.kind == TurnKind.GO_ON:
        return
    if not row.placed:
        key = ChatKey(row.bot, row.chat)
        parent = await parent_of(connection, key, row.conversation, hangs_from=row.hangs_from, asking=row.question)
        placed = {"parent": parent, "placed": True}
        await connection.execute(update(messages).where(messages.c.id == row.question).values(placed))
    points: dict[str, object] = {"newest": row.question}
    if row.placed and row.screen is None:  # answered anew below: the newest point, also after /new
        old_wish = conversations.c.anew_after >= row.question
        points["anew_after"] = case((old_wish, None), else_=conversations.c.anew_after)
    here = conversations.c.id == row.conversation
    await connection.execute(update(conversations).where(here).values(points))


async def parent_of(
    connection: AsyncConnection, key: ChatKey, conversation: int, *, hangs_from: int | None, asking: int | None
) -> int | None:
    """Give the parent of a question that begins now; `asking` is that question, where it is stored already."""
    if hangs_from is not None:
        target = await row_at(connection, key.bot, key.chat, hangs_from)
        if target is not None and target.placed and target.conversation == conversation:
            parent: int = target.id
            return parent
    return await point(connection, conversation, asking)


async def hang_answer(connection: AsyncConnection, row: AnyRow, said: Mapping[str, object], now: float) -> int:
    """Hang the answer below its question; it is the newest point unless that has moved elsewhere since."""
    new = {
        "conversation": row.conversation,
        "parent": row.question,
        "placed": True,
        "screen": row.screen,
        "role": Role.ASSISTANT,
        "author": "",
        "at": now,
        **said,
    }
    (hung,) = await _NEW_MESSAGE.rows(connection, new)
    answer = int(hung.id)
    if row.screen is None:
        await _OWN_SCREEN.change(connection, {"answer": answer})
    await _MOVE_ON.change(connection, {"this": row.conversation, "reached": row.question, "answer": answer})
    return answer


async def step_back(connection: AsyncConnection, row: AnyRow) -> None:
    """The turn ends without an answer: the one that stood there before, if there was one, counts again."""
    other = select(func.max(messages.c.id)).where(messages.c.parent == row.question, messages.c.role == Role.ASSISTANT)
    before: int | None = await connection.scalar(other)
    if before is not None:
        here = (conversations.c.id == row.conversation) & (conversations.c.newest == row.question)
        await connection.execute(update(conversations).where(here).values(newest=before))
