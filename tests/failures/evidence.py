"""What the administrator has before their eyes while a failure lasts: the chat, the log, and `python -m bot check`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from tests.harness.program_process import Program, running_program
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, Json, labels, words_of


@dataclass
class Standing:
    """A failure that lasts: the program that suffers it, and the settings it runs with."""

    program: Program
    settings: dict[str, str] = field(default_factory=dict)


Provoke = Callable[[Scene], AbstractAsyncContextManager[Standing]]
Provoking = AsyncIterator[Standing]


@dataclass(frozen=True)
class Evidence:
    """Everything that there is to see of a failure."""

    chat: str
    log: str
    check: str


async def evidence_of(provoke: Provoke, scene: Scene) -> Evidence:
    """Provoke a failure, and look while it lasts."""
    async with provoke(scene) as standing:
        environment = {**scene.environment, **standing.settings}
        async with running_program(
            scene.folder, environment, command="check", ready="", nursery=scene.nursery
        ) as checking:
            await checking.ends(seconds=90)
        return Evidence(await transcript(scene), standing.program.log, checking.log)


async def transcript(scene: Scene) -> str:
    """The administrator's private chat with the bot, oldest message first."""
    world = await scene.telegram.world()
    messages = [message for chat in world["chats"] if chat["id"] == ANNA for message in chat["messages"]]
    return "\n\n".join(_shown(message) for message in messages)


def _shown(message: Json) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(message["date"]))
    name = message.get("from", {}).get("first_name", "?")
    buttons = "".join(f"\n  [{label}]" for label in labels(message))
    return f"{at} {name}: {words_of(message)}{buttons}"
