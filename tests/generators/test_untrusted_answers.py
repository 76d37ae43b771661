"""Answers of generators are untrusted: whatever comes, it ends in text within bounds or in a problem with a name."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import aiohttp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.attachments.problems import AttachmentProblem
from bot.attachments.transcription import MAX_TRANSCRIPT_CHARACTERS, TranscriptionClient, TranscriptionEndpoint
from bot.errors import GeneratorProblem, GeneratorRefused
from bot.generators.contract import Messages
from bot.generators.openai.model_list import MAX_LISTED_MODELS, list_models
from tests.contracts.generators.kinds import OURS, Kind
from tests.harness.wire_server import GENEROUS, Exchange, serve

QUESTION: Messages = [{"role": "user", "content": "Hello"}]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
deltas = st.fixed_dictionaries(
    {},
    optional={
        "content": json_values,
        "reasoning": json_values,
        "reasoning_content": json_values,
        "refusal": json_values,
        "tool_calls": json_values,
        "role": json_values,
    },
)
choices = st.fixed_dictionaries(
    {},
    optional={
        "index": json_values,
        "delta": deltas | json_values,
        "message": deltas | json_values,
        "text": json_values,
        "finish_reason": st.sampled_from(["stop", "length", "content_filter"]) | json_values,
    },
)
counts = st.fixed_dictionaries({}, optional={"prompt_tokens": json_values, "completion_tokens": json_values})
errors = st.fixed_dictionaries({}, optional={"message": json_values, "code": json_values, "type": json_values})
events = json_values | st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(choices | json_values, max_size=3) | json_values,
        "usage": counts | json_values,
        "error": errors | json_values,
        "model": json_values,
        "object": json_values,
    },
)
lines = events.map(lambda event: b"data: " + json.dumps(event).encode()) | st.sampled_from(
    [b"data: [DONE]", b": ping", b"event: error", b"data:", b"data: {", b"id: 1", b"retry: x", b"[" * 5000, b"\xff\xfe"]
)
bodies = (
    st.lists(lines, max_size=5).map(lambda some: b"\n\n".join([*some, b""]))
    | events.map(lambda event: json.dumps(event).encode())
    | st.binary(max_size=40)
    | st.just(b"[" * 100_000)
)
statuses = st.sampled_from(
    ["200 OK"] * 4 + ["204 No Content", "302 Found", "400 Bad Request", "429 Too Many", "500 Oh"]
)
types = st.sampled_from(["text/event-stream", "application/json", "text/plain", "text/html", "x", "\xff"])


@pytest.mark.parametrize("kind", OURS, ids=str)
@given(
    status=statuses, content_type=types, retry_after=st.none() | st.text("0123456789-.enaif", max_size=8), body=bodies
)
@settings(deadline=None, max_examples=60)
async def test_any_answer_is_text_or_a_problem(
    kind: Kind, status: str, content_type: str, retry_after: str | None, body: bytes
) -> None:
    async def script(exchange: Exchange) -> None:
        headers = {"Content_Type": content_type, **({} if retry_after is None else {"Retry_After": retry_after})}
        await exchange.reply(body, status, **headers)

    async with serve(script) as server, asyncio.timeout(GENEROUS):
        client, written, said = kind.client(server.url), 0, ""
        try:
            async with aclosing(client.answer(QUESTION, temperature=0.5, max_tokens=1000)) as pieces:
                async for piece in pieces:
                    written += len(piece) if isinstance(piece, str) else 0
        except GeneratorProblem as problem:
            said = str(problem)
    assert (written > 0) or said
    assert len(said) < 2000
    assert "\n" not in said


@pytest.mark.parametrize("kind", OURS, ids=str)
@given(body=bodies)
@settings(deadline=None, max_examples=30)
async def test_any_answer_to_a_probe_is_an_answer_or_a_problem(kind: Kind, body: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(body, Content_Type="text/event-stream")

    said = ""
    async with serve(script) as server, asyncio.timeout(GENEROUS):
        try:
            await kind.client(server.url).probe()
        except GeneratorProblem as problem:
            said = str(problem)
    assert "\n" not in said


NESTED = b"[" * 5000


@pytest.mark.parametrize("kind", OURS, ids=str)
async def test_a_refusal_whose_words_are_nested_too_deeply_stays_a_refusal(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(NESTED, "401 Unauthorized", Content_Type="application/json")

    async with serve(script) as server, asyncio.timeout(GENEROUS):
        with pytest.raises(GeneratorRefused, match="401"):
            await anext(aiter(kind.client(server.url).answer(QUESTION, temperature=0.5, max_tokens=1000)))


@pytest.mark.parametrize("kind", [kind for kind in OURS if "aura" in str(kind)], ids=str)
async def test_an_answer_of_brackets_alone_is_an_answer(kind: Kind) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(NESTED, Content_Type="text/plain")

    async with serve(script) as server, asyncio.timeout(GENEROUS):
        pieces = kind.client(server.url).answer(QUESTION, temperature=0.5, max_tokens=10_000)
        said = "".join([piece async for piece in pieces if isinstance(piece, str)])
    assert said == NESTED.decode()


listed = st.fixed_dictionaries({}, optional={"id": json_values, "object": json_values})
lists = st.lists(listed | json_values, max_size=4)
lists_of_models = (lists | st.fixed_dictionaries({}, optional={"data": lists | json_values})).map(json.dumps)


@given(status=statuses, body=lists_of_models.map(str.encode) | bodies)
@settings(deadline=None, max_examples=60)
async def test_any_list_of_models_is_names_or_a_problem(status: str, body: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(body, status, Content_Type="application/json")

    names: list[str] = []
    async with serve(script) as server, asyncio.timeout(GENEROUS):
        try:
            names = await list_models(server.url, key=SecretStr("k"), proxy=None, ssl_context=None)
        except (GeneratorProblem, aiohttp.ClientError) as problem:
            assert str(problem)  # noqa: PT017  # either is right
    assert len(names) <= MAX_LISTED_MODELS
    assert all(name.isprintable() and name.strip() for name in names)


transcripts = st.fixed_dictionaries({}, optional={"text": json_values, "error": json_values}).map(json.dumps)


@given(status=statuses, body=transcripts.map(str.encode) | bodies)
@example(status="200 OK", body=b"[" * 100_000)
@settings(deadline=None, max_examples=60)
async def test_any_answer_about_a_recording_is_text_or_a_problem(status: str, body: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(body, status, Content_Type="application/json")

    text = "heard"
    async with serve(script) as server, asyncio.timeout(GENEROUS):
        endpoint = TranscriptionEndpoint(server.url, model="whisper-1", key=SecretStr("k"), timeout=GENEROUS)
        try:
            text = await TranscriptionClient(endpoint).transcribe(b"a recording", filename="a.ogg")
        except AttachmentProblem as problem:
            assert "\n" not in str(problem)  # noqa: PT017  # the same
    assert text.strip()
    assert len(text) <= MAX_TRANSCRIPT_CHARACTERS
