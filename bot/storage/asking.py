"""What queues a turn: a question, or a button under an answer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Question, Role, TurnKind, TurnState
from bot.conversation.tree import put_together
from bot.errors import AnswerGone, TooManyWaiting
from bot.storage.conversations import row_at
from bot.storage.queue import Queue, conversations_of
from bot.storage.rows import AnyRow, storable
from bot.storage.store import Store
from bot.storage.tables import conversations, messages, turns
from bot.storage.turns import WAITING

PATIENCE = 0.8
"""Seconds that a question waits for the rest of a paste that the app split."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question."""

    turn: int
    chat: int
    joined: bool = False
    """It went into a turn that was there already: the rest of a paste, the same press twice."""


class Asking:
    """Accepts what people want. Every method joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue = Queue(store)

    async def accept(self, question: Question, *, dedup: str, limit: int) -> Asked:
        """Queue a question. The same `dedup` acts once. Raises TooManyWaiting."""
        async with self._store.transaction() as connection:
            conversation = await self._queue.enter(connection, question.key)
            known, last = await self._look(connection, conversation, dedup)
            if known is not None:
                return Asked(known, question.key.chat, joined=True)
            if last is not None:
                if await self._join(connection, last, question):
                    return Asked(last.id, question.key.chat, joined=True)
                await self._refuse_crowds(connection, question.key, limit)
            message = await self._queue.new_question(connection, conversation, question)
            turn = await self._queue.put(
                connection,
                question.key,
                conversation=conversation,
                dedup=dedup,
                question=message,
                reply_to=None if question.private else question.message_id,
                hangs_from=question.reply_to,
                asker=question.author.id,
                language=question.language,
            )
            if question.may_continue:
                await connection.execute(update(turns).where(turns.c.id == turn).values(not_before=self._until()))
        return Asked(turn, question.key.chat)

    async def again(self, answer: int, *, by: int, language: str) -> Asked:
        """Another answer to the same question: in place for the last one, below for an older. Raises AnswerGone."""
        async with self._store.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._queue.newest_turn_of(connection, row.parent)
            if busy is not None and busy.kind != TurnKind.SHOW and not _ends_with(busy, answer):
                return Asked(busy.id, key.chat, joined=True)
            in_place = await self._queue.is_last(connection, row.conversation, row.parent)
            turn = await self._queue.put(
                connection,
                key,
                conversation=row.conversation,
                question=row.parent,
                screen=row.screen if in_place else None,
                reply_to=await self._queue.attached_to(connection, row.parent, key, below=not in_place),
                asker=by,
                language=language,
            )
        return Asked(turn, key.chat)

    async def go_on(self, answer: int, *, by: int, language: str) -> Asked:
        """Let a cut answer go on, in its messages. Raises AnswerGone."""
        async with self._store.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._queue.newest_turn_of(connection, row.parent)
            cut = row.ending in {Ending.LENGTH, Ending.BROKEN}
            if busy is not None and not (cut and _ends_with(busy, answer)):
                return Asked(busy.id, key.chat, joined=True)
            return await self._on_screen(connection, row, key, TurnKind.GO_ON, by=by, language=language)

    async def show(self, answer: int, *, by: int, language: str) -> Asked:
        """Put this version of an answer on the screen; it counts from then on. Raises AnswerGone."""
        async with self._store.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._queue.newest_turn_of(connection, row.parent)
            if busy is not None and busy.kind == TurnKind.SHOW and busy.state == TurnState.ASKED:
                await connection.execute(update(turns).where(turns.c.id == busy.id).values(answer=answer))
                return Asked(busy.id, key.chat, joined=True)
            if busy is not None and (busy.state != TurnState.SHOWING or busy.answer == answer):
                return Asked(busy.id, key.chat, joined=True)
            return await self._on_screen(connection, row, key, TurnKind.SHOW, by=by, language=language)

    async def _look(
        self, connection: AsyncConnection, conversation: int, dedup: str
    ) -> tuple[int | None, AnyRow | None]:
        """The turn of this very update, and the newest one of the conversation that is not finished."""
        here = and_(turns.c.conversation == conversation, turns.c.open)
        found = select(turns).where(or_(turns.c.dedup == dedup, here)).order_by(turns.c.id.desc())
        rows = (await connection.execute(found)).all()
        known = next((row.id for row in rows if row.dedup == dedup), None)
        return known, rows[0] if rows else None

    async def _join(self, connection: AsyncConnection, last: AnyRow, question: Question) -> bool:
        """Append the rest of a paste to the question that waits for it."""
        if last.not_before is None or last.asker != question.author.id:
            return False
        wait = self._until() if question.may_continue else None
        unbegun = turns.c.id == last.id, WAITING, turns.c.state == TurnState.ASKED, turns.c.attempt == 0
        still = update(turns).where(*unbegun, turns.c.not_before > self._store.now())
        if (await connection.execute(still.values(not_before=wait))).rowcount != 1:
            return False
        if await row_at(connection, question.key.bot, question.key.chat, question.message_id) is None:
            first = await connection.scalar(select(messages.c.text).where(messages.c.id == last.question))
            whole = put_together(first or "", storable(question.text))
            await connection.execute(update(messages).where(messages.c.id == last.question).values(text=whole))
            await self._queue.show_question(connection, question, last.question)
        return True

    def _until(self) -> ColumnElement[float]:
        return self._store.now() + PATIENCE

    async def _refuse_crowds(self, connection: AsyncConnection, key: ChatKey, limit: int) -> None:
        """Count the questions of a chat that wait behind another one of their conversation."""
        earlier = turns.alias("earlier")
        behind = exists().where(
            earlier.c.conversation == turns.c.conversation, earlier.c.open, earlier.c.id < turns.c.id
        )
        here = turns.c.conversation.in_(conversations_of(key.bot, key.chat))
        waiting = select(func.count()).select_from(turns).where(WAITING, here, behind)
        if (await connection.scalar(waiting) or 0) >= limit:
            raise TooManyWaiting(limit=limit)

    async def _answer(self, connection: AsyncConnection, answer: int) -> tuple[AnyRow, ChatKey]:
        """An answer that is still in its tree, and its conversation, entered. Raises AnswerGone."""
        this = select(messages, conversations.c.bot, conversations.c.chat, conversations.c.topic).join(conversations)
        asked = messages.c.role == Role.ASSISTANT, messages.c.parent.is_not(None)
        row = (await connection.execute(this.where(messages.c.id == answer, *asked))).one_or_none()
        if row is None:
            raise AnswerGone
        await self._store.one_at_a_time(connection, f"conversation {row.conversation}")
        return row, ChatKey(row.bot, row.chat, row.topic)

    async def _on_screen(
        self, connection: AsyncConnection, row: AnyRow, key: ChatKey, kind: TurnKind, *, by: int, language: str
    ) -> Asked:
        """Queue what happens to the answer of this row, in its messages."""
        turn = await self._queue.put(
            connection,
            key,
            kind=kind,
            conversation=row.conversation,
            question=row.parent,
            answer=row.id,
            screen=row.screen,
            reply_to=await self._queue.attached_to(connection, row.parent, key, below=False),
            asker=by,
            language=language,
        )
        return Asked(turn, key.chat)


def _ends_with(busy: AnyRow, answer: int) -> bool:
    """Whether a turn is at its last edit, so that the buttons of this answer are there to be pressed already."""
    return bool(busy.answer == answer and (busy.kind == TurnKind.SHOW or busy.state == TurnState.SHOWING))
