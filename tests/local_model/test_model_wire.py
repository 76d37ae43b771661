"""The server between its client and its engine: what is passed on, and what happens where one of them goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from io import BytesIO
from itertools import pairwise
from typing import Any, Protocol

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_model.server import MAX_WAITING_PER_SLOT, LocalModel
from tests.local_model.scripted_engine import DONE, ScriptedEngine, event, scripted_engine
from tests.local_model.waiting import LIMIT, until

HELLO: dict[str, Any] = {"model": {"id": "openchat_3.6"}, "messages": [{"role": "user", "content": "Hello"}]}


class Scene:
    """A server in front of a scripted engine, and a client."""

    def __init__(self, model: LocalModel, engine: ScriptedEngine, client: aiohttp.ClientSession) -> None:
        self.model, self.engine, self._client = model, engine, client

    def ask(self, **changes: Any) -> Any:
        return self._client.post(f"{self.model.url}/api/chat", json=HELLO | changes)

    def send(self, method: str, path: str, **what: Any) -> Any:
        return self._client.request(method, f"{self.model.url}{path}", **what)


class Play(Protocol):
    """Sets a scene."""

    async def __call__(self, engine: ScriptedEngine, slots: int = 2) -> Scene: ...


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with AsyncExitStack() as stack:

        async def begin(engine: ScriptedEngine, slots: int = 2) -> Scene:
            await stack.enter_async_context(scripted_engine(engine))
            model = LocalModel(slots=slots)
            model._engine, model._problem = engine, ""  # type: ignore[assignment]  # scripted
            stack.push_async_callback(model.stop)
            await model.start()
            timeout = aiohttp.ClientTimeout(total=LIMIT)
            client = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
            return Scene(model, engine, client)

        yield begin


async def waiting(scene: Scene, questions: int) -> None:
    await until(lambda: scene.model._waiting == questions)


async def test_the_text_comes_as_plain_chunks_without_a_type(play: Play) -> None:
    scene = await play(ScriptedEngine([event("Hel"), event("lo"), DONE]))
    async with scene.ask() as response:
        assert (response.status, await response.read()) == (200, b"Hello")
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Type" not in response.headers


async def test_a_piece_arrives_while_the_engine_still_writes(play: Play) -> None:
    scene = await play(ScriptedEngine([event("first"), None, event("last"), DONE]))
    async with scene.ask() as response:
        assert await response.content.readany() == b"first"
        scene.engine.go_on.set()
        assert await response.read() == b"last"


@given(text=st.text(alphabet=st.characters(codec="utf-8")), cuts=st.lists(st.integers(0, 400), max_size=5))
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
async def test_a_stream_cut_anywhere_gives_exactly_the_text(text: str, cuts: list[int]) -> None:
    wire = b"".join(event(piece) for piece in text) + DONE
    edges = sorted({0, len(wire), *(min(cut, len(wire)) for cut in cuts)})
    chunks: list[bytes | None] = [wire[a:b] for a, b in pairwise(edges)]
    engine = ScriptedEngine([*chunks[:-1], chunks[-1]])
    async with scripted_engine(engine), aiohttp.ClientSession() as client:
        model = LocalModel(slots=1)
        model._engine = engine  # type: ignore[assignment]  # scripted
        await model.start()
        async with client.post(f"{model.url}/api/chat", json=HELLO) as response:
            assert (await response.read()).decode() == text
        await model.stop()


async def test_the_engine_gets_the_prompt_the_history_and_the_temperature(play: Play) -> None:
    scene = await play(ScriptedEngine())
    history = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}, HELLO["messages"][0]]
    async with scene.ask(messages=history, prompt="Be brief.", temperature=0) as response:
        assert response.status == 200
    (asked,) = scene.engine.asked
    assert asked["messages"] == [{"role": "system", "content": "Be brief."}, *history]
    assert (asked["temperature"], asked["stream"]) == (0, True)


@pytest.mark.parametrize(
    ("method", "path", "what", "status", "reason"),
    [
        ("GET", "/api/chat", {}, 500, "bad request: only POST"),
        ("POST", "/api/chat", {"data": b"no json"}, 500, "bad request: the body is not JSON"),
        ("POST", "/api/chat", {"json": HELLO | {"model": {}}}, 500, "bad request: model.id is missing"),
        ("POST", "/api/chat", {"data": BytesIO(bytes(5 << 20))}, 500, "bad request: the request is too large"),
        ("GET", "/", {}, 404, "Not Found"),
    ],
)
async def test_what_cannot_be_answered_says_why_in_the_reason_phrase(
    play: Play, method: str, path: str, what: dict[str, Any], status: int, reason: str
) -> None:
    scene = await play(ScriptedEngine())
    async with scene.send(method, path, **what) as response:
        assert (response.status, response.reason) == (status, reason)
        assert status == 404 or await response.text() == "Error"


async def test_an_engine_that_refuses_is_quoted(play: Play) -> None:
    scene = await play(ScriptedEngine(refusal={"message": "9 tokens\nof 8", "type": "exceed_context_size_error"}))
    async with scene.ask() as response:
        assert (response.status, response.reason) == (500, "context too long: 9 tokens of 8")


@pytest.mark.parametrize(
    "rest",
    [b"", b'data: {"error": {"message": "boom"}}\n\n', b"data: nonsense\n\n", b'data: {"choices": [[]]}\n\n'],
)
async def test_an_answer_that_breaks_off_never_passes_for_a_whole_one(play: Play, rest: bytes) -> None:
    scene = await play(ScriptedEngine([event("Once upon"), None, rest or event(" a time")]))
    async with scene.ask() as response:
        assert await response.content.readany() == b"Once upon"
        scene.engine.go_on.set()
        with pytest.raises(aiohttp.ClientError):
            await response.read()


async def test_a_client_that_goes_away_ends_the_generation(play: Play) -> None:
    scene = await play(ScriptedEngine([event("Once upon"), None, DONE]))
    async with scene.ask() as response:
        await response.content.readany()
        response.close()
    async with asyncio.timeout(LIMIT):
        await scene.engine.left.wait()


async def test_a_client_that_goes_away_before_the_first_word_ends_the_generation(play: Play) -> None:
    scene = await play(ScriptedEngine([None, DONE]))
    async with scene.ask() as response:
        response.close()
    async with asyncio.timeout(LIMIT):
        await scene.engine.left.wait()


async def test_questions_beyond_the_slots_wait_and_the_first_comes_first(play: Play) -> None:
    scene = await play(ScriptedEngine([None, event("x"), DONE]), slots=1)

    async def ask(name: str) -> None:
        async with scene.ask(messages=[{"role": "user", "content": name}]) as response:
            assert await response.read() == b"x"

    async with asyncio.TaskGroup() as group:
        group.create_task(ask("0"))
        await scene.engine.arrived.acquire()
        for number in (1, 2, 3):
            group.create_task(ask(str(number)))
            await waiting(scene, number)
        assert len(scene.engine.asked) == 1
        scene.engine.go_on.set()
    assert [asked["messages"][-1]["content"] for asked in scene.engine.asked] == ["0", "1", "2", "3"]


async def test_a_full_house_turns_questions_away(play: Play) -> None:
    scene = await play(ScriptedEngine([None, event("x"), DONE]), slots=1)

    async def ask() -> bytes:
        async with scene.ask() as response:
            return bytes(await response.read())

    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(ask()) for _ in range(1 + MAX_WAITING_PER_SLOT)]
        await waiting(scene, MAX_WAITING_PER_SLOT)
        async with scene.ask() as response:
            assert (response.status, response.reason.partition(":")[0]) == (500, "busy")
        scene.engine.go_on.set()
    assert {answer.result() for answer in answers} == {b"x"}


async def test_one_who_stops_waiting_leaves_the_queue(play: Play) -> None:
    scene = await play(ScriptedEngine([None, event("x"), DONE]), slots=1)
    async with scene.ask() as first:
        second = asyncio.ensure_future(scene.ask().__aenter__())
        await waiting(scene, 1)
        second.cancel()
        await waiting(scene, 0)
        scene.engine.go_on.set()
        assert await first.read() == b"x"
    assert len(scene.engine.asked) == 1
