"""The program is asked to end: it ends soon, leaves nothing half-written, and goes on where it was."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from tests.end_to_end.stored import eventually, shown_and_kept
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Slowly
from tests.harness.telegram_people import BORIS, is_being_written

HALF = "The first half of the answer"
REST = ", and the second."


async def ends_within_ten_seconds(program: Program, sign: signal.Signals) -> None:
    began = time.monotonic()
    assert await program.stop(sign) == 0
    assert time.monotonic() - began < 10
    assert "Traceback" not in program.log and "ERROR" not in program.log


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_an_answer_that_takes_long_goes_on_after_the_start(scene: Scene, sign: signal.Signals) -> None:
    scene.generator.script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        half = await shown_and_kept(scene, HALF)
        await ends_within_ten_seconds(program, sign)
    scene.generator.says(HALF, REST)
    async with scene.program():
        whole = await scene.telegram.reads_answer(HALF + REST)
    assert whole["message_id"] == half["message_id"]
    assert len(scene.telegram.said()) == 1


async def test_an_answer_nearly_done_is_finished_first(scene: Scene) -> None:
    scene.generator.script = script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        await shown_and_kept(scene, HALF)
        program.process.send_signal(signal.SIGTERM)
        await program.says("Stopping")
        script.more.set()
        assert await program.ends() == 0
    assert scene.telegram.texts() == [HALF + REST]
    assert not is_being_written(scene.telegram.said()[0])
    assert len(scene.generator.requests) == 1


async def test_a_telegram_that_says_nothing_holds_up_no_end(scene: Scene) -> None:
    asked = asyncio.Event()
    ended = asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with scene.program(ready="", TELEGRAM_API_URL=url) as program:
            async with asyncio.timeout(60):
                await asked.wait()
            await ends_within_ten_seconds(program, signal.SIGTERM)
        ended.set()


async def test_what_is_asked_meanwhile_is_answered_after_the_start(scene: Scene) -> None:
    scene.generator.script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        await shown_and_kept(scene, HALF)
        program.process.send_signal(signal.SIGTERM)
        await program.says("Stopping")
        await scene.telegram.send("And me", by=BORIS)
        assert await program.ends() == 0
    scene.generator.says(HALF, REST)
    async with scene.program():
        await scene.telegram.reads_answer(HALF + REST)
        await scene.telegram.reads_answer(HALF + REST, chat=BORIS)
    assert len(scene.telegram.said(BORIS)) == 1


async def test_restarts_do_not_count_as_failures(scene: Scene) -> None:
    """A turn may be begun three times. Two crashes count; a restart after them does not."""
    scene.generator.script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        await scene.generator.asked(1)
        await program.kill()
    async with scene.program() as program:
        await scene.generator.asked(2)
        await program.kill()
    async with scene.program() as program:
        await scene.generator.asked(3)
        assert await program.stop() == 0
    scene.generator.says(HALF, REST)
    async with scene.program():
        await scene.telegram.reads_answer(HALF + REST)
    assert len(scene.generator.requests) == 4


async def test_a_second_signal_ends_it_at_once(scene: Scene) -> None:
    scene.generator.script = Slowly(HALF, REST)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        half = await shown_and_kept(scene, HALF)
        program.process.send_signal(signal.SIGINT)
        await program.says("Stopping")
        began = time.monotonic()
        program.process.send_signal(signal.SIGINT)
        assert await program.ends() != 0, "it waits for nothing: after one signal it ends with 0"
        assert time.monotonic() - began < 10
    scene.generator.says(HALF, REST)
    async with scene.program():
        whole = await scene.telegram.reads_answer(HALF + REST)
        assert whole["message_id"] == half["message_id"]


async def test_an_idle_program_ends_at_once(scene: Scene) -> None:
    async with scene.program() as program:
        began = time.monotonic()
        assert await program.stop() == 0
        assert time.monotonic() - began < 10


async def test_it_can_be_ended_while_telegram_cannot_be_reached(scene: Scene) -> None:
    async with scene.program(TELEGRAM_API_URL="http://127.0.0.1:9", ready="") as program:
        await program.says("Telegram cannot be reached")
        assert await program.stop() == 0


async def test_a_program_that_cannot_reach_telegram_ends_soon(scene: Scene) -> None:
    async def hear_and_say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set()
        await reader.read(-1)
        writer.close()

    heard = asyncio.Event()
    silent = await asyncio.start_server(hear_and_say_nothing, "127.0.0.1", 0)
    async with silent:
        address = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        async with scene.program(TELEGRAM_API_URL=address, ready="") as program:
            async with asyncio.timeout(30):
                await heard.wait()
            await ends_within_ten_seconds(program, signal.SIGTERM)


async def test_a_send_that_telegram_keeps_waiting_is_not_made_again_after_the_start(scene: Scene) -> None:
    scene.generator.script = Slowly(HALF, REST)
    await scene.telegram.fault(kind="delay", method="sendMessage", seconds=6.5)
    async with scene.program() as program:
        await scene.telegram.send("Tell me")
        await scene.generator.asked()
        await eventually(lambda: scene.telegram.faults_left() == 0)
        await ends_within_ten_seconds(program, signal.SIGTERM)
    half = await scene.telegram.reads(HALF)
    scene.generator.says(HALF, REST)
    async with scene.program():
        whole = await scene.telegram.reads_answer(HALF + REST)
    assert whole["message_id"] == half["message_id"]
    assert len(scene.telegram.said()) == 1
