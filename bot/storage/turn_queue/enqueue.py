"""Enqueueing: a question becomes a turn, in its place in the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Question, Turn, TurnKind, TurnState
from bot.conversation.tree import newest_point
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, shown_as_json
from bot.storage.message_tree import IS_CONVERSATION, POINTS
from bot.storage.partitioning import ChatPartitioning
from bot.storage.prepared import PreparedStatement
from bot.storage.schema import conversations, turns
from bot.storage.turn_queue.claims import acquit
from bot.storage.turn_queue.fairness import WaitingLimits, refuse_crowds, round_of_question
from bot.storage.turn_queue.join_question import JOIN_WAIT, QuestionJoiner
from bot.storage.turn_queue.leases import ABOUT_TO_SEND, NO_COMPANY, ClaimedTurn, Company
from bot.storage.turn_queue.placement import parent_of
from bot.storage.turn_queue.writer import TurnWriter, conversations_of

CROWD = 4
"""Answers under way in one chat from which on the budget keeps the next one's first text waiting for seconds."""


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
    """It went into a turn that was there already: the rest of a paste or an album, the same press twice."""
    restarts: bool = False
    """That turn runs, and its owner has to be told to start over."""
    waits: bool = False
    """Another turn of the conversation is before it, or a crowd of turns of other conversations in its chat."""
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
        self._joiner = QuestionJoiner(database, self._queue)

    async def belongs(self, question: Question) -> bool:
        """Tell whether a message that addresses nobody belongs to a question: to its album, or its comment."""
        return await self._joiner.knows(question.key, question)

    async def accept(
        self,
        question: Question,
        *,
        dedup: str,
        limits: WaitingLimits | None,
        claimant: Claimant | None = None,
        admit: Callable[[], Awaitable[None]] | None = None,
    ) -> Asked:
        """Queue a question; without `limits` any number may wait. The same `dedup` acts once. Raises TooManyWaiting.

        With a `claimant` its turn begins at once where nothing is before it: that spares a transaction of its own.
        `admit` is asked unless the message belongs to a question that is there; it raises what refuses the question.
        """
        key = question.key
        async with self._database.transaction() as connection:
            place = await self._enter(connection, key, dedup)
            if place.known is not None:
                return Asked(place.known, key.chat, joined=True)
            conversation, open_turns = place.conversation, place.open_turns
            last = open_turns[0] if open_turns else None
            joined = await self._joiner.join(connection, conversation, last, question)
            if joined is not None:
                return Asked(joined.turn, key.chat, joined=True, restarts=joined.runs)
            if admit is not None:
                await admit()
            if open_turns and limits is not None:
                await refuse_crowds(connection, key, question.author.id, limits)
            crowded = not open_turns and await self._is_crowded(connection, key)
            if not open_turns and (
                claimant is not None and not question.may_continue and await self._may_begin(connection, key, claimant)
            ):
                return await self._begin(connection, place, question, dedup, claimant, crowded=crowded)
            message = await self._queue.new_question(connection, conversation, question)
            columns = _columns(conversation, question, message.id, dedup, behind=open_turns, crowded=crowded)
            wait = JOIN_WAIT if question.may_continue else None
            turn = await self._queue.put(connection, key, wait=wait, **columns)
            return Asked(turn, key.chat, waits=columns["waited"])

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
        here = {**asdict(key), "dedup": dedup}
        rows = await _LOOK.rows(connection, here)
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
        self,
        connection: AsyncConnection,
        place: _Entered,
        question: Question,
        dedup: str,
        claimant: Claimant,
        *,
        crowded: bool,
    ) -> Asked:
        """Store a question in its place, beside its turn, which somebody has claimed already."""
        key, conversation, parent = question.key, place.conversation, place.newest
        if question.reply_to is not None:
            parent = await parent_of(connection, key, conversation, hangs_from=question.reply_to, asking=None)
        message = await self._queue.new_question(connection, conversation, question, parent=parent, placed=True)
        await _GO_ON_FROM.change(connection, {"this": conversation, "message": message.id})
        columns = _columns(conversation, question, message.id, dedup, crowded=crowded)
        asked_at = self._database.clock()
        claim: dict[str, Any] = {
            "state": TurnState.WRITING,
            "owner": claimant.partitioning.me,
            "claims": 1,
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
            waited=crowded,
        )
        lone_question = message if parent is None else None
        claimed = ClaimedTurn(
            turn,
            claimant.partitioning.me,
            1,
            stopped=False,
            suspect=claimant.company.nobody,
            lone_question=lone_question,
        )
        return Asked(id_, key.chat, waits=crowded, claimed=claimed)

    async def _is_crowded(self, connection: AsyncConnection, key: ChatKey) -> bool:
        """Tell whether so many people's own conversations are answered in a chat that its budget is short."""
        if not key.person:
            return False
        under_way = (
            select(func.count())
            .select_from(turns)
            .where(turns.c.open, turns.c.conversation.in_(conversations_of(key.bot, key.chat)))
        )
        return (await connection.execute(under_way)).scalar_one() >= CROWD


def _columns(
    conversation: int, question: Question, message: int, dedup: str, *, behind: Sequence[AnyRow] = (), crowded: bool
) -> dict[str, Any]:
    """Columns of a question's turn, `behind` the open ones of its conversation, `crowded`: with many beside it."""
    return {
        "conversation": conversation,
        "dedup": dedup,
        "question": message,
        "round": round_of_question(behind, question.author.id),
        "waited": bool(behind) or crowded,
        "reply_to": question.message_id,
        "hangs_from": question.reply_to,
        "asker": question.author.id,
        "language": question.language,
        "sent_at": question.sent_at or None,
    }


_IS_HERE = or_(turns.c.dedup == bindparam("dedup"), and_(turns.c.conversation == conversations.c.id, turns.c.open))
_LOOK = PreparedStatement(
    POINTS.add_columns(conversations.c.id.label("conversation_id"), turns)
    .outerjoin(turns, _IS_HERE)
    .where(IS_CONVERSATION)
    .order_by(turns.c.id.desc())
)
"""The newest point of a conversation, beside each of its open turns and the one of an update."""
_GO_ON_FROM = PreparedStatement(
    update(conversations).where(conversations.c.id == bindparam("this")).values(newest=bindparam("message"))
)
_BUSY_ELSEWHERE = (
    select(turns.c.id)
    .join(conversations)
    .where(turns.c.open, turns.c.owner != bindparam("me"))
    .where(conversations.c.bot == bindparam("bot"), conversations.c.chat == bindparam("chat"))
    .limit(1)
)
