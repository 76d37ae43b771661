"""One answer as it is generated: by the chosen model or a fallback, with a count of its tokens and times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from typing import cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.answering.pictures import PictureLoader
from bot.conversation.group_context import GroupMessage
from bot.conversation.messages import AnswerRecord, Message, Turn, TurnKind
from bot.conversation.window import estimate, fit, go_on_from, left_open
from bot.errors import (
    GeneratorBroken,
    GeneratorBusy,
    GeneratorEmpty,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    QuestionTooLong,
)
from bot.generators.client import GeneratorClient
from bot.generators.contract import Messages, Piece, Prefilled, Thought, Unseen, Usage
from bot.generators.prefill import is_prefilled
from bot.generators.prompt import estimate_messages
from bot.models.catalog import ChosenModel, ModelCatalog
from bot.models.health import MAX_BUSY_WAIT, ModelHealth, is_models_fault
from bot.preferences import EffectivePreferences
from bot.runtime.observer import Observer

Heard = Callable[[Turn, Sequence[Message], EffectivePreferences], Awaitable[Sequence[GroupMessage]]]
"""Gives what was said in the group around a turn's question."""

MAX_GENERATION_TRIES = 3
"""Requests for one answer before another model is asked, or a person is told: one, and two more."""

Pieces = AsyncGenerator[Piece, None]


@dataclass(frozen=True, slots=True)
class Asking:
    """The parts that every answer is asked with."""

    models: ModelCatalog
    health: ModelHealth
    observer: Observer
    pictures: PictureLoader
    heard: Heard
    clock: Callable[[], float]
    """Unix times in seconds."""


