"""Proxies by command and by setting, with real proxies on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.harness.local_proxy import local_proxy
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Refusal, Request


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_working_proxy_counts_from_the_next_message_on_and_can_be_turned_off(scene: Scene, kind: str) -> None:
    async with local_proxy(kind, user="anna", password="s3cret-word") as proxy, scene.program() as program:
        await scene.telegram.send(f"/proxy {proxy.url}")
        await scene.telegram.reads("It works:")
        assert len(proxy.seen) >= 1, "it is tried first"
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        assert scene.generator.requests[-1].port in proxy.ports
        await scene.telegram.send("/proxy off")
        await scene.telegram.reads("without a proxy")
        await scene.telegram.send("Directly")
        await scene.telegram.reads_answer("You said: Directly")
        assert scene.generator.requests[-1].port not in proxy.ports
        assert "s3cret-word" not in program.log
        assert not any("s3cret-word" in text for text in scene.telegram.texts())


async def test_a_trial_asks_with_what_is_in_force_and_names_what_would_fail(scene: Scene) -> None:
    async def script(request: Request) -> AsyncIterator[str]:
        if request.body["temperature"] > 1 and request.prompt == "Be brief.":
            raise Refusal(400, "temperature has to be 1 at the most")
        yield "Hello"

    scene.generator.script = script
    async with scene.program():
        await scene.telegram.send("/proxy test")
        await scene.telegram.reads("The model answers")
        await scene.telegram.send("/system Be brief.")
        await scene.telegram.reads("This is the system prompt of this chat now.")
        await scene.telegram.send("/temperature 1.5")
        await scene.telegram.reads("The temperature is 1.5")
        await scene.telegram.send("/proxy test")
        await scene.telegram.reads("For you as an admin: 400 temperature has to be 1 at the most")


async def test_an_answer_in_progress_finishes_on_the_old_proxy(scene: Scene) -> None:
    go_on = asyncio.Event()

    async def script(request: Request) -> AsyncIterator[str]:
        yield f"The answer to {request.question} begins"
        if request.question == "first":
            await go_on.wait()
        yield " and ends."

    scene.generator.script = script
    async with local_proxy("http") as old, local_proxy("http") as new, scene.program(PROXY=old.url):
        await scene.telegram.send("first")
        await scene.telegram.reads("The answer to first begins")
        await scene.telegram.send(f"/proxy {new.url}")
        await scene.telegram.reads("It works:")
        go_on.set()
        await scene.telegram.reads_answer("The answer to first begins and ends.")
        await scene.telegram.send("second")
        await scene.telegram.reads_answer("The answer to second begins and ends.")
        assert len(old.seen) == 1
        first, *_, second = scene.generator.requests
        assert (first.question, second.question) == ("first", "second")
        assert first.port in old.ports
        assert second.port in new.ports


async def test_a_crash_in_the_middle_of_a_trial_leaves_the_old_proxy_in_force(scene: Scene) -> None:
    asked = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()  # until whoever asked is dead
        writer.close()

    silent = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    new = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with local_proxy("http") as old:
        async with scene.program(PROXY=old.url) as program:
            await scene.telegram.send(f"/proxy {new}")
            await asyncio.wait_for(asked.wait(), 30)
            await program.kill()
        silent.close()
        async with scene.program(PROXY=old.url):
            await scene.telegram.send("/proxy")
            await scene.telegram.reads(old.url)
            await scene.telegram.send("Hello")
            await scene.telegram.reads_answer("You said: Hello")
    assert len(old.seen) == 1
    assert not any("It works" in text for text in scene.telegram.texts())


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_telegram_has_a_proxy_of_its_own(scene: Scene, kind: str) -> None:
    async with local_proxy(kind, user="anna", password="s3cret-word") as proxy:
        async with scene.program(TELEGRAM_PROXY=proxy.url) as program:
            await scene.telegram.send("Hello")
            await scene.telegram.reads_answer("You said: Hello")
            assert "s3cret-word" not in program.log
        telegram = scene.telegram.url.rpartition("/")[2]
        assert set(proxy.seen) == {telegram}, "the generator is asked directly"
