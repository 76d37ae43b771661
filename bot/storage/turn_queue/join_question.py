"""Messages that belong to a question that is there already: an album, what a comment forwards, a paste that was split.

A question that has not begun takes them in; one that is being answered, or was in the same moment, is asked anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Question, QuestionPart, Quote, TurnKind, TurnState
from bot.conversation.tree import put_together
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, parts_as_json, parts_from, storable
from bot.storage.message_tree import find, row_at
from bot.storage.repositories.screens import screen_of
from bot.storage.schema import messages, turns
from bot.storage.turn_queue.claimable import WAITING
from bot.storage.turn_queue.edit_question import QuestionEditor
from bot.storage.turn_queue.writer import TurnWriter

JOIN_WAIT = 0.8
"""Seconds that a question waits for its rest: of a paste that the app split, of an album, of several forwards."""
SAME_MOMENT = 1
"""Seconds at most between a comment and what it forwards, by Telegram's clock, which gives whole seconds."""
MAX_PARTS = 100
"""Messages of one question: as many as an app forwards at once; ten make an album."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A question that took in a message."""

    turn: int
    runs: bool = False
    """It is being answered, and its owner has to be told to start over."""


class QuestionJoiner:
    """Finds the question that a message belongs to. Works within the transaction whose connection it is handed."""

    def __init__(self, database: Database, queue: TurnWriter) -> None:
        self._database = database
        self._queue = queue
        self._editor = QuestionEditor(database)

    async def join(
        self, connection: AsyncConnection, conversation: int, last: AnyRow | None, question: Question
    ) -> Joined | None:
        """Add a message to the question that it belongs to; `last` is the newest open turn. None: to none."""
        waits = last is not None and last.not_before is not None and last.asker == question.author.id
        if last is not None and waits and await self._continue_paste(connection, last, question):
            return Joined(last.id)
        target = await self._target(connection, conversation, last if waits else None, question)
        if target is None:
            return None
        return await self._add(connection, target, question)

    async def knows(self, key: ChatKey, question: Question) -> bool:
        """Tell whether a message that addresses nobody belongs to a question."""
        async with self._database.reading() as connection:
            conversation = await find(connection, key)
            if conversation is None:
                return False
            return await self._target(connection, conversation, None, question) is not None

    async def _target(
        self, connection: AsyncConnection, conversation: int, waiting: AnyRow | None, question: Question
    ) -> AnyRow | None:
        """The question that a message belongs to; `waiting` is a turn of the same person that waits for its rest."""
        here: dict[str, object] = {"conversation": conversation, "asker": question.author.id}
        if question.album is not None:
            found = (await connection.execute(_BY_ALBUM, {**here, "album": question.album})).first()
            if found is not None:
                return found
        if question.is_forwarded:
            since = question.sent_at - SAME_MOMENT
            return (await connection.execute(_BY_MOMENT, {**here, "since": since})).first()
        if waiting is not None and abs((waiting.sent_at or 0) - question.sent_at) <= SAME_MOMENT:
            row = (await connection.execute(_MESSAGE, {"this": waiting.question})).first()
            return row if row is not None and row.album is None and _is_forwarded(parts_from(row.parts)) else None
        return None

    async def _add(self, connection: AsyncConnection, target: AnyRow, question: Question) -> Joined | None:
        parts = parts_from(target.parts) or await self._parts_of(connection, target)
        turn = await self._queue.newest_turn_of(connection, target.id)
        if any(part.message_id == question.message_id for part in parts):
            return Joined(0 if turn is None else turn.id)
        if len(parts) >= MAX_PARTS:
            return None
        new = question.parts or (QuestionPart(question.message_id, question.text, question.quote),)
        whole = tuple(sorted((*parts, *new), key=lambda part: part.message_id))
        album = question.album or target.album
        merged = replace(question, text="", quote=None, parts=whole, album=album)
        if turn is None:
            return Joined(await self._editor.ask_answered_anew(connection, target, merged, wait=JOIN_WAIT))
        if target.placed:
            await self._editor.ask_open_anew(connection, turn, target, merged, wait=JOIN_WAIT)
            return Joined(turn.id, runs=turn.owner is not None)
        changed = {"text": "", "quote_author": None, "quote_text": None, "parts": parts_as_json(whole), "unread": True}
        mine = messages.c.id == target.id
        await connection.execute(update(messages).where(mine).values(**changed, album=album))
        await self._queue.show_question(connection, merged, target.id)
        await connection.execute(update(turns).where(turns.c.id == turn.id).values(sent_at=question.sent_at))
        still = and_(turns.c.id == turn.id, turns.c.not_before.is_not(None), turns.c.attempt == 0)
        await connection.execute(update(turns).where(still).values(not_before=self._until()))
        return Joined(turn.id)

    async def _parts_of(self, connection: AsyncConnection, row: AnyRow) -> tuple[QuestionPart, ...]:
        """The parts of a question that was asked in one message without files."""
        visible = await screen_of(connection, row.id)
        quote = None if row.quote_text is None else Quote(row.quote_author or "", row.quote_text)
        return (QuestionPart((visible[0].message_id or 0) if visible else 0, row.text, quote),)

    async def _continue_paste(self, connection: AsyncConnection, last: AnyRow, question: Question) -> bool:
        """Append the rest of a paste to the question that waits for it."""
        first = (await connection.execute(_MESSAGE, {"this": last.question})).first()
        if first is None or first.parts or question.parts:
            return False
        wait = self._until() if question.may_continue else None
        unbegun = turns.c.id == last.id, WAITING, turns.c.state == TurnState.ASKED, turns.c.attempt == 0
        still = update(turns).where(*unbegun, turns.c.not_before > self._database.now())
        if (await connection.execute(still.values(not_before=wait, sent_at=question.sent_at))).rowcount != 1:
            return False
        if await row_at(connection, question.key.bot, question.key.chat, question.message_id) is None:
            whole = put_together(first.text or "", storable(question.text))
            await connection.execute(update(messages).where(messages.c.id == last.question).values(text=whole))
            await self._queue.show_question(connection, question, last.question)
        return True

    def _until(self) -> ColumnElement[float]:
        return self._database.now() + JOIN_WAIT


def _is_forwarded(parts: Sequence[QuestionPart]) -> bool:
    """Tell whether a question consists of other people's words and files alone."""
    own = (part for part in parts if part.text or any(file.author is None for file in part.files))
    return bool(parts) and next(own, None) is None


_MESSAGE = select(messages).where(messages.c.id == bindparam("this"))
_MINE = and_(messages.c.conversation == bindparam("conversation"), messages.c.author_id == bindparam("asker"))
_BY_ALBUM = (
    select(messages).where(_MINE, messages.c.album == bindparam("album")).order_by(messages.c.id.desc()).limit(1)
)
_BY_MOMENT = (
    select(messages)
    .join(turns, turns.c.question == messages.c.id)
    .where(_MINE, turns.c.conversation == bindparam("conversation"))
    .where(turns.c.kind == TurnKind.ANSWER, turns.c.sent_at >= bindparam("since"))
    .order_by(turns.c.id.desc())
    .limit(1)
)
