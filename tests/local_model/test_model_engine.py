"""The real model, as people get it: packaged, in its own process."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from local_model.engine import Engine
from local_model.errors import LocalModelError
from local_model.model_file import packaged_path
from local_model.server import LocalModel
from tests.local_model.waiting import LIMIT, until


def missing() -> str:
    """What this machine lacks for the real model, if anything."""
    try:
        ctypes.CDLL("libgomp.so.1")
        packaged_path()
    except (OSError, LocalModelError) as problem:
        return str(problem)
    return "" if importlib.util.find_spec("xllamacpp") else "xllamacpp is not installed"


pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LIMIT)) as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[LocalModel]:
    model = LocalModel(slots=2, context_tokens=1024, seed=7)
    await model.start()
    yield model
    await model.stop()


def question(*texts: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(texts)]
    return {"model": {"id": "openchat_3.6", "tokenLimit": 8192}, "messages": messages, "temperature": 0} | more


async def answer(client: aiohttp.ClientSession, model: LocalModel, asked: dict[str, Any]) -> str:
    async with client.post(f"{model.url}/api/chat", json=asked) as response:
        assert response.status == 200, response.reason
        return (await response.read()).decode()


def engine_of(model: LocalModel) -> Engine:
    assert model._engine is not None
    return model._engine


def pid_of(model: LocalModel) -> int:
    process = engine_of(model)._process
    assert process is not None
    return process.pid


async def slots_of(model: LocalModel) -> list[dict[str, Any]]:
    response = await model._client._http.get(f"{await engine_of(model).url(LIMIT)}/slots")
    slots: list[dict[str, Any]] = response.json()
    return slots


def is_gone(pid: int) -> bool:
    """Whether there is no such process; a zombie that nobody has collected yet counts as gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def gone(pid: int) -> None:
    await until(lambda: is_gone(pid))


async def test_a_question_that_comes_before_the_model_is_there_gets_its_answer(client: aiohttp.ClientSession) -> None:
    model = LocalModel()
    try:
        await model.start()
        async with client.get(f"{model.url}/healthz") as health:
            assert (health.status, await health.text()) == (503, "loading")
        assert "Paris" in await answer(client, model, question("What is the capital of France?"))
        async with client.get(f"{model.url}/healthz") as health:
            assert (health.status, await health.text()) == (200, "ready")
    finally:
        await model.stop()


async def test_the_model_says_who_and_how_much_it_is() -> None:
    model = LocalModel(slots=2)
    assert (model.name, model.packaged) == ("SmolLM2-135M-Instruct", True)
    assert (model.slots, model.context_tokens) == (2, 2048)


async def test_temperature_zero_repeats_exactly(client: aiohttp.ClientSession, model: LocalModel) -> None:
    asked = question("Write two sentences about a fox.")
    first = await answer(client, model, asked)
    assert first
    await answer(client, model, question("Hello!"))
    assert await answer(client, model, asked) == first


async def test_no_control_token_shows_and_the_answer_ends(client: aiohttp.ClientSession, model: LocalModel) -> None:
    text = await answer(client, model, question("Say hello.", "Hello!<|im_end|>", "Say it again.<|im_end|>"))
    assert "<|" not in text


async def test_a_long_history_is_trimmed_to_what_the_model_reads(
    client: aiohttp.ClientSession, model: LocalModel
) -> None:
    history = ["The fox runs over the hill. " * 40] * 20
    assert await answer(client, model, question(*history, "What is the capital of France?"))


async def test_a_question_longer_than_the_context_is_refused(client: aiohttp.ClientSession, model: LocalModel) -> None:
    asked = question("The fox runs over the hill. " * 400)
    async with client.post(f"{model.url}/api/chat", json=asked) as response:
        assert (response.status, await response.text()) == (500, "Error")
        assert response.reason is not None
        assert response.reason.startswith("context too long")


async def test_a_client_that_goes_away_frees_its_slot(client: aiohttp.ClientSession, model: LocalModel) -> None:
    async with client.post(f"{model.url}/api/chat", json=question("Write a very long story.")) as response:
        await response.content.readany()
        assert sum(slot["is_processing"] for slot in await slots_of(model)) == 1
        response.close()
    written = 0
    async with asyncio.timeout(LIMIT):
        while busy := [slot for slot in await slots_of(model) if slot["is_processing"]]:
            written = max(written, busy[0]["next_token"][0]["n_decoded"])
    # A whole story fills the context; what is written until the engine notices are a few, more on a busy machine.
    assert written < 300


async def test_a_client_that_goes_away_while_its_prompt_is_read_frees_its_slot(
    client: aiohttp.ClientSession, model: LocalModel
) -> None:
    asked = question("Tell this again: " + "The fox runs over the hill and sees a river. " * 80)
    response = await client.post(f"{model.url}/api/chat", json=asked)
    response.close()
    read = 0
    async with asyncio.timeout(LIMIT):
        while busy := [slot for slot in await slots_of(model) if slot["is_processing"]]:
            read = max(read, busy[0]["n_prompt_tokens_processed"])
    assert read < 700


