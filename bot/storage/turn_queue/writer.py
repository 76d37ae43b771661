"""The end of the queue: what every way of queueing a turn needs."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Double, Select, Text, bindparam, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Message, Question, Role, TurnKind, TurnState
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, message_of, parts_as_json, storable
from bot.storage.message_tree import IS_CONVERSATION, ensure
from bot.storage.prepared import PreparedStatement
from bot.storage.repositories.screens import put_shown, screen_of
from bot.storage.schema import conversations, messages, turns

_NEW_MESSAGE = PreparedStatement(messages.insert().returning(messages))
_LOCKED = "conversation "
"""Beginning of the name of a conversation's lock."""
_FIND_AND_LOCK = select(
    conversations.c.id,
    func.pg_advisory_xact_lock(func.hashtextextended(literal(_LOCKED, Text) + cast(conversations.c.id, Text), 0)),
).where(IS_CONVERSATION)
"""PostgreSQL only: a conversation that is there already, locked in the same trip."""


class TurnWriter:
    """Writes questions and turns, within the transaction whose connection it is handed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        times = {
            "lease_until": database.now() + bindparam("lease_duration", type_=Double),  # NULL where there is none
            "not_before": database.now() + bindparam("wait", type_=Double),
            "written_from": case((bindparam("lease_duration", type_=Double).is_not(None), database.now())),
        }
        self._new_turn = PreparedStatement(turns.insert().values(times).returning(turns.c.id))

    async def enter(self, connection: AsyncConnection, key: ChatKey) -> int:
        """The conversation's id. Until the transaction ends nobody else accepts anything for it: ids show the order."""
        if self._database.shared and (known := await connection.scalar(_FIND_AND_LOCK, asdict(key))) is not None:
            return int(known)
        conversation = await ensure(self._database, connection, key)
        await self._database.advisory_xact_lock(connection, f"{_LOCKED}{conversation}")
        return conversation

    async def last_open(self, connection: AsyncConnection, conversation: int) -> AnyRow | None:
        """The newest turn of a conversation that is not finished."""
        here = select(turns).where(turns.c.conversation == conversation, turns.c.open)
        newest = here.order_by(turns.c.id.desc()).limit(1).with_for_update()
        return (await connection.execute(newest)).one_or_none()

    async def newest_turn_of(self, connection: AsyncConnection, question: int) -> AnyRow | None:
        """The newest unfinished turn of a question: one may wait behind another that makes its last edit."""
        mine = select(turns).where(turns.c.question == question, turns.c.open).order_by(turns.c.id.desc()).limit(1)
        return (await connection.execute(mine.with_for_update())).one_or_none()

    async def new_question(
        self,
        connection: AsyncConnection,
        conversation: int,
        question: Question,
        *,
        beside: AnyRow | None = None,
        in_place: bool = False,
        parent: int | None = None,
        placed: bool = False,
    ) -> Message:
        """Store what was asked: in its place, without one yet, or beside the question that it replaces."""
        quote = question.quote
        asked = beside.asked or beside.id if beside is not None and in_place else None
        new = {
            "conversation": conversation,
            "parent": beside.parent if beside is not None else parent,
            "placed": placed or beside is not None,
            "role": Role.USER,
            "text": storable(question.text),
            "thoughts": "",
            "ending": Ending.COMPLETE,
            "author": "" if question.private else storable(question.author.name),
            "author_id": question.author.id,
            "asked": asked,
            "quote_author": None if quote is None else storable(quote.author),
            "quote_text": None if quote is None else storable(quote.text),
            "at": self._database.clock(),
            "pictures": None,
            "parts": parts_as_json(question.parts),
            "unread": bool(question.parts),
            "album": question.album,
        }
        (row,) = await _NEW_MESSAGE.rows(connection, new)
        message = message_of(row)
        await self.show_question(connection, question, message.id)
        return message

    async def show_question(self, connection: AsyncConnection, question: Question, message: int) -> None:
        """Remember which Telegram messages show a question."""
        message_ids = dict.fromkeys([*(part.message_id for part in question.parts), question.message_id])
        rows = [
            {
                "bot": question.key.bot,
                "chat": question.key.chat,
                "message_id": message_id,
                "message": message,
                "position": 0,
                "part": {},
                "sealed": True,
            }
            for message_id in message_ids
        ]
        await put_shown(self._database, connection, rows)

    async def put(
        self,
        connection: AsyncConnection,
        key: ChatKey,
        *,
        lease_duration: float | None = None,
        wait: float | None = None,
        **values: object,
    ) -> int:
        """Queue a turn that is claimed for so many seconds, or is not to begin before so many; `values` are columns.

        With a `screen` it takes over the messages there when it begins. Without a `round` it comes behind what the
        asker has in the queue, and before what others ask from now on.
        """
        if "round" not in values:
            values["round"] = await self._present_round(connection, values["conversation"], values["asker"])
        new = {
            "bot": key.bot,
            "kind": TurnKind.ANSWER,
            "state": TurnState.ASKED,
            "open": True,
            "attempt": 0,
            "private": key.chat > 0,
            "note": "",
            "shown": [],
            "asked_at": self._database.clock(),
            "lease_duration": lease_duration,
            "wait": wait,
            **values,
        }
        (row,) = await self._new_turn.rows(connection, new)
        return int(row.id)

    async def _present_round(self, connection: AsyncConnection, conversation: object, asker: object) -> int:
        """The round that runs, or the last one in which this person has something."""
        own = func.max(case((turns.c.asker == asker, turns.c.round)))
        rounds = select(func.min(turns.c.round), own).where(turns.c.conversation == conversation, turns.c.open)
        return max(one or 0 for one in (await connection.execute(rounds)).one())

    async def newest_answer(self, connection: AsyncConnection, question: int) -> AnyRow | None:
        """The latest answer to a question, whichever counts."""
        mine = select(messages).where(messages.c.parent == question, messages.c.role == Role.ASSISTANT)
        return (await connection.execute(mine.order_by(messages.c.id.desc()).limit(1))).one_or_none()

    async def is_last(self, connection: AsyncConnection, conversation: int, question: int) -> bool:
        """Tell whether nothing was asked after this question, and nothing else waits."""
        last = await self.last_open(connection, conversation)
        if last is not None and last.question != question:
            return False
        newest = select(conversations.c.newest).where(conversations.c.id == conversation).scalar_subquery()
        own = select(messages.c.id).where(
            messages.c.id == newest, (messages.c.id == question) | (messages.c.parent == question)
        )
        return await connection.scalar(own) is not None

    async def attached_to(self, connection: AsyncConnection, question: int, key: ChatKey, *, below: bool) -> int | None:
        """The Telegram message of the question, where an answer needs to show what it answers."""
        if key.chat > 0 and not below:
            return None
        visible = await screen_of(connection, question)
        return visible[0].message_id if visible else None


def conversations_of(bot: int, chat: int, topic: int | None = None) -> Select[int]:
    """Selects the ids of a chat's conversations, or of one topic's."""
    here = select(conversations.c.id).where(conversations.c.bot == bot, conversations.c.chat == chat)
    return here if topic is None else here.where(conversations.c.topic == topic)


def conversations_of_person(bot: int, chat: int, person: int) -> Select[int]:
    """Selects the ids of a person's own conversations in a group."""
    return conversations_of(bot, chat).where(conversations.c.person == person)
