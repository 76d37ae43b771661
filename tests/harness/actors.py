"""Somebody who writes to the bot, and where, as Telegram describes them; and a generator that echoes them."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from bot.errors import GeneratorUnreachable

GROUP = -1001
FORUM = -1002
_MARKED = re.compile(r"(?P<mention>@\w+)|(?P<bot_command>(?<!\S)/\w+(?:@\w+)?)")


@dataclass(frozen=True)
class Actor:
    """Somebody who can write."""

    id: int
    name: str
    language: str = "en"
    username: str = ""
    is_bot: bool = False

    @property
    def user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": self.is_bot,
            "first_name": self.name,
            "language_code": self.language,
            **({"username": self.username} if self.username else {}),
        }


ANNA = Actor(1001, "Anna", username="anna")
BORIS = Actor(1002, "Борис", language="ru")
OWNER = Actor(1, "Olga", username="olga")


def entities(text: str) -> list[dict[str, Any]]:
    """What a Telegram app marks in a text, as far as handlers care."""
    return [
        {
            "type": match.lastgroup,
            "offset": len(text[: match.start()].encode("utf-16-le")) // 2,
            "length": len(match[0]),
        }
        for match in _MARKED.finditer(text)
    ]


def chat_of(chat: int | None, who: Actor) -> dict[str, Any]:
    if chat is None or chat > 0:
        return {"id": chat or who.id, "type": "private", "first_name": who.name}
    return {"id": chat, "type": "supergroup", "title": "Friends", "is_forum": chat == FORUM}


class EchoThroughProxies:
    """A generator that answers through every proxy but one."""

    @classmethod
    async def create_async_generator(
        cls,
        model: str,  # noqa: ARG003  # the generators' contract
        messages: list[dict[str, str]],
        proxy: str | None = None,
        **_: Any,  # the same
    ) -> AsyncGenerator[str, None]:
        if proxy and "dead" in proxy:
            raise GeneratorUnreachable("nobody there")
        yield messages[-1]["content"]
