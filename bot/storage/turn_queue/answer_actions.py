"""Buttons under an answer that queue a turn: again, go on, another version."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Role, TurnKind, TurnState
from bot.errors import AnswerNotFound
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, key_of
from bot.storage.message_tree import ADDRESS
from bot.storage.schema import conversations, messages, turns
from bot.storage.turn_queue.enqueue import Asked
from bot.storage.turn_queue.writer import TurnWriter


class AnswerActions:
    """Accepts presses. Every method joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = TurnWriter(database)

    async def again(self, answer: int, *, by: int, language: str, model: str | None = None) -> Asked:
        """Another answer to the same question: in place for the last one, below for an older. Raises AnswerNotFound.

        `model` is the choice of a model for it. None: the one in force when it begins.
        Where the same question was answered again below, only the messages of that last answer are rewritten.
        """
        async with self._database.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._queue.newest_turn_of(connection, row.parent)
            if busy is not None and busy.kind != TurnKind.SHOW and not _ends_with(busy, answer):
                return Asked(busy.id, key.chat, joined=True)
            latest = await self._queue.newest_answer(connection, row.parent)
            stands_last = latest is None or latest.screen == row.screen
            in_place = stands_last and await self._queue.is_last(connection, row.conversation, row.parent)
            turn = await self._queue.put(
                connection,
                key,
                conversation=row.conversation,
                question=row.parent,
                screen=row.screen if in_place else None,
                reply_to=await self._queue.attached_to(connection, row.parent, key, below=not in_place),
                asker=by,
                language=language,
                model=model,
            )
        return Asked(turn, key.chat)

    async def go_on(self, answer: int, *, by: int, language: str) -> Asked:
        """Let a cut answer go on, in its messages. Raises AnswerNotFound."""
        async with self._database.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._queue.newest_turn_of(connection, row.parent)
            cut = row.ending in {Ending.LENGTH, Ending.BROKEN}
            if busy is not None and not (cut and _ends_with(busy, answer)):
                return Asked(busy.id, key.chat, joined=True)
            return await self._on_screen(connection, row, key, TurnKind.GO_ON, by=by, language=language)

    async def show(self, answer: int, *, by: int, language: str) -> Asked:
        """Put this version of an answer on the screen; it counts from then on. Raises AnswerNotFound."""
        async with self._database.transaction() as connection:
            row, key = await self._answer(connection, answer)
            if Ending(row.ending).is_empty:
                raise AnswerNotFound  # nothing was written that could be shown
            busy = await self._queue.newest_turn_of(connection, row.parent)
            if busy is not None and busy.kind == TurnKind.SHOW and busy.state == TurnState.ASKED:
                await connection.execute(update(turns).where(turns.c.id == busy.id).values(answer=answer))
                return Asked(busy.id, key.chat, joined=True)
            if busy is not None and (busy.state != TurnState.SHOWING or busy.answer == answer):
                return Asked(busy.id, key.chat, joined=True)
            return await self._on_screen(connection, row, key, TurnKind.SHOW, by=by, language=language)

    async def _answer(self, connection: AsyncConnection, answer: int) -> tuple[AnyRow, ChatKey]:
        """An answer that is still in its tree, and its conversation, entered. Raises AnswerNotFound."""
        this = select(messages, *ADDRESS).join(conversations)
        asked = messages.c.role == Role.ASSISTANT, messages.c.parent.is_not(None)
        row = (await connection.execute(this.where(messages.c.id == answer, *asked))).one_or_none()
        if row is None:
            raise AnswerNotFound
        await self._database.advisory_xact_lock(connection, f"conversation {row.conversation}")
        return row, key_of(row)

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
            model=row.model_choice if kind is TurnKind.GO_ON else None,
        )
        return Asked(turn, key.chat)


def _ends_with(busy: AnyRow, answer: int) -> bool:
    """Tell whether a turn is at its last edit, so that this answer's buttons can be pressed already."""
    return bool(busy.answer == answer and (busy.kind == TurnKind.SHOW or busy.state == TurnState.SHOWING))
