"""Questions that people edit after asking them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Question, Role, TurnKind, TurnState
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, storable
from bot.storage.repositories.message_tree import row_at
from bot.storage.schema import conversations, messages, turns
from bot.storage.turn_queue.leases import UNTRIED, Signal
from bot.storage.turn_queue.writer import TurnWriter


@dataclass(frozen=True, slots=True)
class Edited:
    """Outcome of an edit."""

    turn: int | None
    """The turn that answers it; None: nothing had changed."""
    runs: bool = False
    """It was being answered, and its owner has to be told to start over."""


class QuestionEditor:
    """Answers edited questions again. Joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = TurnWriter(database)

    async def edit(self, question: Question) -> Edited | None:
        """An edited message: answer it again. None: it is not in the conversation."""
        async with self._database.transaction() as connection:
            conversation = await self._queue.enter(connection, question.key)
            old = await row_at(connection, question.key.bot, question.key.chat, question.message_id)
            if old is None or old.role != Role.USER or old.conversation != conversation:
                return None
            turn = await self._queue.newest_turn_of(connection, old.id)
            if turn is not None:
                return await self._edit_open(connection, turn, old, question)
            if old.text == storable(question.text):
                return Edited(None)
            return Edited(await self._edit_answered(connection, old, question))

    async def _edit_open(self, connection: AsyncConnection, turn: AnyRow, old: AnyRow, question: Question) -> Edited:
        """Edit a question whose turn is not finished: before it begins in place, else the answer starts over."""
        if old.text == storable(question.text):
            return Edited(None)
        if not old.placed:
            await connection.execute(
                update(messages).where(messages.c.id == old.id).values(text=storable(question.text))
            )
            return Edited(turn.id)
        new = (await self._queue.new_question(connection, turn.conversation, question, beside=old, in_place=True)).id
        screen = turn.screen
        if screen is None and turn.answer is not None:
            screen = await connection.scalar(select(messages.c.screen).where(messages.c.id == turn.answer))
        over = {"question": new, "screen": screen, "kind": TurnKind.ANSWER, "answer": None, "note": ""}
        anew = {"signal": Signal.RESTART} if turn.owner is not None else {"state": TurnState.ASKED, **UNTRIED}
        await connection.execute(update(turns).where(turns.c.id == turn.id).values(**over, **anew))
        await self._take_the_place(connection, turn.conversation, old.id, new)
        return Edited(turn.id, runs=turn.owner is not None)

    async def _edit_answered(self, connection: AsyncConnection, old: AnyRow, question: Question) -> int:
        """Edit a question that was answered: the last one in its messages, an older one below."""
        if not old.placed:  # its turn was stopped or given up before it began
            new = (await self._queue.new_question(connection, old.conversation, question)).id
            last, answer = False, None
        else:
            last = await self._queue.is_last(connection, old.conversation, old.id)
            answer = await self._queue.newest_answer(connection, old.id)
            new = (await self._queue.new_question(connection, old.conversation, question, beside=old, in_place=last)).id
        if last:
            await self._take_the_place(connection, old.conversation, old.id, new)
        in_place = last and answer is not None
        return await self._queue.put(
            connection,
            question.key,
            conversation=old.conversation,
            question=new,
            screen=answer.screen if in_place and answer is not None else None,
            reply_to=question.message_id if not in_place or not question.private else None,
            asker=question.author.id,
            language=question.language,
        )

    async def _take_the_place(self, connection: AsyncConnection, conversation: int, old: int, new: int) -> None:
        """The edited question counts from now on."""
        answers = select(messages.c.id).where(messages.c.parent == old)
        here = conversations.c.id == conversation
        was_newest = conversations.c.newest.in_(answers.union(select(messages.c.id).where(messages.c.id == old)))
        await connection.execute(update(conversations).where(here, was_newest).values(newest=new))
