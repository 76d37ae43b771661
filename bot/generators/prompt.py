"""A question made ready to be sent: text out of parts, the system prompt apart, and how many tokens it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.conversation.window import PER_MESSAGE, PICTURE, PICTURE_PLACE, estimate, least
from bot.errors import QuestionTooLong
from bot.generators.contract import Messages


def flatten(messages: Iterable[Mapping[str, Any]]) -> Messages:
    """Make every content plain text: servers of this kind fail on a list of parts. Pictures and sounds fall away."""
    return [{"role": str(message["role"]), "content": _text(message.get("content"))} for message in messages]


def split_system(messages: Messages) -> tuple[str, Messages]:
    """Take the system messages out: their contents joined with newlines, and the other messages."""
    system = "\n".join(message["content"] for message in messages if message["role"] == "system")
    return system, [message for message in messages if message["role"] != "system"]


def system_in_question(messages: Messages) -> Messages:
    """Put the system prompt before the first question, for servers that take no system message."""
    system, others = split_system(messages)
    if not system or not others:
        return others
    first, *rest = others
    if first["role"] != "user":
        return [{"role": "user", "content": system}, *others]
    return [{"role": "user", "content": f"{system}\n\n{first['content']}"}, *rest]


def estimate_messages(messages: Messages) -> int:
    """Estimate the tokens of messages."""
    return sum(estimate(message["content"]) + PER_MESSAGE for message in messages)


def check_question(messages: Messages, *, context: int, reserve: int) -> None:
    """Raise QuestionTooLong where system prompt, newest message and `reserve` tokens certainly exceed `context`.

    Whether they do is for the server to say: the estimate alone refuses nothing.
    """
    system, others = split_system(messages)
    needed = least(system) + least("".join(message["content"] for message in others[-1:])) + reserve
    if needed > context:
        raise QuestionTooLong(f"{needed} tokens at least with room for the answer, and the model reads {context}")


def with_pictures(messages: Messages, pictures: Sequence[str]) -> list[dict[str, Any]]:
    """Put pictures in their places: content parts, as OpenAI's protocol has them. Other messages stay plain text."""
    if not pictures:
        return [message | {"content": PICTURE_PLACE.sub(PICTURE, message["content"])} for message in messages]
    return [
        message | {"content": _content_parts(message["content"], pictures)}
        if PICTURE_PLACE.search(message["content"])
        else dict(message)
        for message in messages
    ]


def _content_parts(content: str, pictures: Sequence[str]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for at, piece in enumerate(PICTURE_PLACE.split(content)):
        if at % 2 and int(piece) < len(pictures):  # every second piece is a number
            parts.append({"type": "image_url", "image_url": {"url": pictures[int(piece)]}})
        elif text := PICTURE if at % 2 else piece.strip():
            parts.append({"type": "text", "text": text})
    return parts


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(text for text in map(_text, content) if text)
    if isinstance(content, Mapping):
        return _text(content.get("text"))
    return ""
