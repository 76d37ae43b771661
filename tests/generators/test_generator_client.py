from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.errors import CutInThoughts, GeneratorBroken, GeneratorProblem, GeneratorSilent, SettingsProblem
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Finish, Messages, Piece, Thought, Timeouts
from bot.generators.factory import kind_of
from bot.generators.thread_isolation import MAX_PIECES_AHEAD
from tests.harness.turn_bench import until
from tests.harness.wire_server import Exchange, serve

HELLO: Messages = [{"role": "user", "content": "Hello"}]
STYLE = "tests.contracts.generators.g4f_style"
HERE = "tests.generators.test_generator_client"
QUICK = Timeouts(headers=0.1, silence=0.1, answer=5)


class Keen:
    """Yields what it was called with."""

    closed = 0

    @classmethod
    async def create_async_generator(cls, **given: object) -> AsyncIterator[object]:
        try:
            yield str(sorted((name, str(value)) for name, value in given.items()))
        finally:
            cls.closed += 1


class Silent:
    closed = 0

    @classmethod
    async def create_async_generator(cls, **_: object) -> AsyncIterator[str]:
        try:
            yield "so far"
            await asyncio.Event().wait()
        finally:
            cls.closed += 1


class Blocking:
    """Does what the contract forbids, and g4f's template does all the same."""

    let_go = threading.Event()

    @classmethod
    async def create_async_generator(cls, **_: object) -> AsyncIterator[str]:
        cls.let_go.wait()
        yield "at last"


class Eager:
    """Makes pieces as fast as they are taken."""

    made = 0
    far_ahead = threading.Event()

    @classmethod
    async def create_async_generator(cls, **_: object) -> AsyncIterator[str]:
        while True:
            cls.made += 1
            if cls.made == MAX_PIECES_AHEAD:
                cls.far_ahead.set()
            yield "piece"


class OneTask:
    """Holds a time limit open over its pieces, which only works when one task reads them all."""

    @staticmethod
    async def create_async_generator(**_: object) -> AsyncIterator[str]:
        async with asyncio.timeout(60):
            for number in range(200):
                yield f"{number} "


class Endless:
    @staticmethod
    async def create_async_generator(**_: object) -> AsyncIterator[str]:
        while True:
            yield "again and again " * 100
            await asyncio.sleep(0)


class Thoughtful:
    @staticmethod
    async def create_async_generator(**_: object) -> AsyncIterator[object]:
        for piece in ("<thi", "nk>hm</think>", "Hi"):
            yield piece
        yield Finish("length")


class Wordless:
    @staticmethod
    async def create_async_generator(**_: object) -> AsyncIterator[object]:
        yield Thought("hm")
        yield Finish("length")


class Chatty:
    """Says other things in between, as g4f's providers do, even within a tag."""

    @staticmethod
    async def create_async_generator(**_: object) -> AsyncIterator[object]:
        for piece in ("<think>hm</thi", object(), "nk>Hi"):
            yield piece


class Quitter:
    """Raises what is no error of a generator's but the end of a task or of the program."""

    last: type[BaseException] = asyncio.CancelledError

    @classmethod
    async def create_async_generator(cls, **_: object) -> AsyncIterator[str]:
        yield "so far"
        raise cls.last


class NotAsync:
    @staticmethod
    def create_async_generator(**_: object) -> list[str]:
        return ["Hi"]


def client(kind: str, **config: object) -> GeneratorClient:
    return GeneratorClient(GeneratorConfig(kind=kind_of(kind), **config))  # type: ignore[arg-type]  # each test knows its fields


