"""Notes of `check` on what a model's server tells of it, beside what its entry says."""

from __future__ import annotations

from collections.abc import Iterator

from bot.generators.contract import ModelCard
from bot.models.entry import ModelEntry

PROBE_PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAATklEQVR42u3PQQkAAAgEsIti1ItuBN/CYAWWaV+LgICAgICAgICA"
    "gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgMBlAaMdAQ/kFX0GAAAAAElFTkSuQmCC"
)
"""A small picture, to be sent with the question of a trial."""
TUNED = "temperature"
"""The parameter that some models do not take; what else is sent, the protocol asks for."""


def card_notes(card: ModelCard, entry: ModelEntry, reads: int, *, refuses: bool) -> Iterator[str]:
    """Say what the server tells, and what the entry should say where it says otherwise.

    `reads` is the context in force; `refuses`: the server refused the picture of a trial.
    """
    yield from _of_context(card, entry, reads)
    yield from _of_sight(card, entry, refuses=refuses)
    if card.parameters is not None and TUNED not in card.parameters | entry.not_taken:
        yield f'it takes no {TUNED}: set not_taken = ["{TUNED}"]'


def _of_context(card: ModelCard, entry: ModelEntry, reads: int) -> Iterator[str]:
    if card.context is None or card.context == reads:
        return
    name = "context" if entry.id else "CONTEXT_TOKENS"
    verb = "reads" if card.context < reads else "could read"
    yield f"it {verb} {card.context} tokens: set {name}={card.context}"


def _of_sight(card: ModelCard, entry: ModelEntry, *, refuses: bool) -> Iterator[str]:
    name = "pictures" if entry.id else "OPENAI_SEES_PICTURES"
    if entry.sees_pictures:
        blind = refuses or card.sees_pictures is False
        yield f"it sees no pictures: set {name}=false" if blind else "it sees pictures"
    elif card.sees_pictures:
        yield f"it sees pictures: set {name}=true"
