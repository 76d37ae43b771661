"""One turn, from its question to its last edit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.answering import keyboards
from bot.answering.service import TurnContext
from bot.conversation.messages import Ending, Message, Turn, TurnKind, TurnState
from bot.conversation.window import fit, go_on_from
from bot.delivery.entities import is_visible
from bot.delivery.reply import Reply
from bot.errors import (
    ChatUnavailable,
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    InterruptedTooOften,
    TopicUnavailable,
)
from bot.generators.contract import Finish, Piece, Thought
from bot.generators.registry import Registry
from bot.preferences import EffectivePreferences, Preferences
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.claims import MAX_FAULTS
from bot.streaming.live_reply import LiveReply, LiveReplyFactory
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.texts import Texts

logger = logging.getLogger(__name__)

MAX_TRIES = 3
"""How often a generator is asked before a person is told that it fails: once, and twice more."""
MAX_RETRY_AFTER = 20.0
"""Seconds that a person waits for another try at the most; a generator that asks for more has failed."""

MIN_TOKENS_PER_MESSAGE = 20
"""Tokens of a short message: of a long conversation no more is read than so many of them that the generator takes."""

_NOTES = {Ending.STOPPED: "answer-stopped", Ending.LENGTH: "answer-cut-by-limit"}


@dataclass(slots=True)
class _Answer:
    """An answer while it is being written and shown."""

    reply: Reply
    live: LiveReply
    showing: asyncio.Task[None]
    before: bool
    """Whether there was text before this turn, which goes on with it."""
    thoughts: list[str] = field(default_factory=list)
    ending: Ending = Ending.COMPLETE
    note: str = ""

    def take(self, piece: Piece) -> None:
        """Put a piece where it belongs. Raises as `check` does: nobody reads what would be written."""
        if isinstance(piece, Thought):
            self.thoughts.append(piece.text)
            self.reply.think(piece.text)
        elif isinstance(piece, Finish):
            self.ending = Ending.LENGTH if piece.reason == "length" else Ending.COMPLETE
        else:
            self.reply.write(piece)
        self.live.touch()
        self.check()

    def check(self) -> None:
        """Raise what ended the showing before its time."""
        if self.showing.done():
            self.showing.result()

    def fail(self) -> None:
        """The generator failed: what was written stays."""
        self.ending = Ending.BROKEN if self.is_visible else Ending.FAILED

    @property
    def is_visible(self) -> bool:
        """Whether there is anything that Telegram would show."""
        return self.before or is_visible(self.reply.text)


class Answerer:
    """Carries a claimed turn to its end: asks the generator, shows what it writes, keeps what was written."""

    def __init__(
        self,
        *,
        conversations: ConversationRepository,
        preferences: Preferences,
        registry: Registry,
        live_replies: LiveReplyFactory,
        tasks: TaskSupervisor,
        texts: Texts,
        context_tokens: Callable[[], int],
    ) -> None:
        self._conversations = conversations
        self._preferences = preferences
        self._registry = registry
        self._surfaces = live_replies
        self._tasks = tasks
        self._texts = texts
        self._context_tokens = context_tokens

    async def work(self, running: TurnContext) -> None:
        """Do what the turn still needs; when this returns, the turn is finished.

        Raises what ends a turn early: ChatUnavailable, TopicUnavailable, ChatMigrated, LeaseLost,
        StorageUnavailable, CancelledError.
        """
        turn = running.turn
        chosen = await self._preferences.effective(turn.key)
        if turn.kind is TurnKind.SHOW or turn.state is TurnState.SHOWING:
            await self._deliver(running, chosen)
        else:
            await self._write(running, chosen)

    async def _write(self, running: TurnContext, chosen: EffectivePreferences) -> None:
        path = await running.begin(self._context_tokens() // MIN_TOKENS_PER_MESSAGE)
        turn = running.turn
        reply = self._reply(turn, chosen)
        if turn.kind is TurnKind.GO_ON:
            reply.write(path[-1].text)
        live = self._open(running, reply, chosen, keyboards.while_writing(turn.id, turn.attempt, self._translate(turn)))
        showing = self._tasks.start(live.run(), name=f"show turn {turn.id}", awaited=True)
        showing.add_done_callback(lambda _: running.interrupt())
        answer = _Answer(reply, live, showing, before=turn.kind is TurnKind.GO_ON)
        try:
            try:
                await self._ask(running, path, chosen, answer)
            except (ChatUnavailable, TopicUnavailable):
                await self._keep_cut(running, answer)
                raise
            reply.end(answer.note)
            kept = await running.wrote(reply.text, "".join(answer.thoughts), answer.ending, answer.note)
            keyboard = await self._final_keyboard(turn, kept, answer.ending)
            live.end(keyboard)
            try:
                await showing
            except (ChatUnavailable, TopicUnavailable):
                await live.leave(keyboard)
                raise
        finally:
            showing.cancel()
            await asyncio.wait([showing])
        await running.finish(_state(answer.ending))

    async def _deliver(self, running: TurnContext, chosen: EffectivePreferences) -> None:
        """Put a stored answer on the screen: after a crash, or another version of it."""
        turn = running.turn
        answer = await self._conversations.message(turn.answer) if turn.answer else None
        if answer is None:
            await running.finish(TurnState.FAILED)
            return
        reply = self._reply(turn, chosen)
        reply.think(answer.thoughts)
        reply.write(answer.text)
        reply.end(turn.note or self._note(turn, answer.ending))
        keyboard = await self._final_keyboard(turn, answer.id, answer.ending)
        live = self._open(running, reply, chosen, keyboard)
        live.end(keyboard)
        await live.run()
        await running.finish(_state(answer.ending))

    async def _ask(
        self, running: TurnContext, path: list[Message], chosen: EffectivePreferences, answer: _Answer
    ) -> None:
        """Let the generator write. Its failure is an ending, not an error. Raises what ends the showing."""
        turn = running.turn
        try:
            if turn.faults >= MAX_FAULTS:
                raise InterruptedTooOften("the process died of it, or it failed, too often")
            with running.stoppable():
                async with aclosing(self._pieces(turn, path, chosen)) as pieces:
                    async for piece in pieces:
                        answer.take(piece)
            answer.check()
            if not (running.stopped or answer.is_visible):
                raise GeneratorBroken("there is nothing to see in the answer")
        except GeneratorProblem as error:
            logger.warning("turn %d: %s: %s", turn.id, type(error).__name__, error)
            answer.fail()
            answer.note = self._texts.get(turn.language, error.key, **error.details)
            return
        if running.stopped:
            answer.ending = Ending.STOPPED
        answer.note = self._note(turn, answer.ending)

    async def _pieces(
        self, turn: Turn, path: list[Message], chosen: EffectivePreferences
    ) -> AsyncGenerator[Piece, None]:
        """The pieces of the answer; before the first of them, another try where that can help."""
        messages = fit(
            path,
            system=chosen.system_prompt.value,
            context=self._context_tokens(),
            answer_room=chosen.max_tokens.value,
            group=not turn.private,
        )
        if turn.kind is TurnKind.GO_ON:
            messages = go_on_from(messages)

        async def begin() -> tuple[Piece, AsyncGenerator[Piece, None]]:
            pieces = self._registry.answer(
                messages,
                temperature=chosen.temperature.value,
                max_tokens=chosen.max_tokens.value,
                proxy=chosen.proxy.value,
                model=chosen.model.value,
            )
            try:
                return await anext(pieces), pieces
            except StopAsyncIteration:
                raise GeneratorBroken("the answer was empty") from None
            except BaseException:
                await pieces.aclose()
                raise

        tries = AsyncRetrying(
            stop=stop_after_attempt(MAX_TRIES), wait=_pause, retry=retry_if_exception(_may_help), reraise=True
        )
        first, rest = cast("tuple[Piece, AsyncGenerator[Piece, None]]", await tries(begin))
        async with aclosing(rest):
            yield first
            async for piece in rest:
                yield piece

    def _reply(self, turn: Turn, chosen: EffectivePreferences) -> Reply:
        return Reply(thoughts=chosen.thoughts.value, thoughts_title=self._texts.get(turn.language, "answer-thoughts"))

    def _open(self, running: TurnContext, reply: Reply, chosen: EffectivePreferences, keyboard: Keyboard) -> LiveReply:
        turn = running.turn
        place = Destination(
            chat=turn.key.chat, thread=turn.key.topic or None, reply_to=turn.reply_to, private=turn.private
        )
        return self._surfaces.open(
            place,
            running,
            reply,
            streaming=chosen.streaming.value,
            keyboard=keyboard,
            draft_id=turn.id,
            resumed=running.inherited_budget,
        )

    async def _keep_cut(self, running: TurnContext, answer: _Answer) -> None:
        """The bot may not write there any more: what stands there counts, and goes on from there once it may again."""
        if answer.live.begun and answer.is_visible:
            kept = await running.wrote(answer.reply.text, "".join(answer.thoughts), Ending.BROKEN)
            await answer.live.leave(await self._final_keyboard(running.turn, kept, Ending.BROKEN))

    async def _final_keyboard(self, turn: Turn, answer: int, ending: Ending) -> Keyboard:
        versions = await self._conversations.versions(answer)
        if ending is Ending.FAILED:
            return keyboards.after_failure(answer, versions, self._translate(turn))
        return keyboards.when_done(answer, versions, ending, self._translate(turn))

    def _note(self, turn: Turn, ending: Ending) -> str:
        """The line under an answer that did not end by itself; without it one without text would show nothing."""
        return self._texts.get(turn.language, _NOTES[ending]) if ending in _NOTES else ""

    def _translate(self, turn: Turn) -> keyboards.Translate:
        return lambda key: self._texts.get(turn.language, key)


def _state(ending: Ending) -> TurnState:
    match ending:
        case Ending.STOPPED:
            return TurnState.STOPPED
        case Ending.FAILED:
            return TurnState.FAILED
        case _:
            return TurnState.DONE


def _may_help(error: BaseException) -> bool:
    """Whether another try can help, and soon enough."""
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after <= MAX_RETRY_AFTER
    return isinstance(error, GeneratorProblem) and error.retryable


_backoff = wait_random_exponential(multiplier=1, max=8)


def _pause(state: RetryCallState) -> float:
    """Seconds until the next try: what the generator asks for, else a growing random time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)
