"""The use cases of the queue of turns: what people want of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.answering.turns.chat_migration import ChatMigration
from bot.answering.turns.retention import Retention
from bot.answering.turns.timing import WorkerTiming
from bot.answering.turns.turn_context import TurnContext
from bot.answering.turns.turn_signals import TurnSignals
from bot.answering.turns.worker import Worker
from bot.conversation.messages import ChatKey, Question, Turn
from bot.storage.database import Database
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.answer_actions import AnswerActions
from bot.storage.turn_queue.cancel import EndedTurns, TurnCanceller
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.edit_question import QuestionEditor
from bot.storage.turn_queue.enqueue import Asked, QuestionQueue
from bot.storage.turn_queue.fairness import WaitingLimits
from bot.storage.turn_queue.join_question import JOIN_WAIT
from bot.storage.turn_queue.leases import Signal

__all__ = ["Asked", "TurnContext", "TurnService", "WorkerTiming"]


class TurnService:
    """Accepts what people ask for and runs it: turns of a conversation in order, conversations side by side.

    Every method raises StorageUnavailable.
    """

    def __init__(
        self,
        database: Database,
        table: TurnRepository,
        conversations: ConversationRepository,
        worker: Worker,
        signals: TurnSignals,
        migration: ChatMigration,
        retention: Retention,
        *,
        waiting: WaitingLimits,
    ) -> None:
        self._database = database
        self._table = table
        self._conversations = conversations
        self._worker = worker
        self._signals = signals
        self._migration = migration
        self._retention = retention
        self._asking = QuestionQueue(database)
        self._pressing = AnswerActions(database)
        self._editing = QuestionEditor(database)
        self._withdrawing = TurnCanceller(database)
        self._waiting = waiting

    async def start(self) -> None:
        """Take back what this replica left when it died, and begin to work."""
        await self._worker.start()
        await self._retention.prune()

    async def close(self, grace: float) -> None:
        """Take no new work; give what runs `grace` seconds, and hand the rest to whoever starts next."""
        await self._worker.close(grace)

    async def belongs(self, question: Question) -> bool:
        """Tell whether a message that addresses nobody belongs to a question: to its album, or its comment."""
        return await self._asking.belongs(question)

    async def ask(
        self,
        question: Question,
        *,
        dedup: str,
        limited: bool = True,
        admit: Callable[[], Awaitable[None]] | None = None,
    ) -> Asked:
        """Accept a question. The same `dedup` acts once. Raises TooManyWaiting unless any number may wait.

        `admit` raises what refuses a question; it is not asked for what belongs to one that was accepted.
        """
        async with self._database.transaction():
            claimant = self._worker.claimant
            limits = self._waiting if limited else None
            asked = await self._asking.accept(question, dedup=dedup, limits=limits, claimant=claimant, admit=admit)
            if asked.claimed is not None:
                self._worker.begin_claimed(asked.claimed)
                return asked
            if asked.restarts:
                await self._signals.tell(asked.turn, Signal.RESTART)
            waits = question.may_continue or asked.joined
            await self._worker.begin_soon(asked.chat, again_in=JOIN_WAIT if waits else 0.0)
        return asked

    async def edit(self, question: Question, *, outdated: str = "") -> bool:
        """Answer an edited question again. False: it is not in the conversation.

        `outdated` is the line below the old answer where the new one comes elsewhere.
        """
        async with self._database.transaction():
            edited = await self._editing.edit(question, outdated=outdated)
            if edited is None:
                return False
            if edited.runs and edited.turn is not None:
                await self._signals.tell(edited.turn, Signal.RESTART)
            await self._worker.begin_soon(question.key.chat)
        return True

    async def again(self, answer: int, *, by: int, language: str, model: str | None = None) -> Asked:
        """Answer the same question again, with the model in force or the one of a choice.

        In place for the last answer, below for an older. Raises AnswerNotFound.
        """
        async with self._database.transaction():
            asked = await self._pressing.again(answer, by=by, language=language, model=model)
            await self._worker.begin_soon(asked.chat)
        return asked

    async def go_on(self, answer: int, *, by: int, language: str) -> Asked:
        """Let a cut answer go on. Raises AnswerNotFound."""
        async with self._database.transaction():
            asked = await self._pressing.go_on(answer, by=by, language=language)
            await self._worker.begin_soon(asked.chat)
        return asked

    async def show(self, answer: int, *, by: int, language: str) -> Asked:
        """Put a version of an answer on the screen and let it count. Raises AnswerNotFound."""
        async with self._database.transaction():
            asked = await self._pressing.show(answer, by=by, language=language)
            await self._worker.begin_soon(asked.chat)
        return asked

    async def stop(self, key: ChatKey) -> bool:
        """Stop what a conversation does now. False: nothing."""
        for running in self._worker.running:
            if running.turn.key == key and not running.finished:
                return await self.stop_turn(running.turn.id)
        current = await self._table.current(key)
        return current is not None and await self.stop_turn(current.id)

    async def stop_turn(self, turn: int) -> bool:
        """Stop a turn, whichever replica runs it. False: it is finished, or never was."""
        self._worker.stop_here(turn)  # storing it only matters where this process dies, or another runs it
        async with self._database.transaction():
            if not await self._withdrawing.stop(turn):
                return False
            await self._signals.tell(turn, Signal.STOP)
            await self._worker.begin_soon()
        return True

    async def end_all(self, key: ChatKey) -> EndedTurns:
        """Stop and drop what a conversation was asked so far."""
        async with self._database.transaction():
            ended = await self._withdrawing.end_all(key)
            for turn in ended.stopped:
                await self._signals.tell(turn, Signal.STOP)
            await self._worker.begin_soon()
        return ended

    async def last_message(self, key: ChatKey) -> int | None:
        """The message that `undo` takes out: the question that was asked last, or the answer at the newest point."""
        waiting = await self._withdrawing.last_open_question(key)
        return await self._conversations.newest(key) if waiting is None else waiting

    async def undo(self, key: ChatKey, message: int) -> list[int] | None:
        """Take a question and its answers out. Gives the Telegram messages to delete. None: it is not there any more.

        `message` is the question, or an answer to it: see `last_message`.
        """
        async with self._database.transaction():
            under_way = await self._withdrawing.undo_open(key, message)
            if under_way is None:
                return await self._conversations.take_out(message)
            ended, message_ids = under_way
            for turn in ended:
                await self._signals.tell(turn, None)
            await self._worker.begin_soon(key.chat)
        return message_ids

    async def forget(self, bot: int, chat: int) -> None:
        """Erase everything about a chat; what runs there ends silently."""
        async with self._database.transaction():
            for turn in await self._withdrawing.open_turns(bot, chat):
                await self._signals.tell(turn, None)
            await self._conversations.forget(bot, chat)

    async def forget_person(self, bot: int, chat: int, person: int) -> None:
        """Erase a person's own conversations in a group; what runs in them ends silently."""
        async with self._database.transaction():
            for turn in await self._withdrawing.open_turns(bot, chat, person):
                await self._signals.tell(turn, None)
            await self._conversations.forget_person(bot, chat, person)

    async def migrate(self, bot: int, old: int, new: int) -> None:
        """A group has become a supergroup: everything moves along, and what runs starts over there."""
        await self._migration.migrate(bot, old, new)

    async def drop_chat(self, bot: int, chat: int) -> int:
        """Nothing can be said in a chat any more: its waiting questions have failed. Gives how many."""
        return await self._withdrawing.drop_waiting(bot, chat)

    async def get(self, turn: int) -> Turn | None:
        """A turn, finished or not. None: it never was, or was forgotten."""
        return await self._table.get(turn)

    async def current(self, key: ChatKey) -> Turn | None:
        """The turn that a conversation works on now, or next."""
        return await self._table.current(key)

    def is_writing(self, chat: int) -> bool:
        """Tell whether this process is writing an answer in a chat."""
        return any(running.turn.key.chat == chat and not running.finished for running in self._worker.running)

    def in_progress(self) -> int:
        """The number of turns that this process runs."""
        return len(self._worker.running)
