"""Mappers between rows and values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from bot.conversation.messages import (
    ChatKey,
    Ending,
    Message,
    Picture,
    QuestionPart,
    Quote,
    Role,
    SentFile,
    Shown,
    Turn,
    TurnKind,
    TurnState,
)
from bot.conversation.unread import as_written

AnyRow = Row[Any]


def storable(said: str) -> str:
    """A text without what databases cannot hold: NUL and halves of surrogate pairs."""
    return said.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def message_of(row: AnyRow) -> Message:
    """A row of `messages`; of a question that was never read, what was written beside its files."""
    parts = parts_from(row.parts)
    text, quote = row.text, None if row.quote_text is None else Quote(row.quote_author or "", row.quote_text)
    if row.unread:
        text, quote = as_written(parts)
    return Message(
        id=row.id,
        parent=row.parent,
        role=Role(row.role),
        text=text,
        author=row.author,
        quote=quote,
        ending=Ending(row.ending),
        thoughts=row.thoughts,
        at=row.at,
        model=row.model or "",
        model_choice=row.model_choice,
        pictures=tuple(Picture(one["file_id"], one["unique_id"], one["name"]) for one in row.pictures or ()),
        parts=parts,
        unread=row.unread,
    )


def parts_from(stored: Sequence[dict[str, Any]] | None) -> tuple[QuestionPart, ...]:
    """Read what `parts_as_json` wrote."""
    return tuple(
        QuestionPart(
            one["message_id"],
            one["text"],
            Quote(**one["quote"]) if one["quote"] else None,
            tuple(SentFile(**file) for file in one["files"]),
        )
        for one in stored or ()
    )


def parts_as_json(parts: Sequence[QuestionPart]) -> list[dict[str, Any]] | None:
    """The messages of a question as its row has them. None: it has only its text."""
    return [_storable_values(asdict(part)) for part in parts] or None


def _storable_values(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """The same JSON with texts that databases can hold."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {key: _storable_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_values(one) for one in value]
    return value


def pictures_as_json(pictures: Sequence[Picture]) -> list[dict[str, str]] | None:
    """The pictures of a question as its row has them. None: there are none."""
    return [
        {"file_id": one.file_id, "unique_id": one.unique_id, "name": storable(one.name)} for one in pictures
    ] or None


def key_of(row: AnyRow) -> ChatKey:
    """The address of a conversation, from its columns in a row."""
    return ChatKey(row.bot, row.chat, row.topic, row.person)


def turn_of(row: AnyRow) -> Turn:
    """A row of `turns` beside the address of its conversation."""
    return Turn(
        id=row.id,
        conversation=row.conversation,
        key=key_of(row),
        kind=TurnKind(row.kind),
        state=TurnState(row.state),
        attempt=row.attempt,
        faults=row.faults,
        question=row.question,
        answer=row.answer,
        reply_to=row.reply_to,
        asker=row.asker,
        private=row.private,
        language=row.language,
        shown=shown_from(row.shown),
        asked_at=row.asked_at,
        note=row.note,
        waited=row.waited,
        unfinished=row.unfinished,
        model=row.model,
        begun=row.begun,
    )


def shown_from(stored: Sequence[dict[str, Any]]) -> tuple[Shown, ...]:
    """Read what `shown_as_json` wrote."""
    return tuple(Shown(one["id"], one["part"], one["sealed"]) for one in stored)


def shown_as_json(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """The messages of an answer as a turn remembers them."""
    return [{"id": one.message_id, "part": one.part, "sealed": one.sealed} for one in shown]
