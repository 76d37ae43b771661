"""Turns whose work tests hold in their hands."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from itertools import count

from bot.answering.turns.membership import Membership
from bot.answering.turns.service import Asked, WorkerTiming
from bot.answering.turns.turn_context import TurnContext, Work
from bot.answering.turns.wiring import TurnLimits, make_turn_service
from bot.conversation.messages import Author, ChatKey, Ending, Message, Question, Shown, Turn, TurnState
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.question_times import QuestionTimes
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.fairness import WaitingLimits

ANN, BOB = Author(5, "Ann"), Author(6, "Bob")
PRIVATE = ChatKey(1, 5)
GROUP = ChatKey(1, -100)


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for something that comes about elsewhere."""
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if met if isinstance(met, bool) else await met:
                return
            await asyncio.sleep(0.005)


class Bench:
    """One process with its turns; the work writes `answer to <question>` once `let_go` allows."""

    def __init__(
        self,
        database: Database,
        *,
        bot: int = 1,
        replica: str = "a",
        room: int = 10,
        waiting: int = 5,
        chat_waiting: int = 50,
        timing: WorkerTiming | None = None,
        history: float | None = None,
    ) -> None:
        self.database = database
        self.tasks = TaskSupervisor()
        self.table = TurnRepository(database)
        self.question_times = QuestionTimes(database)
        self.conversations = ConversationRepository(database)
        self.begun: list[str] = []
        """The texts of the questions, in the order in which their turns began."""
        self.turns_begun: list[TurnContext] = []
        self.paths: list[list[Message]] = []
        self.ends: list[str] = []
        """How each work ended: the state, or the exception's name."""
        self.errors: list[BaseException] = []
        """Raised by the work instead of writing, one after another."""
        self.work: Work = self.do
        """Does a turn; tests put other work here."""
        self.ending = Ending.COMPLETE
        """How the generator ends its answers."""
        self.last_edit = asyncio.Event()
        """Cleared: answers are written and stored, but not wholly on the screen."""
        self.last_edit.set()
        self._go: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._all_go = True
        self._message_ids = count(1000)
        self._updates = count(1)
        timing = timing or WorkerTiming()
        self.membership = Membership(
            database, self.table, bot=bot, replica=replica, lease_duration=timing.lease_duration
        )
        limits = TurnLimits(room=room, waiting=WaitingLimits(waiting, chat_waiting), history=history)
        self.turns = make_turn_service(
            database, self.table, self.conversations, self.tasks, self.membership, self._do, limits, timing
        )

    def hold(self) -> None:
        """Let no answer end any more until it is let go."""
        self._all_go = False

    def let_go(self, text: str | None = None) -> None:
        """Let the answer to this question end, or all of them."""
        if text is None:
            self._all_go = True
            for event in self._go.values():
                event.set()
        else:
            self._go[text].set()

    async def ask(
        self,
        text: str,
        key: ChatKey = PRIVATE,
        *,
        message_id: int | None = None,
        author: Author = ANN,
        reply_to: int | None = None,
        may_continue: bool = False,
        dedup: str | None = None,
        limited: bool = True,
    ) -> Asked:
        number = next(self._updates)
        question = Question(
            key=key,
            message_id=message_id or number,
            text=text,
            author=author,
            private=key.chat > 0,
            language="en",
            reply_to=reply_to,
            may_continue=may_continue,
        )
        return await self.turns.ask(question, dedup=dedup or f"{key.bot}:{number}", limited=limited)

    async def edit(self, text: str, message_id: int, key: ChatKey = PRIVATE, author: Author = ANN) -> bool:
        return await self.turns.edit(Question(key, message_id, text, author, key.chat > 0, "en"), outdated="Changed")

    async def has_begun(self, text: str, times: int = 1) -> TurnContext:
        """Wait until the turn of a question has begun for the n-th time."""
        await until(lambda: self.begun.count(text) >= times)
        at = [index for index, begun in enumerate(self.begun) if begun == text][times - 1]
        return self.turns_begun[at]

    async def is_over(self, turn: int) -> Turn:
        """Wait until a turn is finished."""

        async def over() -> bool:
            found = await self.turns.get(turn)
            return found is not None and found.state.finished

        await until(over)
        found = await self.turns.get(turn)
        assert found is not None
        return found

    async def answered(self, text: str, key: ChatKey = PRIVATE) -> int:
        """Ask, and wait for the answer. Gives its id."""
        turn = await self.is_over((await self.ask(text, key)).turn)
        assert turn.answer is not None
        return turn.answer

    async def again(self, answer: int) -> int:
        """Have the question answered once more. Gives the new answer's id."""
        turn = await self.is_over((await self.turns.again(answer, by=ANN.id, language="en")).turn)
        assert turn.answer is not None
        return turn.answer

    async def undo(self, key: ChatKey) -> list[int] | None:
        """Take the last question out. None: there is none."""
        last = await self.turns.last_message(key)
        return None if last is None else await self.turns.undo(key, last)

    async def ask_by_id(self, text: str, message_id: int, *, reply_to: int | None = None) -> int:
        """Ask in a Telegram message of this id, and wait for the answer. Gives its id."""
        turn = await self.is_over((await self.ask(text, message_id=message_id, reply_to=reply_to)).turn)
        assert turn.answer is not None
        return turn.answer

    async def said(self, key: ChatKey = PRIVATE) -> list[str]:
        """The conversation in force, as texts."""
        return [message.text for message in await self.conversations.history(key)]

    async def _do(self, running: TurnContext) -> None:
        await self.work(running)

    async def do(self, running: TurnContext) -> None:
        try:
            await self._answer(running)
        except BaseException as error:
            self.ends.append(type(error).__name__)
            raise
        self.ends.append(running.turn.state)

    async def _answer(self, running: TurnContext) -> None:
        path = await running.begin()
        asked = next(message.text for message in reversed(path) if message.role == "user")
        self.paths.append(path)
        self.turns_begun.append(running)
        self.begun.append(asked)
        if self.errors:
            raise self.errors.pop(0)
        if running.turn.state is not TurnState.SHOWING:
            await self._write(running, path, asked)
        await self.last_edit.wait()
        await running.finish(TurnState.STOPPED if running.stopped else TurnState.DONE)

    async def _write(self, running: TurnContext, path: list[Message], asked: str) -> None:
        if not any(shown.message_id for shown in running.shown):
            await running.keep([Shown(next(self._message_ids))])
        with running.stoppable():
            if not self._all_go:
                await self._go[asked].wait()
        text = f"{path[-1].text}, and more" if running.turn.kind == "go_on" else f"answer to {asked}"
        await running.wrote(text, "", Ending.STOPPED if running.stopped else self.ending)
