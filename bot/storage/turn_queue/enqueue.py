"""Enqueueing: a question becomes a turn, in its place in the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Question, Turn, TurnKind, TurnState
from bot.conversation.tree import put_together
from bot.errors import TooManyWaiting
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, shown_as_json, storable
from bot.storage.partitioning import ChatPartitioning
from bot.storage.repositories.message_tree import row_at
from bot.storage.schema import conversations, messages, turns
from bot.storage.turn_queue.claimable import WAITING
from bot.storage.turn_queue.claims import acquit
from bot.storage.turn_queue.leases import ABOUT_TO_SEND, NO_COMPANY, ClaimedTurn, Company
from bot.storage.turn_queue.placement import parent_of
from bot.storage.turn_queue.writer import TurnWriter, conversations_of

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
    claimed: ClaimedTurn | None = None
    """It begins at once, claimed by whoever accepted it."""


class QuestionQueue:
    """Accepts questions. Joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = TurnWriter(database)

    async def accept(self, question: Question, *, dedup: str, limit: int, claimant: Claimant | None = None) -> Asked:
        """Queue a question. The same `dedup` acts once. Raises TooManyWaiting.

        With a `claimant` its turn begins at once where nothing is before it: that spares a transaction of its own.
        """
        key = question.key
        async with self._database.transaction() as connection:
            conversation = await self._queue.enter(connection, key)
            known, last = await self._look(connection, conversation, dedup)
            if known is not None:
                return Asked(known, key.chat, joined=True)
            if last is not None:
                if await self._join(connection, last, question):
                    return Asked(last.id, key.chat, joined=True)
                await self._refuse_crowds(connection, key, limit)
            elif (
                claimant is not None and not question.may_continue and await self._may_begin(connection, key, claimant)
            ):
                return await self._begin(connection, conversation, question, dedup, claimant)
            message = await self._queue.new_question(connection, conversation, question)
            columns = _columns(conversation, question, message.id, dedup)
            wait = PASTE_WAIT if question.may_continue else None
            return Asked(await self._queue.put(connection, key, wait=wait, **columns), key.chat)

    async def _look(
        self, connection: AsyncConnection, conversation: int, dedup: str
    ) -> tuple[int | None, AnyRow | None]:
        """The turn of this very update, and the newest one of the conversation that is not finished."""
        here = and_(turns.c.conversation == conversation, turns.c.open)
        found = select(turns).where(or_(turns.c.dedup == dedup, here)).order_by(turns.c.id.desc())
        rows = (await connection.execute(found)).all()
        known = next((row.id for row in rows if row.dedup == dedup), None)
        return known, rows[0] if rows else None

    async def _may_begin(self, connection: AsyncConnection, key: ChatKey, claimant: Claimant) -> bool:
        """Tell whether the claimant is to write in this chat, and nobody else does."""
        if not self._database.shared:
            return True
        if claimant.partitioning.of(key.chat) != claimant.partitioning.me:
            return False
        here = {"bot": key.bot, "chat": key.chat, "me": claimant.partitioning.me}
        return await connection.scalar(_BUSY_ELSEWHERE, here) is None

    async def _begin(
        self, connection: AsyncConnection, conversation: int, question: Question, dedup: str, claimant: Claimant
    ) -> Asked:
        """Store a question in its place, beside its turn, which somebody has claimed already."""
        key = question.key
        parent = await parent_of(connection, key, conversation, hangs_from=question.reply_to, asking=None)
        message = await self._queue.new_question(connection, conversation, question, parent=parent, placed=True)
        await connection.execute(_GO_ON_FROM, {"this": conversation, "message": message.id})
        columns = _columns(conversation, question, message.id, dedup)
        asked_at = self._database.clock()
        claim: dict[str, Any] = {
            "state": TurnState.WRITING,
            "owner": claimant.partitioning.me,
            "attempt": 1,
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
        if last.not_before is None or last.asker != question.author.id:
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


def _columns(conversation: int, question: Question, message: int, dedup: str) -> dict[str, Any]:
    """Columns of a question's turn."""
    return {
        "conversation": conversation,
        "dedup": dedup,
        "question": message,
        "reply_to": None if question.private else question.message_id,
        "hangs_from": question.reply_to,
        "asker": question.author.id,
        "language": question.language,
    }


_GO_ON_FROM = update(conversations).where(conversations.c.id == bindparam("this")).values(newest=bindparam("message"))
_BUSY_ELSEWHERE = (
    select(turns.c.id)
    .join(conversations)
    .where(turns.c.open, turns.c.owner != bindparam("me"))
    .where(conversations.c.bot == bindparam("bot"), conversations.c.chat == bindparam("chat"))
    .limit(1)
)
