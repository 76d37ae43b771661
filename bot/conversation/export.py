"""A conversation as files: Markdown to read, JSON to go on with elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.conversation.messages import Message, Role


def as_markdown(messages: Sequence[Message], *, title: str, asker: str, answerer: str) -> str:
    """Write the conversation with a heading for each message; in groups it names the author."""
    parts = [f"# {title}"]
    for message in messages:
        name = answerer if message.role is Role.ASSISTANT else message.author or asker
        model = f" ({message.model})" if message.model else ""
        parts.append(f"## {name}{model}, {_time(message.at)}")
        if message.quote is not None:
            parts.append("\n".join(f"> {line}" for line in message.quote.text.splitlines()))
        parts.append(message.text)
    return "\n\n".join(parts) + "\n"


def as_json(messages: Sequence[Message]) -> str:
    """Write the conversation as a list of messages with `role` and `content`, and whatever else is known of each."""
    entries = [
        {
            "role": message.role.value,
            "content": message.text,
            "at": _time(message.at),
            **({"name": message.author} if message.author else {}),
            **({"quote": {"author": message.quote.author, "text": message.quote.text}} if message.quote else {}),
            **({"thoughts": message.thoughts} if message.thoughts else {}),
            **({"model": message.model} if message.model else {}),
        }
        for message in messages
    ]
    return json.dumps({"messages": entries}, ensure_ascii=False, indent=2) + "\n"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
