"""Enqueueing: a question becomes a turn, in its place in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Question, Turn, TurnKind, TurnState
from bot.conversation.tree import newest_point, put_together
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, shown_as_json, storable
from bot.storage.partitioning import ChatPartitioning
from bot.storage.repositories.message_tree import IS_CONVERSATION, POINTS, row_at
from bot.storage.schema import conversations, messages, turns
from bot.storage.turn_queue.claimable import WAITING
from bot.storage.turn_queue.claims import acquit
from bot.storage.turn_queue.fairness import WaitingLimits, refuse_crowds, round_of_question
from bot.storage.turn_queue.leases import ABOUT_TO_SEND, NO_COMPANY, ClaimedTurn, Company
from bot.storage.turn_queue.placement import parent_of
from bot.storage.turn_queue.writer import TurnWriter

PASTE_WAIT = 0.8
"""Seconds that a question waits for the rest of a paste that the app split."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A process with room to begin a turn at once."""

    partitioning: ChatPartitioning
    lease_duration: float
    company: Company = NO_COMPANY


@dataclass(frozen=True, slots=True)
class Asked:
    """Outcome of accepting a question."""

    turn: int
    chat: int
    joined: bool = False
    """It went into a turn that was there already: the rest of a paste, the same press twice."""
    waits: bool = False
    """Another turn of the conversation is before it."""
    claimed: ClaimedTurn | None = None
    """It begins at once, claimed by whoever accepted it."""


@dataclass(frozen=True, slots=True)
class _Entered:
    """A conversation as a new question finds it."""

    conversation: int
    known: int | None
    """The turn of this very update."""
    open_turns: Sequence[AnyRow]
    """Turns that are not finished, newest first."""
    newest: int | None
    """The message that a plain question goes on from."""


