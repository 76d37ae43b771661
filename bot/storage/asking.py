"""What queues a turn, changes one that waits, or takes one away: the people's side of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import ChatKey, Ending, Question, Role, Shown, TurnKind, TurnState
from bot.conversation.tree import put_together
from bot.errors import AnswerGone, TooManyWaiting
from bot.storage.conversations import ensure, put_shown, row_at, screen_of, take_out
from bot.storage.rows import AnyRow, shown_as_json, storable
from bot.storage.store import Store
from bot.storage.tables import conversations, messages, turns
from bot.storage.turns import WAITING, Signal

PATIENCE = 0.8
"""Seconds that a question waits for the rest of a paste that the app split."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question."""

    turn: int
    joined: bool = False
    """It went into a turn that was there already: the rest of a paste, the same press twice."""


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of an edit."""

    turn: int | None
    """The turn that answers it; None: nothing had changed."""
    runs: bool = False
    """It was being answered, and its owner has to be told to start over."""


class Asking:
    """Accepts what people want. Every method joins the transaction of the update. Raises StorageUnavailable."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def accept(self, question: Question, *, dedup: str, limit: int) -> Asked:
        """Queue a question. The same `dedup` acts once. Raises TooManyWaiting."""
        async with self._store.transaction() as connection:
            conversation = await self._enter(connection, question.key)
            known = await connection.scalar(select(turns.c.id).where(turns.c.dedup == dedup))
            if known is not None:
                return Asked(known, joined=True)
            last = await self._last_open(connection, conversation)
            if last is not None:
                joined = await self._join(connection, last, question)
                if joined:
                    return Asked(last.id, joined=True)
                await self._refuse_crowds(connection, question.key, limit)
            message = await self._new_question(connection, conversation, question)
            wait = self._store.now() + PATIENCE if question.may_continue else None
            turn = await self._queue(
                connection,
                question.key,
                conversation=conversation,
                dedup=dedup,
                question=message,
                reply_to=None if question.private else question.message_id,
                hangs_from=question.reply_to,
                asker=question.author.id,
                language=question.language,
                not_before=wait,
            )
        return Asked(turn)

    async def edit(self, question: Question) -> Edited | None:
        """An edited message: answer it again. None: it is not in the conversation."""
        async with self._store.transaction() as connection:
            conversation = await self._enter(connection, question.key)
            old = await row_at(connection, question.key.bot, question.key.chat, question.message_id)
            if old is None or old.role != Role.USER or old.conversation != conversation:
                return None
            turn = await self._open_turn_of(connection, old.id)
            if turn is not None:
                return await self._edit_open(connection, turn, old, question)
            if old.text == storable(question.text):
                return Edited(None)
            return Edited(await self._edit_answered(connection, old, question))

    async def again(self, answer: int, *, by: int, language: str) -> Asked:
        """Another answer to the same question: in place for the last one, below for an older. Raises AnswerGone."""
        async with self._store.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._open_turn_of(connection, row.parent)
            if busy is not None:
                return Asked(busy.id, joined=True)
            in_place = await self._is_last(connection, row.conversation, row.parent)
            turn = await self._queue(
                connection,
                key,
                conversation=row.conversation,
                question=row.parent,
                screen=row.screen if in_place else None,
                shown=await screen_of(connection, answer) if in_place else (),
                reply_to=await self._attached_to(connection, row.parent, key, below=not in_place),
                asker=by,
                language=language,
            )
        return Asked(turn)

    async def go_on(self, answer: int, *, by: int, language: str) -> Asked:
        """Let a cut answer go on, in its messages. Raises AnswerGone."""
        return await self._on_screen(answer, TurnKind.GO_ON, by=by, language=language)

    async def show(self, answer: int, *, by: int, language: str) -> Asked:
        """Put this version of an answer on the screen; it counts from then on. Raises AnswerGone."""
        return await self._on_screen(answer, TurnKind.SHOW, by=by, language=language)

    async def stop(self, turn: int) -> bool:
        """Stop a turn; its owner has to be told. One that has not begun is finished here. False: nothing to stop."""
        async with self._store.transaction() as connection:
            this = select(turns.c.id, turns.c.owner, turns.c.state).where(turns.c.id == turn, turns.c.open)
            row = (await connection.execute(this.with_for_update())).one_or_none()
            if row is None:
                return False
            if row.owner is None and row.state == TurnState.ASKED:
                await self._finish_waiting(connection, turns.c.id == turn, TurnState.STOPPED)
            else:
                await connection.execute(
                    update(turns).where(turns.c.id == turn).values(signal=Signal.STOP, not_before=None)
                )
            return True

    async def drop_waiting(self, bot: int, chat: int, topic: int | None = None) -> int:
        """The chat, or one topic of it, is gone: its waiting turns have failed. Gives how many."""
        async with self._store.transaction() as connection:
            return await self._finish_waiting(
                connection, turns.c.conversation.in_(_conversations_of(bot, chat, topic)), TurnState.FAILED
            )

    async def open_turns(self, bot: int, chat: int) -> list[int]:
        """The open turns of a chat."""
        async with self._store.reading() as connection:
            mine = select(turns.c.id).where(turns.c.open, turns.c.conversation.in_(_conversations_of(bot, chat)))
            return list((await connection.scalars(mine)).all())

    async def restart_elsewhere(self, bot: int, chat: int) -> None:
        """The chat has another id: its Telegram messages mean nothing any more, what was under way begins anew."""
        mine = turns.c.open & turns.c.conversation.in_(_conversations_of(bot, chat))
        fresh: dict[str, object] = {
            "owner": None,
            "lease_until": None,
            "shown": [],
            "reply_to": None,
            "hangs_from": None,
            "screen": None,
        }
        async with self._store.transaction() as connection:
            await connection.execute(update(turns).where(mine).values(fresh))

    async def undo_open(self, key: ChatKey) -> tuple[int, list[int]] | None:
        """Take out the question of the newest open turn: the turn, and the Telegram messages to delete."""
        async with self._store.transaction() as connection:
            conversation = await self._enter(connection, key)
            last = await self._last_open(connection, conversation)
            if last is None:
                return None
            under_way = [one["id"] for one in last.shown if one["id"] is not None]
            stored = await take_out(connection, last.question)
            return last.id, sorted({*under_way, *stored})

    async def _enter(self, connection: AsyncConnection, key: ChatKey) -> int:
        """The conversation's id. Until the transaction ends nobody else accepts anything for it: ids show the order."""
        conversation = await ensure(self._store, connection, key)
        await self._store.one_at_a_time(connection, f"conversation {conversation}")
        return conversation

    async def _last_open(self, connection: AsyncConnection, conversation: int) -> AnyRow | None:
        here = select(turns).where(turns.c.conversation == conversation, turns.c.open)
        newest = here.order_by(turns.c.id.desc()).limit(1).with_for_update()
        return (await connection.execute(newest)).one_or_none()

    async def _open_turn_of(self, connection: AsyncConnection, question: int) -> AnyRow | None:
        mine = select(turns).where(turns.c.question == question, turns.c.open).order_by(turns.c.id).limit(1)
        return (await connection.execute(mine.with_for_update())).one_or_none()

    async def _join(self, connection: AsyncConnection, last: AnyRow, question: Question) -> bool:
        """Append the rest of a paste to the question that waits for it."""
        now = await connection.scalar(select(self._store.now()))
        waits = last.owner is None and last.not_before is not None and now is not None and last.not_before > now
        if not waits or last.asker != question.author.id:
            return False
        if await row_at(connection, question.key.bot, question.key.chat, question.message_id) is None:
            first = await connection.scalar(select(messages.c.text).where(messages.c.id == last.question))
            whole = put_together(first or "", storable(question.text))
            await connection.execute(update(messages).where(messages.c.id == last.question).values(text=whole))
            await self._show_question(connection, question, last.question)
            wait = self._store.now() + PATIENCE if question.may_continue else None
            await connection.execute(update(turns).where(turns.c.id == last.id).values(not_before=wait))
        return True

    async def _refuse_crowds(self, connection: AsyncConnection, key: ChatKey, limit: int) -> None:
        """Count the questions of a chat that wait behind another one of their conversation."""
        earlier = turns.alias("earlier")
        behind = exists().where(
            earlier.c.conversation == turns.c.conversation, earlier.c.open, earlier.c.id < turns.c.id
        )
        here = turns.c.conversation.in_(_conversations_of(key.bot, key.chat))
        waiting = select(func.count()).select_from(turns).where(WAITING, here, behind)
        if (await connection.scalar(waiting) or 0) >= limit:
            raise TooManyWaiting(limit=limit)

    async def _new_question(
        self,
        connection: AsyncConnection,
        conversation: int,
        question: Question,
        *,
        beside: AnyRow | None = None,
        in_place: bool = False,
    ) -> int:
        """Store what was asked: without its place in the tree yet, or beside the question that it replaces."""
        quote = question.quote
        asked = beside.asked or beside.id if beside is not None and in_place else None
        new = {
            "conversation": conversation,
            "parent": beside.parent if beside is not None else None,
            "placed": beside is not None,
            "role": Role.USER,
            "text": storable(question.text),
            "thoughts": "",
            "ending": Ending.COMPLETE,
            "author": "" if question.private else storable(question.author.name),
            "author_id": question.author.id,
            "asked": asked,
            "quote_author": None if quote is None else storable(quote.author),
            "quote_text": None if quote is None else storable(quote.text),
            "at": self._store.clock(),
        }
        message = (await connection.execute(messages.insert().values(new).returning(messages.c.id))).scalar_one()
        await self._show_question(connection, question, message)
        return int(message)

    async def _show_question(self, connection: AsyncConnection, question: Question, message: int) -> None:
        row = {
            "bot": question.key.bot,
            "chat": question.key.chat,
            "message_id": question.message_id,
            "message": message,
            "position": 0,
            "part": {},
            "sealed": True,
        }
        await put_shown(self._store, connection, [row])

    async def _queue(
        self, connection: AsyncConnection, key: ChatKey, *, shown: Sequence[Shown] = (), **values: object
    ) -> int:
        new = {
            "bot": key.bot,
            "kind": TurnKind.ANSWER,
            "state": TurnState.ASKED,
            "open": True,
            "attempt": 0,
            "private": key.chat > 0,
            "note": "",
            "shown": shown_as_json(shown),
            "asked_at": self._store.clock(),
            **values,
        }
        return int((await connection.execute(turns.insert().values(new).returning(turns.c.id))).scalar_one())

    async def _edit_open(self, connection: AsyncConnection, turn: AnyRow, old: AnyRow, question: Question) -> Edited:
        """Edit a question whose turn is not finished: before it begins in place, else the answer starts over."""
        if old.text == storable(question.text):
            return Edited(None)
        if not old.placed:
            await connection.execute(
                update(messages).where(messages.c.id == old.id).values(text=storable(question.text))
            )
            return Edited(turn.id)
        new = await self._new_question(connection, turn.conversation, question, beside=old, in_place=True)
        over = {"question": new, "kind": TurnKind.ANSWER, "answer": None, "note": ""}
        anew = {"signal": Signal.RESTART} if turn.owner is not None else {"state": TurnState.ASKED, "attempt": 0}
        await connection.execute(update(turns).where(turns.c.id == turn.id).values(**over, **anew))
        await self._take_the_place(connection, turn.conversation, old.id, new)
        return Edited(turn.id, runs=turn.owner is not None)

    async def _edit_answered(self, connection: AsyncConnection, old: AnyRow, question: Question) -> int:
        """Edit a question that was answered: the last one in its messages, an older one below."""
        if not old.placed:  # its turn was stopped or given up before it began
            new = await self._new_question(connection, old.conversation, question)
            last, answer = False, None
        else:
            last = await self._is_last(connection, old.conversation, old.id)
            answer = await self._newest_answer(connection, old.id)
            new = await self._new_question(connection, old.conversation, question, beside=old, in_place=last)
        if last:
            await self._take_the_place(connection, old.conversation, old.id, new)
        in_place = last and answer is not None
        return await self._queue(
            connection,
            question.key,
            conversation=old.conversation,
            question=new,
            screen=answer.screen if in_place and answer is not None else None,
            shown=await screen_of(connection, answer.id) if in_place and answer is not None else (),
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

    async def _newest_answer(self, connection: AsyncConnection, question: int) -> AnyRow | None:
        mine = select(messages).where(messages.c.parent == question, messages.c.role == Role.ASSISTANT)
        return (await connection.execute(mine.order_by(messages.c.id.desc()).limit(1))).one_or_none()

    async def _is_last(self, connection: AsyncConnection, conversation: int, question: int) -> bool:
        """Whether nothing was asked after this question, and nothing waits."""
        if await self._last_open(connection, conversation) is not None:
            return False
        newest = select(conversations.c.newest).where(conversations.c.id == conversation).scalar_subquery()
        own = select(messages.c.id).where(
            messages.c.id == newest, (messages.c.id == question) | (messages.c.parent == question)
        )
        return await connection.scalar(own) is not None

    async def _answer(self, connection: AsyncConnection, answer: int) -> tuple[AnyRow, ChatKey]:
        """An answer that is still in its tree, and its conversation, entered. Raises AnswerGone."""
        this = select(messages, conversations.c.bot, conversations.c.chat, conversations.c.topic).join(conversations)
        asked = messages.c.role == Role.ASSISTANT, messages.c.parent.is_not(None)
        row = (await connection.execute(this.where(messages.c.id == answer, *asked))).one_or_none()
        if row is None:
            raise AnswerGone
        await self._store.one_at_a_time(connection, f"conversation {row.conversation}")
        return row, ChatKey(row.bot, row.chat, row.topic)

    async def _on_screen(self, answer: int, kind: TurnKind, *, by: int, language: str) -> Asked:
        async with self._store.transaction() as connection:
            row, key = await self._answer(connection, answer)
            busy = await self._open_turn_of(connection, row.parent)
            if busy is not None:
                return Asked(busy.id, joined=True)
            turn = await self._queue(
                connection,
                key,
                kind=kind,
                conversation=row.conversation,
                question=row.parent,
                answer=answer,
                screen=row.screen,
                shown=await screen_of(connection, answer),
                reply_to=await self._attached_to(connection, row.parent, key, below=False),
                asker=by,
                language=language,
            )
        return Asked(turn)

    async def _attached_to(
        self, connection: AsyncConnection, question: int, key: ChatKey, *, below: bool
    ) -> int | None:
        """The Telegram message of the question, where an answer needs to show what it answers."""
        if key.chat > 0 and not below:
            return None
        visible = await screen_of(connection, question)
        return visible[0].message_id if visible else None

    async def _finish_waiting(self, connection: AsyncConnection, which: ColumnElement[bool], state: TurnState) -> int:
        ended = {"state": state, "open": False, "finished_at": self._store.now()}
        waiting = update(turns).where(and_(WAITING, which))
        return (await connection.execute(waiting.values(ended))).rowcount


def _conversations_of(bot: int, chat: int, topic: int | None = None) -> Select[int]:
    here = select(conversations.c.id).where(conversations.c.bot == bot, conversations.c.chat == chat)
    return here if topic is None else here.where(conversations.c.topic == topic)
