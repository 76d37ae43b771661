"""A conversation as files: Markdown to read, JSON to go on with elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.conversation.messages import Message, Role
from bot.conversation.names import framed

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=\s|$)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_LOWEST_HEADING = 6

OtherVersions = Mapping[int, Sequence[Message]]
"""Other answers to the same question, by the id of the one that counts."""


def as_markdown(
    messages: Sequence[Message], others: OtherVersions, *, title: str, asker: str, answerer: str, other_version: str
) -> str:
    """Write the conversation with a heading for each message; in groups it names the author.

    Other versions of an answer follow it, each marked with the words `other_version`.
    """
    parts = [f"# {title}"]
    for message in messages:
        name = answerer if message.role is Role.ASSISTANT else framed(message.author or asker)
        parts.append(_heading(message, name))
        if message.quote is not None:
            parts.append("\n".join(f"> {line}" for line in message.quote.text.splitlines()))
        parts.append(_below_heading(message.text))
        for other in others.get(message.id, ()):
            parts += [f"{_heading(other, answerer)} · {other_version}", _below_heading(other.text)]
    return "\n\n".join(parts) + "\n"


def _heading(message: Message, name: str) -> str:
    model = f" ({message.model})" if message.model else ""
    return f"## {name}{model}, {_time(message.at)}"


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


def as_json(messages: Sequence[Message], others: OtherVersions) -> str:
    """Write the conversation as a list of messages with `role` and `content`, and whatever else is known of each."""
    entries = []
    for message in messages:
        entry = _entry(message)
        versions = [_entry(other) for other in others.get(message.id, ())]
        entries.append(entry | ({"other_versions": versions} if versions else {}))
    return json.dumps({"messages": entries}, ensure_ascii=False, indent=2) + "\n"


def _entry(message: Message) -> dict[str, Any]:
    return {
        "role": message.role.value,
        "content": message.text,
        "at": _time(message.at),
        **({"name": framed(message.author)} if message.author else {}),
        **({"quote": {"author": framed(message.quote.author), "text": message.quote.text}} if message.quote else {}),
        **({"thoughts": message.thoughts} if message.thoughts else {}),
        **({"model": message.model} if message.model else {}),
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")