class GeneratedAnswer:
    """Asks the chosen model, then its fallbacks, until one begins; closing `pieces` closes its connection."""

    def __init__(self, asking: Asking, turn: Turn, path: Sequence[Message], chosen: EffectivePreferences) -> None:
        self._models = asking.models
        self._health = asking.health
        self._observer = asking.observer
        self._clock = asking.clock
        self._loader = asking.pictures
        self._heard = asking.heard
        self._turn = turn
        self._path = path
        self._chosen = chosen
        self._asked_at = asking.clock()
        self._tries = 0
        self._first_at: float | None = None
        self._sent: Messages = []
        self._said: list[str] = []
        self._usage: Usage | None = None
        self.wanted = asking.models.resolve(chosen.model.value)
        """The model that was chosen."""
        self.model: ChosenModel | None = None
        """The model that answers, once it has begun."""
        self.unseen = False
        """Its server refused the pictures, and it answered the words."""

    @property
    def label(self) -> str:
        """The name of the model that answers, or of the one that was to."""
        return (self.model or self.wanted).label

    @property
    def server(self) -> str:
        """The name by which admins hear of its server: whatever model is asked for there, one outage is one word."""
        entry = (self.model or self.wanted).entry
        return entry.name if entry.id else self.label

    async def pieces(self) -> Pieces:
        """Give the answer's pieces; tries again before the first one where that may help. Raises GeneratorProblem.

        Every piece of every answer passes here, so this is one stage and not a chain of them.
        """
        try:
            model, first, rest = await self._begin_with_candidates()
            with self._noting_outcome(model):
                async with aclosing(rest):
                    if is_prefilled(self._sent):
                        yield Prefilled()
                    if self._count(first):
                        yield first
                    async for piece in rest:
                        if self._count(piece):
                            yield piece
        except GeneratorProblem as error:
            error.tries = self._tries
            if not self._has_nothing_to_add(error):
                raise

    def _has_nothing_to_add(self, problem: GeneratorProblem) -> bool:
        """Tell whether an answer that was to go on turned out to be complete."""
        return self._turn.kind is TurnKind.GO_ON and isinstance(problem, GeneratorEmpty)

    async def _begin_with_candidates(self) -> tuple[ChosenModel, Piece, Pieces]:
        """Ask one model after another until one begins; give it, its first piece and the rest."""
        candidates = self._health.candidates(self.wanted)
        problem: GeneratorProblem | None = None
        for number, model in enumerate(candidates):
            is_last = number + 1 == len(candidates)
            may_ask = self._health.may_ask(model.entry)
            if not may_ask and not (is_last and problem is None):
                continue  # the last one is asked in any case: there is nobody else
            try:
                tries = MAX_GENERATION_TRIES if may_ask else 1
                first, rest = await self._begin(model, tries=tries, patient=is_last)
            except GeneratorProblem as error:
                if self._has_nothing_to_add(error):
                    self._health.answered(model.entry)
                    raise
                self._health.failed(model.entry, error)
                if not is_models_fault(error):
                    raise
                problem = error
                continue
            except BaseException:
                self._health.left(model.entry)
                raise
            self.model, self._first_at = model, self._clock()
            return model, first, rest
        raise problem or GeneratorBroken("no model may be asked")

    def record(self) -> AnswerRecord | None:
        """Give the model, tokens and times of the answer so far. None: nothing was written."""
        if self.model is None or self._first_at is None:
            return None
        used = self._usage or Usage(estimate_messages(self._sent), estimate("".join(self._said)))
        return self._record(self.model, used, estimated=self._usage is None, first_at=self._first_at)

    def record_of_cut(self) -> AnswerRecord | None:
        """Estimate an earlier attempt that was cut, where this one, the last, wrote nothing. None: there was none."""
        if self._turn.begun <= 1:
            return None
        try:
            asked = estimate_messages(self._messages(self.wanted, (), ()))
        except QuestionTooLong:
            return None  # nobody was asked
        used = Usage(asked, estimate(self._turn.unfinished))
        return replace(self._record(self.wanted, used, estimated=True, first_at=self._asked_at), of_cut=True)

    def _record(self, model: ChosenModel, used: Usage, *, estimated: bool, first_at: float) -> AnswerRecord:
        prices = model.entry.prices
        return AnswerRecord(
            model=model.label,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            estimated=estimated,
            cost=prices.cost(used.input_tokens, used.output_tokens) if prices else None,
            currency=prices.currency if prices else "",
            asked_at=self._asked_at,
            first_at=first_at,
            ended_at=self._clock(),
            choice=model.choice,
        )

    @contextmanager
    def _noting_outcome(self, model: ChosenModel) -> Iterator[None]:
        """Note how the model did once it had begun."""
        try:
            yield
        except GeneratorProblem as error:
            self._health.failed(model.entry, error)
            raise
        except BaseException:
            self._health.answered(model.entry)  # somebody stopped it: it did write
            raise
        self._health.answered(model.entry)

    def _count(self, piece: Piece) -> bool:
        """Count a piece's tokens. Tells whether it is for people."""
        if isinstance(piece, Usage):
            self._usage = piece
            return False
        if isinstance(piece, Unseen):
            self.unseen = True
            return False
        if isinstance(piece, str):
            self._said.append(piece)
        elif isinstance(piece, Thought):
            self._said.append(piece.text)
        return True

    async def _begin(self, model: ChosenModel, *, tries: int, patient: bool) -> tuple[Piece, Pieces]:
        """Ask a model and wait for its first piece; `patient`: as long as it keeps the stream alive.

        Raises GeneratorProblem.
        """
        client, chosen = self._models.client(model.entry), self._chosen
        limits = client.config.timeouts
        longest = None if patient else limits.headers + limits.silence
        pictures = await self._loader.load(self._path) if model.entry.sees_pictures else {}
        messages = self._messages(model, list(pictures), await self._heard(self._turn, self._path, chosen))
        self._sent = messages
        if self._turn.kind is TurnKind.GO_ON:
            goes_on = is_prefilled(messages) and await client.goes_on(
                proxy=model.entry.route(chosen.proxy.value), model=model.model
            )
            self._sent = left_open(messages) if goes_on else go_on_from(messages)

        async def begin() -> tuple[Piece, Pieces]:
            self._tries += 1
            pieces = client.answer(
                self._sent,
                temperature=chosen.temperature.value,
                max_tokens=chosen.max_tokens.value,
                proxy=model.entry.route(chosen.proxy.value),
                model=model.model,
                pictures=list(pictures.values()),
            )
            try:
                return await self._first_of(pieces, longest), pieces
            except (GeneratorRefused, GeneratorBroken) as problem:
                await pieces.aclose()
                if not is_prefilled(self._sent):
                    raise
                self._sent = _asked_instead(messages, client, model, problem)
                return await begin()
            except BaseException:
                await pieces.aclose()
                raise

        try:
            return await begin()
        except GeneratorProblem as problem:
            if self._has_nothing_to_add(problem):
                raise
            failed: GeneratorProblem | None = problem

        async def begin_again() -> tuple[Piece, Pieces]:
            nonlocal failed
            if failed is not None:  # the first try was made without preparing for another one
                problem, failed = failed, None
                raise problem
            return await begin()

        trying = AsyncRetrying(
            stop=stop_after_attempt(tries),
            wait=_pause,
            retry=retry_if_exception(_may_help),
            before_sleep=self._tell_of_failure,
            reraise=True,
        )
        return cast("tuple[Piece, Pieces]", await trying(begin_again))

    def _messages(self, model: ChosenModel, seen: Sequence[str], heard: Sequence[GroupMessage]) -> Messages:
        """Give as much of the conversation as the model reads."""
        return fit(
            self._path,
            system=self._chosen.system_prompt.value,
            context=self._models.client(model.entry).context_tokens(model.model),
            answer_room=self._chosen.max_tokens.value,
            group=not self._turn.private,
            seen=seen,
            heard=heard,
        )

    async def _first_of(self, pieces: Pieces, longest: float | None) -> Piece:
        """Wait for the first piece that is for people, `longest` seconds at the most. Raises GeneratorProblem."""
        try:
            async with asyncio.timeout(longest):
                async for piece in pieces:
                    if not isinstance(piece, Usage):
                        return piece
                    self._usage = piece
        except TimeoutError:  # what drips is no silence
            raise GeneratorSilent(f"nothing to read came within {longest:g} s") from None
        raise GeneratorEmpty("the answer was empty")

    def _tell_of_failure(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._observer.generator_failed(type(error).__name__, tried_again=True)


def _asked_instead(
    messages: Messages, client: GeneratorClient, model: ChosenModel, problem: GeneratorProblem
) -> Messages:
    """Give the messages for a server that would not go on by itself, or had no more to say."""
    if isinstance(problem, GeneratorRefused):
        client.cannot_go_on(model.model)
    return go_on_from(messages)


def _may_help(error: BaseException) -> bool:
    """Tell whether another try can help, and soon enough."""
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after <= MAX_BUSY_WAIT
    return isinstance(error, GeneratorProblem) and error.retryable


_backoff = wait_random_exponential(multiplier=1, max=8)


def _pause(state: RetryCallState) -> float:
    """Give the seconds until the next try: as long as the generator asks for, else a growing random time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)
