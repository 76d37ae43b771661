"""Mappers between rows and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from bot.conversation.messages import (
    ChatKey,
    Ending,
    Message,
    Picture,
    Quote,
    Role,
    Shown,
    Turn,
    TurnKind,
    TurnState,
)

AnyRow = Row[Any]


def storable(said: str) -> str:
    """A text without what databases cannot hold: NUL and halves of surrogate pairs."""
    return said.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def message_of(row: AnyRow) -> Message:
    """A row of `messages`."""
    quote = None if row.quote_text is None else Quote(row.quote_author or "", row.quote_text)
    return Message(
        id=row.id,
        parent=row.parent,
        role=Role(row.role),
        text=row.text,
        author=row.author,
        quote=quote,
        ending=Ending(row.ending),
        thoughts=row.thoughts,
        at=row.at,
        model=row.model or "",
        model_choice=row.model_choice,
        pictures=tuple(Picture(one["file_id"], one["unique_id"], one["name"]) for one in row.pictures or ()),
    )


def pictures_as_json(pictures: Sequence[Picture]) -> list[dict[str, str]] | None:
    """The pictures of a question as its row has them. None: there are none."""
    return [
        {"file_id": one.file_id, "unique_id": one.unique_id, "name": storable(one.name)} for one in pictures
    ] or None


def turn_of(row: AnyRow) -> Turn:
    """A row of `turns` beside the bot, chat and topic of its conversation."""
    return Turn(
        id=row.id,
        conversation=row.conversation,
        key=ChatKey(row.bot, row.chat, row.topic),
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
