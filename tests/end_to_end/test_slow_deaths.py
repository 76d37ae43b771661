"""A model's server that dies slowly: the fallback answers, and people see a note at most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.harness.scene import Scene
from tests.harness.telegram_people import BORIS
from tests.harness.wire_server import Exchange, serve

Death = Callable[[Exchange], Awaitable[None]]

NOTE = "Ответила Spare: Main сейчас не работает."


async def never_answers(exchange: Exchange) -> None:
    """Accept the question, and say nothing."""
    await exchange.wait_gone()


async def drips_headers(exchange: Exchange) -> None:
    """Send the headers byte by byte."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        await exchange.send(b"x")
        await asyncio.sleep(0.1)


async def drips_comments(exchange: Exchange) -> None:
    """Keep the stream alive without a word of the answer."""
    await exchange.chunked(Content_Type="text/event-stream")
    while True:
        await exchange.chunk(b":\n")
        await asyncio.sleep(0.1)


async def drips_an_event(exchange: Exchange) -> None:
    """Begin an event that does not end."""
    await exchange.chunked(Content_Type="text/event-stream")
    await exchange.chunk(b'data: {"choices": [{"delta": {"content": "')
    while True:
        await exchange.chunk(b"x")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("death", [never_answers, drips_headers, drips_comments, drips_an_event])
async def test_people_see_a_note_and_the_dying_server_is_left_alone(scene: Scene, death: Death) -> None:
    scene.generator.says("Spare speaks.")

    def noted(times: int) -> bool:
        return sum(text.endswith(NOTE) for text in scene.telegram.texts(BORIS)) == times

    async with serve(death) as server:
        file = scene.folder / "models.toml"
        file.write_text(
            f'[main]\nname = "Main"\naddress = "{server.url}"\nmodel = "m"\nfallback = "spare"\n'
            f'[spare]\nname = "Spare"\ngenerator = "aura"\naddress = "{scene.generator.url}"\nmodel = "s"\n',
            encoding="utf-8",
        )
        settings = {"MODELS_FILE": str(file), "HEADERS_TIMEOUT": "3", "SILENCE_TIMEOUT": "3"}
        async with scene.program(**settings):
            await scene.telegram.send("/start")
            for number in range(1, 5):
                await scene.telegram.send(f"Question {number}", by=BORIS)
                await scene.telegram.until(partial(noted, number))
            await scene.telegram.reads("Main does not work (")
        assert len(server.exchanges) == 2, "two questions, each asked once; the others did not wait for it"
