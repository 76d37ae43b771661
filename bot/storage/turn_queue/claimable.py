"""The choice of the turns that a process may begin: the next of each conversation, at home, not before their time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from bot.storage.database import Database
from bot.storage.mappers import AnyRow
from bot.storage.schema import conversations, messages, turns
from bot.storage.turn_queue.leases import LAST_CHANCE, MAX_CROWDED_ATTEMPTS

STEAL_DELAY = 0.5
"""Seconds after which a turn may begin on any replica: the one where its chat is at home is full, or dead."""
_IS_POISON_CANDIDATE = or_(turns.c.faults == LAST_CHANCE, turns.c.attempt >= MAX_CROWDED_ATTEMPTS)
WHOLE_TURN = select(turns, conversations.c.chat, conversations.c.topic, conversations.c.person).select_from(
    turns.join(conversations)
)
WAITING = and_(turns.c.open, turns.c.owner.is_(None))


def may_begin(database: Database) -> Select[Any]:
    """The oldest turns of a bot that wait behind nothing, each beside whether its question has its place."""
    other = turns.alias("other")
    behind = exists().where(waits_behind(other))
    due = or_(turns.c.not_before.is_(None), turns.c.not_before <= database.now())
    harmless = or_(~_IS_POISON_CANDIDATE, bindparam("candidates", type_=Boolean))
    in_turn = case((_IS_POISON_CANDIDATE, turns.c.faults), else_=0)  # the least blamed of the candidates comes first
    oldest = (
        WHOLE_TURN.join(messages, messages.c.id == turns.c.question)
        .add_columns(messages.c.placed)
        .where(turns.c.bot == bindparam("of"), WAITING, ~behind, due, harmless)
        .order_by(in_turn, turns.c.id)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update(of=turns, skip_locked=True)
    )
    return oldest.where(_may_begin_here(database)) if database.shared else oldest


def waiting_chats(database: Database) -> Select[Any]:
    """The chats in which turns wait, each beside whether one may begin on any replica (`left`)."""
    return (
        select(conversations.c.chat, func.max(case((_is_left(database), 1), else_=0)).label("left"))
        .join(turns)
        .where(turns.c.bot == bindparam("of"), WAITING)
        .group_by(conversations.c.chat)
    )


def waits_behind(other: FromClause) -> ColumnElement[bool]:
    """The condition that a turn of the same conversation comes before the one of `turns`, or runs.

    Rounds come one after another; within a round the order is that of asking.
    """
    earlier = and_(other.c.round == turns.c.round, other.c.id < turns.c.id)
    before = or_(other.c.round < turns.c.round, earlier, other.c.owner.is_not(None))
    return and_(other.c.conversation == turns.c.conversation, other.c.open, other.c.id != turns.c.id, before)


def _may_begin_here(database: Database) -> ColumnElement[bool]:
    """A chat's answers share a budget, so one replica writes them: its home, unless another has begun."""
    busy, its = turns.alias("busy"), conversations.alias("its")
    under_way = exists().where(
        busy.c.open,
        busy.c.owner != bindparam("me"),
        its.c.id == busy.c.conversation,
        its.c.bot == conversations.c.bot,
        its.c.chat == conversations.c.chat,
    )
    # an array is one parameter: a list would be another statement for each length, to be parsed and planned anew
    mine = conversations.c.chat == func.any(bindparam("mine", type_=ARRAY(BigInteger)))
    return and_(~under_way, or_(mine, _is_left(database)))


def _is_left(database: Database) -> ColumnElement[bool]:
    return turns.c.asked_at < database.now() - STEAL_DELAY


def is_poison_candidate(row: AnyRow) -> bool:
    """Tell whether a turn that waits has to run alone: it may be what kills the process."""
    return bool(row.faults == LAST_CHANCE or row.attempt >= MAX_CROWDED_ATTEMPTS)
