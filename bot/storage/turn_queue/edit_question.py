"""Questions that people edit after asking them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import Ending, Question, QuestionPart, Role, TurnKind, TurnState
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, parts_as_json, parts_from, storable
from bot.storage.message_tree import row_at
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

    async def edit(self, question: Question, *, outdated: str = "") -> Edited | None:
        """An edited message: answer it again. None: it is not in the conversation.

        `outdated` is the line below the old answer where the new one comes elsewhere.
        """
        async with self._database.transaction() as connection:
            conversation = await self._queue.enter(connection, question.key)
            old = await row_at(connection, question.key.bot, question.key.chat, question.message_id)
            if old is None or old.role != Role.USER or old.conversation != conversation:
                return None
            question = _with_other_parts(old, question)
            if _is_same(old, question):
                return Edited(None)
            turn = await self._queue.newest_turn_of(connection, old.id)
            if turn is None:
                return Edited(await self.ask_answered_anew(connection, old, question, outdated=outdated))
            if not old.placed:
                changed = {"text": storable(question.text), "parts": parts_as_json(question.parts)}
                unread = bool(question.parts)
                await connection.execute(
                    update(messages).where(messages.c.id == old.id).values(**changed, unread=unread)
                )
                return Edited(turn.id)
            await self.ask_open_anew(connection, turn, old, question)
            return Edited(turn.id, runs=turn.owner is not None)

    async def ask_open_anew(
        self, connection: AsyncConnection, turn: AnyRow, old: AnyRow, question: Question, *, wait: float | None = None
    ) -> None:
        """Ask a question in place of an `old` one whose turn has begun: after `wait` seconds the answer starts over."""
        new = (await self._queue.new_question(connection, turn.conversation, question, beside=old, in_place=True)).id
        screen = turn.screen
        if screen is None and turn.answer is not None:
            screen = await connection.scalar(select(messages.c.screen).where(messages.c.id == turn.answer))
        over = {"question": new, "screen": screen, "kind": TurnKind.ANSWER, "answer": None, "note": ""}
        anew = {"signal": Signal.RESTART} if turn.owner is not None else {"state": TurnState.ASKED, **UNTRIED}
        if wait is not None:
            anew |= {"not_before": self._database.now() + wait, "sent_at": question.sent_at}
        await connection.execute(update(turns).where(turns.c.id == turn.id).values(**over, **anew))
        await self._take_the_place(connection, turn.conversation, old.id, new)

    async def ask_answered_anew(
        self,
        connection: AsyncConnection,
        old: AnyRow,
        question: Question,
        *,
        wait: float | None = None,
        outdated: str = "",
    ) -> int:
        """Ask a question in place of an answered one: the last one in its messages, an older one below. Gives the turn.

        It begins after `wait` seconds. The old answer of an older one gets the line `outdated`.
        """
        if not old.placed:  # its turn was stopped or given up before it began
            new = (await self._queue.new_question(connection, old.conversation, question)).id
            last, answer = False, None
        else:
            last = await self._queue.is_last(connection, old.conversation, old.id)
            answer = await self._queue.newest_answer(connection, old.id)
            new = (await self._queue.new_question(connection, old.conversation, question, beside=old, in_place=last)).id
        if last:
            await self._take_the_place(connection, old.conversation, old.id, new)
        elif answer is not None and outdated:
            await self._mark(connection, old, question, outdated)
        in_place = last and answer is not None
        return await self._queue.put(
            connection,
            question.key,
            wait=wait,
            conversation=old.conversation,
            question=new,
            screen=answer.screen if in_place and answer is not None else None,
            reply_to=question.message_id if not in_place or not question.private else None,
            asker=question.author.id,
            language=question.language,
            sent_at=question.sent_at or None,
        )

    async def _mark(self, connection: AsyncConnection, old: AnyRow, question: Question, note: str) -> None:
        """Show the answer that counted so far once more, with a line below it."""
        versions = select(messages.c.id).where(messages.c.parent == old.id, messages.c.role == Role.ASSISTANT)
        went_on = select(messages.c.parent).where(messages.c.parent.in_(versions)).order_by(messages.c.id.desc())
        answer = await connection.scalar(went_on.limit(1)) or await connection.scalar(
            versions.order_by(messages.c.id.desc()).limit(1)
        )
        row = (await connection.execute(select(messages).where(messages.c.id == answer))).one()
        if not Ending(row.ending).is_empty:
            await self._queue.put(
                connection,
                question.key,
                kind=TurnKind.SHOW,
                conversation=old.conversation,
                question=old.id,
                answer=row.id,
                screen=row.screen,
                reply_to=None if question.private else question.message_id,
                asker=question.author.id,
                language=question.language,
                note=note,
            )

    async def _take_the_place(self, connection: AsyncConnection, conversation: int, old: int, new: int) -> None:
        """The edited question counts from now on."""
        answers = select(messages.c.id).where(messages.c.parent == old)
        here = conversations.c.id == conversation
        was_newest = conversations.c.newest.in_(answers.union(select(messages.c.id).where(messages.c.id == old)))
        await connection.execute(update(conversations).where(here, was_newest).values(newest=new))


def _with_other_parts(old: AnyRow, question: Question) -> Question:
    """The edited message beside the others of the same question."""
    others = parts_from(old.parts)
    if not others:
        return question
    new = question.parts or (QuestionPart(question.message_id, question.text, question.quote),)
    kept = [part for part in others if part.message_id != question.message_id]
    parts = tuple(sorted((*kept, *new), key=lambda part: part.message_id))
    return replace(question, text="", quote=None, parts=parts, album=question.album or old.album)


def _is_same(old: AnyRow, question: Question) -> bool:
    """Recognize an edit that changed nothing; the id that fetches a file may be another one each time."""
    if not question.parts:
        return not old.parts and bool(old.text == storable(question.text))
    return _comparable(parts_from(old.parts)) == _comparable(parts_from(parts_as_json(question.parts)))


def _comparable(parts: Iterable[QuestionPart]) -> list[QuestionPart]:
    return [replace(part, files=tuple(replace(file, file_id="") for file in part.files)) for part in parts]
