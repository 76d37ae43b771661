"""Commands that take turns out of the queue, or stop them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, TurnKind, TurnState
from bot.storage.database import Database
from bot.storage.mappers import AnyRow
from bot.storage.message_tree import IS_CONVERSATION, answers_of, take_out
from bot.storage.repositories.question_times import keep_times
from bot.storage.schema import conversations, turns
from bot.storage.turn_queue.claimable import WAITING
from bot.storage.turn_queue.leases import Signal
from bot.storage.turn_queue.writer import TurnWriter, conversations_of, conversations_of_person


@dataclass(frozen=True, slots=True)
class EndedTurns:
    """Turns that a conversation does not need any more."""

    dropped: int = 0
    """Those that had not begun."""
    stopped: tuple[int, ...] = ()
    """Those that are under way."""
    acknowledged: tuple[int, ...] = ()
    """The Telegram messages of the dropped questions that bear 👀."""


class TurnCanceller:
    """Ends turns: people want it, or the chat is gone. Joins the open transaction. Raises StorageUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = TurnWriter(database)

    async def stop(self, turn: int) -> bool:
        """Stop a turn; its owner has to be told. One that has not begun is finished here. False: nothing to stop."""
        async with self._database.transaction() as connection:
            this = select(turns.c.id, turns.c.owner, turns.c.state).where(turns.c.id == turn, turns.c.open)
            row = (await connection.execute(this.with_for_update())).one_or_none()
            if row is None:
                return False
            if row.owner is None and row.state == TurnState.ASKED:
                await self._finish_waiting(connection, turns.c.id == turn, TurnState.STOPPED)
            else:
                unsignalled = (turns.c.id == turn) & turns.c.signal.is_(None)  # about to start over: that wish stands
                stopped = {"signal": Signal.STOP, "not_before": None}
                await connection.execute(update(turns).where(unsignalled).values(stopped))
            return True

    async def end_all(self, key: ChatKey) -> EndedTurns:
        """End what a conversation was asked so far; whoever runs some of it has to be told.

        An answer of which only the showing is left is shown to its end.
        """
        async with self._database.transaction() as connection:
            conversation = await self._queue.enter(connection, key)
            here = select(turns).where(turns.c.conversation == conversation, turns.c.open).with_for_update()
            rows = (await connection.execute(here)).all()
            waiting = [row for row in rows if row.owner is None and row.state == TurnState.ASKED]
            under_way = [row for row in rows if row.state == TurnState.WRITING]
            ids = [row.id for row in waiting]
            await self._finish_waiting(connection, turns.c.id.in_(ids), TurnState.STOPPED)
            for row in under_way:
                await self.stop(row.id)
        acknowledged = tuple(row.reply_to for row in waiting if row.waited and row.reply_to is not None)
        return EndedTurns(len(waiting), tuple(row.id for row in under_way), acknowledged)

    async def drop_waiting(self, bot: int, chat: int, topic: int | None = None, *, but: int | None = None) -> int:
        """The chat, or one topic of it, is gone: its waiting turns have failed. Gives how many.

        `but` is a question whose turns go on waiting: the buttons under its cut answer may have been pressed already.
        """
        there = turns.c.conversation.in_(conversations_of(bot, chat, topic))
        async with self._database.transaction() as connection:
            return await self._finish_waiting(
                connection, there & turns.c.question.is_distinct_from(but), TurnState.FAILED
            )

    async def open_turns(self, bot: int, chat: int, person: int | None = None) -> list[int]:
        """The open turns of a chat, or of a person's own conversations there."""
        here = conversations_of(bot, chat) if person is None else conversations_of_person(bot, chat, person)
        async with self._database.reading() as connection:
            mine = select(turns.c.id).where(turns.c.open, turns.c.conversation.in_(here))
            return list((await connection.scalars(mine)).all())

    async def restart_elsewhere(self, bot: int, chat: int) -> None:
        """The chat has another id: its Telegram messages mean nothing any more, what was under way begins anew."""
        mine = turns.c.open & turns.c.conversation.in_(conversations_of(bot, chat))
        fresh: dict[str, object] = {
            "owner": None,
            "former_owner": turns.c.owner,
            "lease_until": None,
            "shown": [],
            "reply_to": None,
            "hangs_from": None,
            "screen": None,
        }
        async with self._database.transaction() as connection:
            await connection.execute(update(turns).where(mine).values(fresh))

    async def last_open_question(self, key: ChatKey) -> int | None:
        """The question of the newest turn of a conversation that is not finished."""
        async with self._database.reading() as connection:
            here = select(turns.c.question).join(conversations).where(IS_CONVERSATION, turns.c.open)
            newest: int | None = await connection.scalar(here.order_by(turns.c.id.desc()).limit(1), asdict(key))
        return newest

    async def undo_open(self, key: ChatKey, question: int) -> tuple[list[int], list[int]] | None:
        """Take out a question that has an open turn: its turns, and the Telegram messages to delete."""
        async with self._database.transaction() as connection:
            await self._queue.enter(connection, key)
            last = await self._queue.newest_turn_of(connection, question)
            if last is None:
                return None
            if last.kind == TurnKind.ANSWER and last.screen is None and await answers_of(connection, last.question):
                await keep_times(connection, turns.c.id == last.id)
                await connection.execute(
                    delete(turns).where(turns.c.id == last.id)
                )  # an older one, answered anew below
                return [last.id], _visible(last)
            its = select(turns).where(turns.c.question == last.question, turns.c.open)
            under_way = (await connection.execute(its)).all()
            stored = await take_out(connection, last.question)
            visible = {message for one in under_way for message in _visible(one)}
            return [one.id for one in under_way], sorted(visible.union(stored))

    async def _finish_waiting(self, connection: AsyncConnection, which: ColumnElement[bool], state: TurnState) -> int:
        ended = {"state": state, "open": False, "finished_at": self._database.now()}
        waiting = update(turns).where(and_(WAITING, which))
        return (await connection.execute(waiting.values(ended))).rowcount


def _visible(turn: AnyRow) -> list[int]:
    return [one["id"] for one in turn.shown if one["id"] is not None]
