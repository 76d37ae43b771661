from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import (
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
    QuestionTooLong,
)
from bot.generators.client import GeneratorClient
from bot.generators.contract import Messages, Timeouts
from tests.contracts.generators.kinds import ALL, OURS, PATIENT, Kind
from tests.harness.wire_server import GENEROUS, Exchange, Script, WireServer, serve

QUESTION: Messages = [{"role": "user", "content": "Hello"}]
IMPATIENT = Timeouts(headers=1, silence=1, answer=PATIENT.answer)
MEGABYTE = 1 << 20
AMPLE = 1 << 30
"""Tokens: more than any limit of size lets through."""

every_kind = pytest.mark.parametrize("kind", ALL, ids=str)
own_kinds = pytest.mark.parametrize("kind", OURS, ids=str)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)


@asynccontextmanager
async def scene(script: Script) -> AsyncIterator[WireServer]:
    """A server, and the certainty that neither a connection nor a task is left when all is over."""
    before = asyncio.all_tasks()
    async with serve(script) as server:
        yield server
        async with asyncio.timeout(GENEROUS):
            await server.wait_idle()
            gc.collect()
            while left := asyncio.all_tasks() - before:
                await asyncio.wait(left)


async def ask(client: GeneratorClient, so_far: list[str] | None = None) -> str:
    heard = [] if so_far is None else so_far
    async with aclosing(client.answer(QUESTION, temperature=0.5, max_tokens=AMPLE)) as pieces:
        async for piece in pieces:
            if isinstance(piece, str):
                heard.append(piece)
    return "".join(heard)


def answering(kind: Kind, body: bytes, cuts: Sequence[int] = ()) -> Script:
    """Answer with `body`, cut at these places."""

    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
        for start, end in pairwise(places):
            await exchange.chunk(body[start:end])
            for _ in range(3):
                await asyncio.sleep(0)  # lets the client read what is there
        await exchange.end()

    return script


@every_kind
@given(pieces=st.lists(texts, min_size=1, max_size=5), cuts=st.lists(st.integers(0, 10_000), max_size=30))
@settings(max_examples=25, deadline=None)
async def test_text_is_exact_wherever_the_bytes_are_cut(kind: Kind, pieces: list[str], cuts: list[int]) -> None:
    body = b"".join(map(kind.encode, pieces)) + kind.ending
    async with serve(answering(kind, body, cuts)) as server:
        assert await ask(kind.client(server.url)) == "".join(pieces)


@every_kind
async def test_text_is_exact_when_every_byte_comes_alone(kind: Kind) -> None:
    text = "Ж€🙂 — один\r\n二\u2028три"
    body = kind.encode(text) + kind.ending
    async with scene(answering(kind, body, range(len(body)))) as server:
        assert await ask(kind.client(server.url)) == text


@every_kind
async def test_closing_early_closes_the_connection(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("first"))
        await exchange.wait_gone()

    async with scene(script) as server:
        pieces = kind.client(server.url).answer(QUESTION, temperature=0.5, max_tokens=100)
        assert await anext(pieces) == "first"
        await pieces.aclose()
        async with asyncio.timeout(GENEROUS):
            await server.last.gone.wait()


@every_kind
async def test_cancelling_closes_the_connection(kind: Kind) -> None:
    started = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        started.set()
        await exchange.wait_gone()

    async with scene(script) as server:
        asking = asyncio.ensure_future(ask(kind.client(server.url)))
        async with asyncio.timeout(GENEROUS):
            await started.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with asyncio.timeout(GENEROUS):
            await server.last.gone.wait()


@every_kind
async def test_headers_that_never_come_end_in_silence(kind: Kind) -> None:
    async with scene(Exchange.wait_gone) as server:
        with pytest.raises(GeneratorSilent):
            await ask(kind.client(server.url, IMPATIENT))


@every_kind
async def test_silence_in_the_middle_keeps_what_was_written(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("so far"))
        await exchange.wait_gone()

    heard: list[str] = []
    async with scene(script) as server:
        with pytest.raises(GeneratorSilent):
            await ask(kind.client(server.url, IMPATIENT), heard)
    assert heard == ["so far"]


