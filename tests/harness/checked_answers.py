"""Answers of which can be told whether they are whole: each bears its question's name and a checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tests.harness.telegram_people import Json, is_being_written, labels

SURE = 60
"""Characters by which two messages are known to begin alike."""

_WHOLE = re.compile(r"<(\w+)>(.*?)<(\w+) ([0-9a-f]{8})>", re.DOTALL)


def answer_to(name: str, words: int = 40) -> str:
    """The one right answer to the question of this name."""
    body = " ".join(f"{name}w{number}" for number in range(words))
    return f"<{name}> {body} <{name} {_checksum(body)}>"


def pieces_of(text: str, size: int = 60) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _checksum(body: str) -> str:
    return hashlib.blake2b("".join(body.split()).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class Count:
    """What became of the questions of one chat."""

    answers: list[tuple[str, list[Json]]]
    """The whole answers as they stand in the chat: the name of the question, and the messages."""
    orphans: list[Json]
    """Messages of the bot that belong to no whole answer: left by a send whose outcome nobody knew."""

    @property
    def whole(self) -> list[str]:
        """The names of the questions with a whole answer, as often as it stands there."""
        return [name for name, _ in self.answers]


def count(messages: Sequence[Json]) -> Count:
    """Put the bot's messages together into answers.

    A message that the next one repeats from its beginning was sent twice; whatever begins with `<` begins an answer.
    """
    whole: list[tuple[str, list[Json]]] = []
    orphans: list[Json] = []
    parts: list[Json] = []
    for message, following in zip_longest(messages, messages[1:]):
        if following is not None and _repeats(following, message):
            orphans.append(message)
            continue
        if message.get("text", "").startswith("<") and parts:
            orphans += parts
            parts = []
        parts.append(message)
        name = _name_of("".join(part.get("text", "") for part in parts))
        if name is not None:
            whole.append((name, parts))
            parts = []
    return _without_unfinished_twins(whole, orphans + parts)


def _without_unfinished_twins(whole: list[tuple[str, list[Json]]], orphans: list[Json]) -> Count:
    """A whole answer that still bears Stop, and stands there again, was sent twice as well."""
    names = [name for name, _ in whole]
    kept: list[tuple[str, list[Json]]] = []
    for name, parts in whole:
        if names.count(name) > 1 and is_being_written(parts[-1]):
            orphans = [*orphans, *parts]
        else:
            kept.append((name, parts))
    return Count(kept, orphans)


def _repeats(later: Json, earlier: Json) -> bool:
    texts = earlier.get("text", ""), later.get("text", "")
    length = min(SURE, *map(len, texts))
    return length > 0 and texts[0][:length] == texts[1][:length]


def _name_of(text: str) -> str | None:
    match = _WHOLE.fullmatch(text.strip())
    if match is None or match[1] != match[3] or _checksum(match[2]) != match[4]:
        return None
    return match[1]


def settled(messages: Sequence[Json]) -> bool:
    """Whether nothing is being written any more; what was sent twice keeps its button."""
    orphans = {message["message_id"] for message in count(messages).orphans}
    return not any(is_being_written(message) for message in messages if message["message_id"] not in orphans)


def has_button(message: Json, label: str) -> bool:
    return any(label in text for text in labels(message))
