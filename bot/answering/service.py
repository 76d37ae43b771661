"""The queue of turns as use cases see it, and the rescue of turns whose work ended badly."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.answering.heartbeat import RETRY, WorkerTiming
from bot.answering.turn_context import TurnContext
from bot.answering.worker import Work, Worker
from bot.conversation.messages import ChatKey, Question, Turn, TurnState
from bot.errors import ChatMigrated, ChatUnavailable, StorageUnavailable, TopicUnavailable, Unauthorized
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.answer_actions import AnswerActions
from bot.storage.turn_queue.cancel import TurnCanceller
from bot.storage.turn_queue.claims import MAX_ATTEMPTS, Signal, TurnRepository
from bot.storage.turn_queue.edit_question import QuestionEditor
from bot.storage.turn_queue.enqueue import PASTE_WAIT, Asked, QuestionQueue

__all__ = ["Asked", "ServiceOptions", "TurnContext", "TurnService", "WorkerTiming"]

logger = logging.getLogger(__name__)

FINISHED_TURN_LIFETIME = 2 * 86_400.0
"""Seconds for which finished turns and update ids are remembered: limits look back a day, Telegram repeats for one."""
UNAUTHORIZED_RETRY_DELAY = 30.0
"""Seconds until an answer is tried again after Telegram did not know the token: the program is about to end."""
PRUNE_INTERVAL = 3600.0
"""Seconds between two prunings, and only after work was done."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """The bot and the process that work, and their bounds."""

    bot: int
    replica: str
    """The name under which this process claims turns."""
    room: int
    """Turns that run at once."""
    waiting: int
    """Questions of a chat that may wait behind others."""
    history: float | None = None
    """Seconds for which conversations are kept; None: for ever."""
    timing: WorkerTiming = field(default_factory=WorkerTiming)


class TurnService:
    """Accepts what people ask for and runs it: turns of a conversation in order, conversations side by side.

    `work` does one turn. Every method raises StorageUnavailable.
    """

    def __init__(
        self,
        database: Database,
        table: TurnRepository,
        conversations: ConversationRepository,
        tasks: TaskSupervisor,
        work: Work,
        options: ServiceOptions,
    ) -> None:
        self._database = database
        self._table = table
        self._conversations = conversations
        self._work = work
        self._asking = QuestionQueue(database)
        self._pressing = AnswerActions(database)
        self._editing = QuestionEditor(database)
        self._withdrawing = TurnCanceller(database)
        self._bot = options.bot
        self._waiting = options.waiting
        self._history = options.history
        self._timing = options.timing
        self._worker = Worker(
            database,
            table,
            conversations,
            tasks,
            self._do,
            self._settle,
            bot=options.bot,
            replica=options.replica,
            room=options.room,
            timing=options.timing,
        )
        self._pruned_at = -math.inf

    async def start(self) -> None:
        """Take back what this replica left when it died, and begin to work."""
        await self._worker.start()
        await self._prune()

    async def close(self, grace: float) -> None:
        """Take no new work; give what runs `grace` seconds, and hand the rest to whoever starts next."""
        await self._worker.close(grace)

    async def ask(self, question: Question, *, dedup: str) -> Asked:
        """Accept a question. The same `dedup` acts once. Raises TooManyWaiting."""
        async with self._database.transaction():
            claimant = self._worker.claimant
            asked = await self._asking.accept(question, dedup=dedup, limit=self._waiting, claimant=claimant)
            if asked.claimed is not None:
                self._worker.begin_claimed(asked.claimed)
                return asked
            if question.may_continue:
                self._database.after_commit(lambda: self._worker.wake_in(PASTE_WAIT))
            await self._worker.begin_soon(asked.chat)
        return asked

    async def edit(self, question: Question) -> bool:
        """Answer an edited question again. False: it is not in the conversation."""
        async with self._database.transaction():
            edited = await self._editing.edit(question)
            if edited is None:
                return False
            if edited.runs and edited.turn is not None:
                await self._worker.tell(edited.turn, Signal.RESTART)
            await self._worker.begin_soon(question.key.chat)
        return True

    async def again(self, answer: int, *, by: int, language: str) -> Asked:
        """Answer the same question again: in place for the last answer, below for an older. Raises AnswerNotFound."""
        async with self._database.transaction():
            asked = await self._pressing.again(answer, by=by, language=language)
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
            await self._worker.tell(turn, Signal.STOP)
            await self._worker.begin_soon()
        return True

    async def undo(self, key: ChatKey) -> list[int] | None:
        """Take the last question and its answers out. Gives the Telegram messages to delete. None: there is none."""
        async with self._database.transaction():
            under_way = await self._withdrawing.undo_open(key)
            if under_way is None:
                return await self._conversations.undo(key)
            ended, message_ids = under_way
            for turn in ended:
                await self._worker.tell(turn, None)
            await self._worker.begin_soon(key.chat)
        return message_ids

    async def forget(self, bot: int, chat: int) -> None:
        """Erase everything about a chat; what runs there ends silently."""
        async with self._database.transaction():
            for turn in await self._withdrawing.open_turns(bot, chat):
                await self._worker.tell(turn, None)
            await self._conversations.forget(bot, chat)

    async def migrate(self, bot: int, old: int, new: int) -> None:
        """A group has become a supergroup: everything moves along, and what runs starts over there."""
        async with self._database.transaction():
            for turn in await self._withdrawing.open_turns(bot, old):
                await self._worker.tell(turn, None)
            await self._withdrawing.restart_elsewhere(bot, old)
            await ChatRepository(self._database).migrate(bot, old, new)
            await self._worker.begin_soon(new)

    async def drop_chat(self, bot: int, chat: int) -> int:
        """Nothing can be said in a chat any more: its waiting questions have failed. Gives how many."""
        return await self._withdrawing.drop_waiting(bot, chat)

    async def get(self, turn: int) -> Turn | None:
        """A turn, finished or not. None: it never was, or was forgotten."""
        return await self._table.get(turn)

    async def current(self, key: ChatKey) -> Turn | None:
        """The turn that a conversation works on now, or next."""
        return await self._table.current(key)

    def in_progress(self) -> int:
        """The number of turns that this process runs."""
        return len(self._worker.running)

    @property
    def partitioning(self) -> ChatPartitioning:
        """The processes of this bot on this database, and the chats of each."""
        return self._worker.partitioning

    def on_replicas(self, changed: Callable[[int], None]) -> None:
        """Call `changed` whenever another number of processes lives; on SQLite it never does."""
        self._worker.on_replicas(changed)

    async def _do(self, running: TurnContext) -> None:
        await self._work(running)
        if self._timing.clock() - self._pruned_at > PRUNE_INTERVAL:
            await self._prune()

    async def _settle(self, running: TurnContext, error: BaseException | None) -> float | None:
        """Finish or queue a turn whose work ended without finishing it. Gives seconds until it may be tried again."""
        if isinstance(error, StorageUnavailable):
            return await self._release(running, after=RETRY)
        if isinstance(error, Unauthorized):
            return await self._release(running, after=UNAUTHORIZED_RETRY_DELAY)
        if isinstance(error, ChatMigrated):
            await self.migrate(self._bot, running.turn.key.chat, error.to)
            return None
        if isinstance(error, ChatUnavailable | TopicUnavailable):
            topic = running.turn.key.topic if isinstance(error, TopicUnavailable) else None
            await self._withdrawing.drop_waiting(self._bot, running.turn.key.chat, topic)
            await running.finish(TurnState.FAILED)
            return None
        return await self._failed(running, error)

    async def _failed(self, running: TurnContext, error: BaseException | None) -> float | None:
        """The work broke, or forgot to finish: again, until that has happened too often."""
        turn = running.turn
        if error is None:
            logger.error("turn %d: its work ended without finishing it", turn.id)
        else:
            logger.error("turn %d broke at attempt %d", turn.id, turn.attempt, exc_info=error)
        if error is None or turn.attempt > MAX_ATTEMPTS:
            await running.finish(TurnState.FAILED)
            return None
        return await self._release(running, after=RETRY * turn.attempt, counts=True)

    async def _release(self, running: TurnContext, *, after: float, counts: bool = False) -> float:
        await self._table.release(running.lease, again_after=after, counts=counts)
        return after

    async def _prune(self) -> None:
        """Forget what nobody needs any more."""
        self._pruned_at = self._timing.clock()
        now = self._database.clock()
        try:
            await self._table.prune(now - FINISHED_TURN_LIFETIME)
            await self._database.forget_updates(now - FINISHED_TURN_LIFETIME)
            if self._history is not None:
                await self._conversations.prune(now - self._history)
        except StorageUnavailable as error:
            logger.warning("Old rows stay for now: %s", error)
