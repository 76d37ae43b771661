"""Generation of answers: which model is asked, and how many messages it could read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answering.generated_answer import Asking, GeneratedAnswer, Heard
from bot.answering.pictures import PictureLoader
from bot.conversation.messages import Message, Turn, TurnKind
from bot.models.catalog import ModelCatalog
from bot.models.health import ModelHealth
from bot.preferences import EffectivePreferences, Value
from bot.runtime.observer import Observer

MIN_TOKENS_PER_MESSAGE = 20
"""Shortest message we expect, in tokens. Bounds how many messages are read: context / this."""


class Generation:
    """Has answers written by the models of the catalog. `clock` gives Unix times in seconds."""

    def __init__(
        self,
        models: ModelCatalog,
        health: ModelHealth,
        observer: Observer,
        pictures: PictureLoader,
        *,
        heard: Heard | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._models = models
        self._health = health
        self._asking = Asking(models, health, observer, pictures, heard or _nothing, clock)

    def max_messages(self, chosen: EffectivePreferences) -> int:
        """Most messages of a conversation that the chosen model, or one that stands in for it, could take."""
        candidates = self._health.candidates(self._models.resolve(chosen.model.value))
        contexts = [self._models.client(one.entry).context_tokens(one.model) for one in candidates]
        return max(contexts) // MIN_TOKENS_PER_MESSAGE

    def preferences_of(self, turn: Turn, chosen: EffectivePreferences) -> EffectivePreferences:
        """Give the preferences of a turn: with the model that was chosen for its answer alone, if one was.

        An answer goes on with the model that began it, unless that went away.
        """
        gone = turn.model is not None and bool(self._models.resolve(turn.model).missing)
        if turn.model is None or (gone and turn.kind is TurnKind.GO_ON):
            return chosen
        return replace(chosen, model=Value(turn.model, chosen.model.source))

    def answer(self, turn: Turn, path: Sequence[Message], chosen: EffectivePreferences) -> GeneratedAnswer:
        """Prepare an answer; its `pieces` asks for it."""
        return GeneratedAnswer(self._asking, turn, path, chosen)


async def _nothing(_turn: Turn, _path: Sequence[Message], _chosen: EffectivePreferences) -> tuple[()]:
    """No group is read along."""
    return ()