async def ask(generators: GeneratorClient, *, proxy: str | None = None, model: str | None = None) -> list[Piece]:
    pieces = generators.answer(HELLO, temperature=0.7, max_tokens=9, proxy=proxy, model=model)
    return [piece async for piece in pieces]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("g4f.Provider.Nowhere:Name", "installed"),
        (f"{STYLE}:Nothing", "create_async_generator"),
        (f"{STYLE}:NOT_ONE", "create_async_generator"),
        ("aurora", "import path"),
        (":Name", "import path"),
        ("module:", "import path"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_wrong_setting(kind: str, word: str) -> None:
    with pytest.raises(SettingsProblem, match=f"GENERATOR.*{word}"):
        client(kind)


async def test_a_foreign_class_gets_everything_as_keyword_arguments() -> None:
    config = {"url": "http://h", "key": SecretStr("sk-1"), "model": "m"}
    [said] = await ask(client(f"{HERE}:Keen", **config), proxy="socks5://u:p%40@h")
    for pair in (
        ("base_url", "http://h"),
        ("url", "http://h"),
        ("api_key", "sk-1"),
        ("model", "m"),
        ("max_tokens", "9"),
        ("temperature", "0.7"),
        ("proxy", "socks5://u:p%40@h:1080"),
        ("timeout", "600"),
        ("messages", str(HELLO)),
    ):
        assert str(pair) in str(said)


async def test_the_model_of_a_chat_wins_over_the_configured_one() -> None:
    [said] = await ask(client(f"{HERE}:Keen", model="m"), model="other")
    assert "('model', 'other')" in str(said)


async def test_a_class_that_takes_little_gets_no_more() -> None:
    pieces = await ask(client(f"{STYLE}:Talkative", model="m", key=SecretStr("sk-1")))
    said = "Hello\n> [0] https://example.org"
    assert [piece for piece in pieces if isinstance(piece, Thought)] == [Thought("m reads 1")]
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == said
    assert pieces[-1] == Finish("length")


async def test_a_foreign_error_is_told_without_the_key() -> None:
    generators = client(f"{STYLE}:Coroutine", key=SecretStr("sk-very-secret"))
    pieces = generators.answer(HELLO, temperature=0.5, max_tokens=9)
    assert await anext(pieces) == "Hel"
    with pytest.raises(GeneratorBroken) as caught:
        await anext(pieces)
    assert str(caught.value) == "RuntimeError: the account of *** is out of luck"


async def test_a_foreign_class_that_falls_silent_is_ended() -> None:
    Silent.closed = 0
    timeouts = Timeouts(headers=60, silence=0.5, answer=120)
    pieces = client(f"{HERE}:Silent", timeouts=timeouts).answer(HELLO, temperature=0.5, max_tokens=9)
    assert await anext(pieces) == "so far"
    with pytest.raises(GeneratorSilent):
        await anext(pieces)
    await until(lambda: Silent.closed == 1)


async def test_a_foreign_class_that_blocks_holds_nobody_up() -> None:
    Blocking.let_go.clear()
    try:
        with pytest.raises(GeneratorSilent):
            await ask(client(f"{HERE}:Blocking", timeouts=QUICK))
        assert await ask(client(f"{HERE}:Thoughtful")) == [Thought("hm"), "Hi", Finish("length")]
    finally:
        Blocking.let_go.set()


async def test_a_foreign_class_is_read_by_one_task() -> None:
    pieces = await ask(client(f"{HERE}:OneTask"))
    assert "".join(map(str, pieces)) == "".join(f"{number} " for number in range(200))


async def test_a_foreign_class_waits_for_its_reader() -> None:
    pieces = client(f"{HERE}:Eager").answer(HELLO, temperature=0.5, max_tokens=9)
    await anext(pieces)
    assert await asyncio.to_thread(Eager.far_ahead.wait, 20)
    await pieces.aclose()
    assert Eager.made <= MAX_PIECES_AHEAD + 2


async def test_a_foreign_class_is_closed_early() -> None:
    Keen.closed = 0
    pieces = client(f"{HERE}:Keen").answer(HELLO, temperature=0.5, max_tokens=9)
    await anext(pieces)
    await pieces.aclose()
    assert Keen.closed == 1


async def test_a_foreign_class_that_never_ends_is_ended() -> None:
    heard: list[Piece] = []

    async def listen() -> None:
        pieces = client(f"{HERE}:Endless").answer(HELLO, temperature=0.5, max_tokens=9)
        async for piece in pieces:
            heard[len(heard) :] = [piece]

    with pytest.raises(GeneratorBroken):
        await listen()
    assert 0 < sum(len(str(piece)) for piece in heard) <= 1 << 20


async def test_thoughts_in_tags_come_apart_whoever_writes_them() -> None:
    assert await ask(client(f"{HERE}:Thoughtful")) == [Thought("hm"), "Hi", Finish("length")]


async def test_what_is_not_meant_for_people_parts_no_tag() -> None:
    assert await ask(client(f"{HERE}:Chatty")) == [Thought("hm"), "Hi"]


@pytest.mark.parametrize("last", [asyncio.CancelledError, SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_a_foreign_class_ends_neither_our_task_nor_the_program(
    last: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quitter, "last", last)
    with pytest.raises(GeneratorBroken, match=last.__name__):
        await ask(client(f"{HERE}:Quitter"))


async def test_thoughts_alone_are_no_answer_but_enough_for_a_probe() -> None:
    generators = client(f"{HERE}:Wordless")
    with pytest.raises(CutInThoughts) as cut:
        await ask(generators)
    assert not cut.value.retryable
    await generators.probe()


async def test_a_class_without_an_async_generator_is_broken() -> None:
    with pytest.raises(GeneratorBroken):
        await ask(client(f"{HERE}:NotAsync"))


async def test_a_probe_has_limits_of_its_own() -> None:
    async with serve(Exchange.wait_gone) as server:
        with pytest.raises(GeneratorSilent):
            await client("aura", url=server.url).probe(timeouts=QUICK)


async def test_a_wrong_proxy_address_is_said_at_once() -> None:
    with pytest.raises(GeneratorProblem, match="http://, https:// or socks5://"):
        await ask(client("aura", url="http://127.0.0.1:1"), proxy="nonsense")


def test_the_configuration_shows_no_key() -> None:
    assert "sk-1" not in repr(GeneratorConfig(kind=kind_of("aura"), key=SecretStr("sk-1")))