@every_kind
async def test_a_slow_drip_ends_with_the_time_for_the_whole_answer(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        while True:
            await exchange.chunk(kind.encode("a"))
            await asyncio.sleep(0.05)

    heard: list[str] = []
    async with scene(script) as server:
        with pytest.raises(GeneratorSilent):
            await ask(kind.client(server.url, Timeouts(headers=20, silence=20, answer=2)), heard)
    assert set("".join(heard)) == {"a"}


@every_kind
@pytest.mark.parametrize("piece", ["word " * 4000, "x"], ids=["large pieces", "small pieces"])
async def test_fifty_megabytes_are_not_read(kind: Kind, piece: str) -> None:
    unit = kind.encode(piece)

    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        while exchange.sent < 50 * MEGABYTE:
            await exchange.chunk(unit * (20_000 // len(unit) + 1))

    heard: list[str] = []
    async with scene(script) as server:
        with pytest.raises(GeneratorBroken):
            await ask(kind.client(server.url), heard)
    assert 0 < sum(map(len, heard)) <= MEGABYTE
    share = len(unit) / len(piece)  # bytes on the wire for a character
    assert server.last.sent < 20 * MEGABYTE * share


@every_kind
async def test_an_empty_answer_is_an_error_that_may_be_tried_again(kind: Kind) -> None:
    async with scene(answering(kind, kind.ending)) as server:
        with pytest.raises(GeneratorBroken) as caught:
            await ask(kind.client(server.url))
    assert caught.value.retryable


@every_kind
@pytest.mark.parametrize(
    ("status", "error", "again"),
    [
        ("401 Unauthorized", GeneratorRefused, False),
        ("403 Forbidden", GeneratorRefused, False),
        ("404 Not Found", GeneratorRefused, False),
        ("413 Content Too Large", QuestionTooLong, False),
        ("429 Too Many Requests", GeneratorBusy, True),
        ("500 Internal Server Error", GeneratorBroken, True),
        ("502 Bad Gateway", GeneratorBroken, True),
        ("503 Service Unavailable", GeneratorBusy, True),
        ("500 Incorrect API key provided: sk-***. You can find your key at example.org", GeneratorRefused, False),
        ("500 Rate limit reached for requests", GeneratorBusy, True),
        ("500 This model's maximum context length is 8192 tokens", QuestionTooLong, False),
        ("500 Cannot read properties of undefined", GeneratorBroken, True),
    ],
)
async def test_a_status_ends_in_the_right_error(
    kind: Kind, status: str, error: type[GeneratorProblem], *, again: bool
) -> None:
    async with scene(lambda exchange: exchange.reply(b"Error", status)) as server:
        with pytest.raises(GeneratorProblem) as caught:
            await ask(kind.client(server.url))
    assert (type(caught.value), caught.value.retryable) == (error, again)


@every_kind
async def test_a_full_house_says_when_to_come_back(kind: Kind) -> None:
    async with scene(lambda exchange: exchange.reply(b"", "429 Too Many Requests", Retry_After="7")) as server:
        with pytest.raises(GeneratorBusy) as caught:
            await ask(kind.client(server.url))
    assert caught.value.retry_after == 7


@own_kinds
async def test_a_page_of_html_is_no_answer(kind: Kind) -> None:
    page = b"<!DOCTYPE html><html><body>Welcome to nginx</body></html>"
    async with scene(lambda exchange: exchange.reply(page, Content_Type="text/html; charset=utf-8")) as server:
        with pytest.raises(GeneratorBroken, match="HTML"):
            await ask(kind.client(server.url))


@own_kinds
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, GeneratorRefused),
        ({"object": "error", "message": "This model's maximum context length is 8192 tokens"}, QuestionTooLong),
        ({"detail": {"error": "Rate limit exceeded"}}, GeneratorBusy),
        ({"error": "something went wrong"}, GeneratorBroken),
    ],
)
async def test_an_error_as_json_with_status_200_is_an_error(
    kind: Kind, body: object, error: type[GeneratorProblem]
) -> None:
    async with scene(lambda ex: ex.reply(json.dumps(body).encode(), Content_Type="application/json")) as server:
        with pytest.raises(error):
            await ask(kind.client(server.url))


