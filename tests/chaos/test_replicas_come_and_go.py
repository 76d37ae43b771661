"""Replicas that come and go under load: chats move, and no budget is forgotten on the way."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.chaos.run import Plan, Run
from tests.harness.databases import PostgreSQL
from tests.harness.preloaded_processes import Nursery
from tests.harness.scene import Scene
from tests.harness.scripted_generator import running_generator
from tests.harness.telegram_people import watched
from tests.soak.playground_process import running_playground

SECONDS = 20.0
"""Of coming and going; `TROUBLES=replicas make chaos SECONDS=300` is the long run of it."""


async def test_three_replicas_come_and_go_and_nothing_is_refused_for_too_many_calls(
    tmp_path: Path, nursery: Nursery, postgresql: PostgreSQL
) -> None:
    async with AsyncExitStack() as stack:
        playground = await stack.enter_async_context(running_playground())
        telegram = await stack.enter_async_context(watched(playground.url))
        scene = Scene(tmp_path, telegram, await stack.enter_async_context(running_generator()), nursery)
        run = Run(scene, playground, postgresql, stack, Plan("replicas", 3, webhook=True, only_replicas=True))
        await run.open(conversations=12, groups=3)
        await run.through(SECONDS)
        lines, wrong = run.verdict()
    assert wrong == 0, "\n".join(lines)
