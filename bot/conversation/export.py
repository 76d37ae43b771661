"""A conversation as files: Markdown to read, JSON to go on with elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.conversation.messages import Message, Role
from bot.conversation.names import framed

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_LOWEST_HEADING = 6


def as_markdown(messages: Sequence[Message], *, title: str, asker: str, answerer: str) -> str:
    """Write the conversation with a heading for each message; in groups it names the author."""
    parts = [f"# {title}"]
    for message in messages:
        name = answerer if message.role is Role.ASSISTANT else framed(message.author or asker)
        model = f" ({message.model})" if message.model else ""
        parts.append(f"## {name}{model}, {_time(message.at)}")
        if message.quote is not None:
            parts.append("\n".join(f"> {line}" for line in message.quote.text.splitlines()))
        parts.append(_below_heading(message.text))
    return "\n\n".join(parts) + "\n"


def _below_heading(text: str) -> str:
    """Keep a text below the heading of its message: its own headings sink by two levels, its last fence is closed."""
    lines: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.match(line):
            line = "#" * min(len(heading[1]) + 2, _LOWEST_HEADING) + line[heading.end() :]  # noqa: PLW2901  # the same line, lower
        elif _UNDERLINE.match(line) and lines and lines[-1].strip():
            line = f"\\{line.lstrip()}"  # noqa: PLW2901  # else it makes a heading of the line above
        lines.append(line)
    return "\n".join([*lines, *([fence] if fence else [])])


def as_json(messages: Sequence[Message]) -> str:
    """Write the conversation as a list of messages with `role` and `content`, and whatever else is known of each."""
    entries = [
        {
            "role": message.role.value,
            "content": message.text,
            "at": _time(message.at),
            **({"name": framed(message.author)} if message.author else {}),
            **(
                {"quote": {"author": framed(message.quote.author), "text": message.quote.text}} if message.quote else {}
            ),
            **({"thoughts": message.thoughts} if message.thoughts else {}),
            **({"model": message.model} if message.model else {}),
        }
        for message in messages
    ]
    return json.dumps({"messages": entries}, ensure_ascii=False, indent=2) + "\n"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