def _reset(exchange: Exchange) -> None:
    exchange.reset()


def _stop(exchange: Exchange) -> None:
    exchange.writer.close()


def _bad_chunk(exchange: Exchange) -> None:
    exchange.writer.write(b"this is no length\r\nboo\r\n")


@every_kind
@pytest.mark.parametrize("breakage", [_reset, _stop])
async def test_a_broken_connection_keeps_what_was_written(kind: Kind, breakage: Callable[[Exchange], None]) -> None:
    await _breaks_after_the_first_piece(kind, breakage)


@own_kinds
async def test_broken_chunked_encoding_keeps_what_was_written(kind: Kind) -> None:
    await _breaks_after_the_first_piece(kind, _bad_chunk)


async def _breaks_after_the_first_piece(kind: Kind, breakage: Callable[[Exchange], None]) -> None:
    heard = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("so far"))
        await heard.wait()
        breakage(exchange)
        await exchange.wait_gone()

    async with scene(script) as server:
        pieces = kind.client(server.url).answer(QUESTION, temperature=0.5, max_tokens=100)
        assert await anext(pieces) == "so far"
        heard.set()
        with pytest.raises(GeneratorBroken):
            await anext(pieces)


@every_kind
async def test_a_connection_that_ends_before_the_headers_is_broken(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        exchange.reset()

    async with scene(script) as server:
        with pytest.raises(GeneratorBroken):
            await ask(kind.client(server.url))


@every_kind
async def test_what_is_no_http_is_broken(kind: Kind) -> None:
    async with scene(lambda exchange: exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as server:
        with pytest.raises(GeneratorBroken):
            await ask(kind.client(server.url))


@every_kind
async def test_a_server_that_is_not_there_is_unreachable(kind: Kind) -> None:
    async with serve(Exchange.wait_gone) as server:
        url = server.url
    with pytest.raises(GeneratorUnreachable):
        await ask(kind.client(url))


@own_kinds
async def test_content_given_as_parts_is_sent_as_text(kind: Kind) -> None:
    parts = [
        {"type": "text", "text": "What is"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "it?"},
    ]
    async with scene(answering(kind, kind.encode("a cat") + kind.ending)) as server:
        answer = kind.client(server.url).answer(
            [{"role": "user", "content": parts}],  # type: ignore[dict-item]  # as callers of g4f do
            temperature=0.5,
            max_tokens=100,
        )
        assert [piece async for piece in answer if isinstance(piece, str)] == ["a cat"]
        assert server.last.request.json["messages"] == [{"role": "user", "content": "What is\nit?"}]


@own_kinds
async def test_a_question_that_does_not_fit_is_refused_before_anything_is_sent(kind: Kind) -> None:
    async with scene(answering(kind, kind.encode("no") + kind.ending)) as server:
        long = [{"role": "user", "content": "many words " * 8000}]
        with pytest.raises(QuestionTooLong):
            await anext(kind.client(server.url).answer(long, temperature=0.5, max_tokens=100))
        assert server.exchanges == []


@every_kind
async def test_answers_run_side_by_side(kind: Kind) -> None:
    everyone_came = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        if len(server.exchanges) == 5:
            everyone_came.set()
        await everyone_came.wait()
        await exchange.chunk(kind.encode("together"))
        await kind.finish(exchange)

    async with scene(script) as server:
        client = kind.client(server.url)
        assert await asyncio.gather(*(ask(client) for _ in range(5))) == ["together"] * 5


@every_kind
async def test_a_probe_is_satisfied_with_the_first_piece(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("Hi"))
        await exchange.wait_gone()

    async with scene(script) as server:
        await kind.client(server.url).probe()


@every_kind
async def test_a_probe_says_what_is_wrong_in_one_line(kind: Kind) -> None:
    async with scene(lambda exchange: exchange.reply(b"", "401 Unauthorized")) as server:
        with pytest.raises(GeneratorRefused) as caught:
            await kind.client(server.url).probe()
    assert "401 Unauthorized" in str(caught.value)
    assert "\n" not in str(caught.value)