class QuestionQueue:
    """Accepts questions. Joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = TurnWriter(database)

    async def accept(
        self, question: Question, *, dedup: str, limits: WaitingLimits | None, claimant: Claimant | None = None
    ) -> Asked:
        """Queue a question; without `limits` any number may wait. The same `dedup` acts once. Raises TooManyWaiting.

        With a `claimant` its turn begins at once where nothing is before it: that spares a transaction of its own.
        """
        key = question.key
        async with self._database.transaction() as connection:
            place = await self._enter(connection, key, dedup)
            if place.known is not None:
                return Asked(place.known, key.chat, joined=True)
            conversation, open_turns = place.conversation, place.open_turns
            if open_turns:
                if await self._join(connection, open_turns[0], question):
                    return Asked(open_turns[0].id, key.chat, joined=True)
                if limits is not None:
                    await refuse_crowds(connection, key, question.author.id, limits)
            elif (
                claimant is not None and not question.may_continue and await self._may_begin(connection, key, claimant)
            ):
                return await self._begin(connection, place, question, dedup, claimant)
            message = await self._queue.new_question(connection, conversation, question)
            columns = _columns(conversation, question, message.id, dedup, behind=open_turns)
            wait = PASTE_WAIT if question.may_continue else None
            turn = await self._queue.put(connection, key, wait=wait, **columns)
            return Asked(turn, key.chat, waits=bool(open_turns))

    async def _enter(self, connection: AsyncConnection, key: ChatKey, dedup: str) -> _Entered:
        """Make sure that nobody else accepts anything for the conversation, and look at it. It is made if need be."""
        place = None
        if not self._database.shared:  # where others write as well, the lock comes first: what is read before is stale
            place = await self._look(connection, key, dedup)
        if place is None:
            await self._queue.enter(connection, key)
            place = await self._look(connection, key, dedup)
        if place is None:
            raise RuntimeError("a conversation that was just entered is not there")
        return place

    async def _look(self, connection: AsyncConnection, key: ChatKey, dedup: str) -> _Entered | None:
        here = {"bot": key.bot, "chat": key.chat, "topic": key.topic, "dedup": dedup}
        rows = (await connection.execute(_LOOK, here)).all()
        if not rows:
            return None
        found = [row for row in rows if row.id is not None]
        known = next((row.id for row in found if row.dedup == dedup), None)
        begins_at = newest_point(rows[0].newest, rows[0].asked, rows[0].anew_after, None)
        return _Entered(rows[0].conversation_id, known, found, begins_at)

    async def _may_begin(self, connection: AsyncConnection, key: ChatKey, claimant: Claimant) -> bool:
        """Tell whether the claimant is to write in this chat, and nobody else does."""
        if not self._database.shared:
            return True
        if claimant.partitioning.of(key.chat) != claimant.partitioning.me:
            return False
        here = {"bot": key.bot, "chat": key.chat, "me": claimant.partitioning.me}
        return await connection.scalar(_BUSY_ELSEWHERE, here) is None

    async def _begin(
        self, connection: AsyncConnection, place: _Entered, question: Question, dedup: str, claimant: Claimant
    ) -> Asked:
        """Store a question in its place, beside its turn, which somebody has claimed already."""
        key, conversation, parent = question.key, place.conversation, place.newest
        if question.reply_to is not None:
            parent = await parent_of(connection, key, conversation, hangs_from=question.reply_to, asking=None)
        message = await self._queue.new_question(connection, conversation, question, parent=parent, placed=True)
        await connection.execute(_GO_ON_FROM, {"this": conversation, "message": message.id})
        columns = _columns(conversation, question, message.id, dedup)
        asked_at = self._database.clock()
        claim: dict[str, Any] = {
            "state": TurnState.WRITING,
            "owner": claimant.partitioning.me,
            "attempt": 1,
            "begun": 1,
            "suspect": claimant.company.nobody,
            "asked_at": asked_at,
            "shown": shown_as_json(ABOUT_TO_SEND),
        }
        if claimant.company.suspect:
            await acquit(connection, claimant.partitioning.me)
        id_ = await self._queue.put(connection, key, lease_duration=claimant.lease_duration, **columns, **claim)
        turn = Turn(
            id=id_,
            conversation=conversation,
            key=key,
            kind=TurnKind.ANSWER,
            state=TurnState.WRITING,
            attempt=1,
            begun=1,
            question=message.id,
            answer=None,
            reply_to=columns["reply_to"],
            asker=question.author.id,
            private=key.chat > 0,
            language=question.language,
            shown=ABOUT_TO_SEND,
            asked_at=asked_at,
        )
        lone_question = message if parent is None else None
        claimed = ClaimedTurn(
            turn,
            claimant.partitioning.me,
            stopped=False,
            suspect=claimant.company.nobody,
            lone_question=lone_question,
        )
        return Asked(id_, key.chat, claimed=claimed)

    async def _join(self, connection: AsyncConnection, last: AnyRow, question: Question) -> bool:
        """Append the rest of a paste to the question that waits for it."""
        if last.not_before is None or last.asker != question.author.id or question.pictures:
            return False
        wait = self._until() if question.may_continue else None
        unbegun = turns.c.id == last.id, WAITING, turns.c.state == TurnState.ASKED, turns.c.attempt == 0
        still = update(turns).where(*unbegun, turns.c.not_before > self._database.now())
        if (await connection.execute(still.values(not_before=wait))).rowcount != 1:
            return False
        if await row_at(connection, question.key.bot, question.key.chat, question.message_id) is None:
            first = await connection.scalar(select(messages.c.text).where(messages.c.id == last.question))
            whole = put_together(first or "", storable(question.text))
            await connection.execute(update(messages).where(messages.c.id == last.question).values(text=whole))
            await self._queue.show_question(connection, question, last.question)
        return True

    def _until(self) -> ColumnElement[float]:
        return self._database.now() + PASTE_WAIT


def _columns(
    conversation: int, question: Question, message: int, dedup: str, *, behind: Sequence[AnyRow] = ()
) -> dict[str, Any]:
    """Columns of a question's turn, `behind` the open ones of its conversation."""
    return {
        "conversation": conversation,
        "dedup": dedup,
        "question": message,
        "round": round_of_question(behind, question.author.id),
        "waited": bool(behind),
        "reply_to": question.message_id,
        "hangs_from": question.reply_to,
        "asker": question.author.id,
        "language": question.language,
    }


_IS_HERE = or_(turns.c.dedup == bindparam("dedup"), and_(turns.c.conversation == conversations.c.id, turns.c.open))
_LOOK = (
    POINTS.add_columns(conversations.c.id.label("conversation_id"), turns)
    .outerjoin(turns, _IS_HERE)
    .where(IS_CONVERSATION)
    .order_by(turns.c.id.desc())
)
"""The newest point of a conversation, beside each of its open turns and the one of an update."""
_GO_ON_FROM = update(conversations).where(conversations.c.id == bindparam("this")).values(newest=bindparam("message"))
_BUSY_ELSEWHERE = (
    select(turns.c.id)
    .join(conversations)
    .where(turns.c.open, turns.c.owner != bindparam("me"))
    .where(conversations.c.bot == bindparam("bot"), conversations.c.chat == bindparam("chat"))
    .limit(1)
)
