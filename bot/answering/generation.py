"""Asking of the generator for one turn: the messages that fit, and another try where that can help."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from bot.conversation.messages import Message, Turn, TurnKind
from bot.conversation.window import fit, go_on_from
from bot.errors import GeneratorBroken, GeneratorBusy, GeneratorProblem
from bot.generators.contract import Piece
from bot.models.catalog import ModelCatalog
from bot.preferences import EffectivePreferences

MAX_GENERATION_TRIES = 3
"""Requests for one answer before a person is told that the generator fails: one, and two more."""
MAX_RETRY_AFTER = 20.0
"""Longest wait for another try, in seconds; a generator that asks for more has failed."""
MIN_TOKENS_PER_MESSAGE = 20
"""Shortest message we expect, in tokens. Bounds how many messages are read: context / this."""


class Generation:
    """Asks the model that is chosen; closing what `pieces` gives closes its connection."""

    def __init__(self, models: ModelCatalog) -> None:
        self._models = models

    def max_messages(self, chosen: EffectivePreferences) -> int:
        """Most messages of a conversation that the chosen model could take."""
        model = self._models.resolve(chosen.model.value)
        return self._models.client(model.entry).context_tokens(model.model) // MIN_TOKENS_PER_MESSAGE

    async def pieces(
        self, turn: Turn, path: Sequence[Message], chosen: EffectivePreferences
    ) -> AsyncGenerator[Piece, None]:
        """Give the answer's pieces; tries again before the first one where that may help. Raises GeneratorProblem."""
        model = self._models.resolve(chosen.model.value)
        client = self._models.client(model.entry)
        messages = fit(
            path,
            system=chosen.system_prompt.value,
            context=client.context_tokens(model.model),
            answer_room=chosen.max_tokens.value,
            group=not turn.private,
        )
        if turn.kind is TurnKind.GO_ON:
            messages = go_on_from(messages)

        async def begin() -> tuple[Piece, AsyncGenerator[Piece, None]]:
            pieces = client.answer(
                messages,
                temperature=chosen.temperature.value,
                max_tokens=chosen.max_tokens.value,
                proxy=model.entry.route(chosen.proxy.value),
                model=model.model,
            )
            try:
                return await anext(pieces), pieces
            except StopAsyncIteration:
                raise GeneratorBroken("the answer was empty") from None
            except BaseException:
                await pieces.aclose()
                raise

        tries = AsyncRetrying(
            stop=stop_after_attempt(MAX_GENERATION_TRIES),
            wait=_pause,
            retry=retry_if_exception(_may_help),
            reraise=True,
        )
        first, rest = cast("tuple[Piece, AsyncGenerator[Piece, None]]", await tries(begin))
        async with aclosing(rest):
            yield first
            async for piece in rest:
                yield piece


def _may_help(error: BaseException) -> bool:
    """Tell whether another try can help, and soon enough."""
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after <= MAX_RETRY_AFTER
    return isinstance(error, GeneratorProblem) and error.retryable


_backoff = wait_random_exponential(multiplier=1, max=8)


def _pause(state: RetryCallState) -> float:
    """Give the seconds until the next try: as long as the generator asks for, else a growing random time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, GeneratorBusy) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)