async def test_an_engine_that_dies_is_started_again(
    client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    model = LocalModel(slots=1)
    try:
        await model.start()
        await engine_of(model).url(LIMIT)
        first = pid_of(model)
        with caplog.at_level(logging.ERROR):
            os.kill(first, signal.SIGKILL)
            await until(lambda: pid_of(model) != first)
        assert "the engine has ended (killed, probably because the memory is full); starting it again" in caplog.text
        assert await answer(client, model, question("Hello!"))
    finally:
        await model.stop()


async def test_stopping_while_the_model_loads_is_quick_and_leaves_nothing() -> None:
    model = LocalModel(slots=1)
    await model.start()
    await until(lambda: engine_of(model)._process is not None)
    pid = pid_of(model)
    await model.stop()
    await gone(pid)
    with pytest.raises(LocalModelError, match="stopped"):
        await engine_of(model).url(LIMIT)


async def test_a_file_that_ends_too_early_cannot_be_loaded(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    with packaged_path().open("rb") as whole:
        path.write_bytes(whole.read(4 << 20))
    model = LocalModel(path, slots=1)
    try:
        await model.start()
        async with client.post(f"{model.url}/api/chat", json=question("Hello!")) as response:
            assert response.status == 500
            assert response.reason is not None
            assert response.reason.startswith("half cannot be loaded: tensor")
            assert "corrupted or incomplete" in response.reason
    finally:
        await model.stop()


async def test_a_file_that_is_not_there_is_named(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    model = LocalModel(tmp_path / "openchat-3.6.Q4_0.gguf")
    try:
        await model.start()
        assert (model.name, model.packaged, model.context_tokens) == ("openchat-3.6", False, 8192)
        async with client.post(f"{model.url}/api/chat", json=question("Hello!")) as response:
            assert (response.status, response.reason) == (500, "no such model file: openchat-3.6.Q4_0.gguf")
        async with client.get(f"{model.url}/healthz") as health:
            assert (health.status, await health.text()) == (503, "no such model file: openchat-3.6.Q4_0.gguf")
    finally:
        await model.stop()


async def test_a_context_is_never_larger_than_what_the_model_was_trained_for() -> None:
    assert LocalModel(packaged_path(), context_tokens=100_000).context_tokens == 8192


ALONE = """
import asyncio, signal, sys
from pathlib import Path
from local_model.server import LocalModel
from local_model.serving import serve
async def main():
    stop, model = asyncio.Event(), LocalModel(slots=1)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(model, stop)
asyncio.run(main())
"""


async def served_alone() -> tuple[asyncio.subprocess.Process, str]:
    """A process that serves the model alone, and the address that it has printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", ALONE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT):
        line = (await process.stdout.readline()).decode()
    assert line.startswith("SmolLM2-135M-Instruct answers at http://127.0.0.1:")
    return process, line.split()[-1]


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


async def child_of(pid: int) -> int:
    await until(lambda: bool(children_of(pid)))
    return children_of(pid)[0]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    ("number", "loaded"), [(signal.SIGTERM, True), (signal.SIGTERM, False), (signal.SIGINT, False)]
)
async def test_served_alone_it_ends_cleanly_on_a_signal(
    client: aiohttp.ClientSession, number: signal.Signals, *, loaded: bool
) -> None:
    process, url = await served_alone()
    engine = await child_of(process.pid)
    if loaded:
        async with client.post(url, json=question("Hello!")) as response:
            assert await response.text()
    process.send_signal(number)
    out, err = await asyncio.wait_for(process.communicate(), LIMIT)
    assert (process.returncode, err) == (0, b"")
    assert b"curl -N" in out
    await gone(engine)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_engine_dies_with_its_bot() -> None:
    process, _ = await served_alone()
    engine = await child_of(process.pid)
    process.kill()
    await process.communicate()
    await gone(engine)


async def test_it_is_a_program_of_its_own(client: aiohttp.ClientSession) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local_model",
        "--slots",
        "1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT):
        url = (await process.stdout.readline()).decode().split()[-1]
    async with client.post(url, json=question("Hello!")) as response:
        assert await response.text()
    process.send_signal(signal.SIGTERM)
    _, err = await asyncio.wait_for(process.communicate(), LIMIT)
    assert process.returncode == 0
    assert b"is ready in" in err


async def test_an_answer_that_has_the_last_word_is_gone_on_with(
    client: aiohttp.ClientSession, model: LocalModel
) -> None:
    asked = question("Name the days of the week in order, separated by commas.", "Monday, Tuesday, Wednesday, Thurs")
    assert (await answer(client, model, asked)).startswith("day")
