from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from bot.errors import (
    AnswerFiltered,
    CutInThoughts,
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    QuestionTooLong,
)
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import DEFAULT_TIMEOUTS, Finish, Messages, Piece, Recast, Thought, Timeouts
from bot.generators.factory import kind_of
from bot.generators.openai.generator import OpenAI, _headers, endpoints
from bot.generators.options import Options
from tests.harness.wire_server import Exchange, Script, serve

HELLO: Messages = [{"role": "user", "content": "Hello"}]


def event(**choice: object) -> bytes:
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


STOP = event(delta={}, finish_reason="stop")
DONE = b"data: [DONE]\n\n"


def stream(*parts: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(Content_Type="text/event-stream; charset=utf-8")
        for part in parts:
            await exchange.chunk(part)
        await exchange.end()

    return script


def json_body(body: object, status: str = "200 OK") -> Script:
    return lambda exchange: exchange.reply(json.dumps(body).encode(), status, Content_Type="application/json")


async def ask(script: Script) -> list[Piece]:
    async with serve(script) as server:
        return await answer_of(server.url)


async def answer_of(url: str, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> list[Piece]:
    """What the client gives."""
    client = GeneratorClient(GeneratorConfig(kind=kind_of("openai"), url=url, model="some", timeouts=timeouts))
    return [piece async for piece in client.answer(HELLO, temperature=0.5, max_tokens=8192)]


def joined(pieces: Sequence[Piece]) -> tuple[str, str, list[Finish]]:
    """The answer, the thoughts, and how it ended."""
    return (
        "".join(piece for piece in pieces if isinstance(piece, str)),
        "".join(piece.text for piece in pieces if isinstance(piece, Thought)),
        [piece for piece in pieces if isinstance(piece, Finish)],
    )


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1/chat/completions"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/chat/completions"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
        ("https://h/api", "https://h/api/v1/chat/completions"),
        ("https://h/ollama?x=1", "https://h/ollama/v1/chat/completions?x=1"),
    ],
)
def test_a_base_url_may_have_its_version_or_not(base: str, address: str) -> None:
    assert endpoints(base)[0] == address


@pytest.mark.parametrize(
    "address",
    [
        "https://r.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        "https://models.github.ai/inference/chat/completions",
        "https://api.perplexity.ai/chat/completions",
        "http://h:1/v1/chat/completions",
        "http://h:1/chat/completions?a=b%2Fc&d",
    ],
)
def test_a_whole_address_stays_as_it_is(address: str) -> None:
    assert endpoints(address) == [address]


@pytest.mark.parametrize(
    "base", ["https://adb-1.azuredatabricks.net/serving-endpoints", "https://models.github.ai/inference"]
)
def test_a_base_url_without_a_version_may_need_none(base: str) -> None:
    assert endpoints(base) == [f"{base}/v1/chat/completions", f"{base}/chat/completions"]


async def test_the_request_is_that_of_the_protocol() -> None:
    async with serve(stream(event(delta={"content": "ok"}), STOP, DONE)) as server:
        messages = [{"role": "system", "content": "Be kind."}, *HELLO]
        pieces = OpenAI.create_async_generator(
            "some", messages, url=server.url, key=SecretStr("sk-1"), temperature=0.7, max_tokens=50, stream=False, odd=1
        )
        assert joined([piece async for piece in pieces]) == ("ok", "", [Finish("stop")])
        request = server.last.request
    assert (request.path, request.headers["authorization"]) == ("/v1/chat/completions", "Bearer sk-1")
    expected = {"model": "some", "messages": messages, "stream": True, "temperature": 0.7, "max_tokens": 50}
    expected["stream_options"] = {"include_usage": True}
    assert request.json == expected


async def test_without_a_key_nothing_is_said_of_one() -> None:
    async with serve(stream(event(delta={"content": "ok"}), DONE)) as server:
        assert [piece async for piece in OpenAI.create_async_generator("some", HELLO, url=server.url)]
        assert "authorization" not in server.last.request.headers


@pytest.mark.parametrize(("words", "limit", "sent"), [(1, 8192, None), (1000, 8000, None), (1000, 500, 500)])
async def test_only_what_needs_a_limit_is_limited(words: int, limit: int, sent: int | None) -> None:
    async with serve(stream(event(delta={"content": "ok"}), DONE)) as server:
        messages = [{"role": "user", "content": "word " * words}]
        pieces = OpenAI.create_async_generator("some", messages, url=server.url, max_tokens=limit)
        assert [piece async for piece in pieces]
        assert server.last.request.json.get("max_tokens") == sent


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("r.openai.azure.com", "api-key"),
        ("gw.azure-api.net", "api-key"),
        ("openai.azure.com.evil.example", "Authorization"),
    ],
)
def test_azure_wants_the_key_in_a_header_of_its_own(host: str, name: str) -> None:
    headers = _headers(f"https://{host}/chat/completions", Options(url="", key=SecretStr("sk-1")))
    assert {key for key, value in headers.items() if "sk-1" in value} == {name}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
async def test_reasoning_is_kept_apart(name: str) -> None:
    pieces = await ask(stream(event(delta={name: "hm, ", "content": None}), event(delta={"content": "Hi"}), STOP, DONE))
    assert joined(pieces) == ("Hi", "hm, ", [Finish("stop")])


async def test_thoughts_in_tags_are_kept_apart_wherever_the_tags_are_cut() -> None:
    text = " <think>Is 1 < 2?</think>\n\nYes: <think> is a tag"
    pieces = await ask(stream(*(event(delta={"content": letter}) for letter in text), STOP, DONE))
    assert joined(pieces) == ("Yes: <think> is a tag", "Is 1 < 2?", [Finish("stop")])


@pytest.mark.parametrize(("said", "reason"), [("stop", "stop"), ("length", "length"), ("tool_calls", "stop")])
async def test_it_says_why_the_answer_ended(said: str, reason: str) -> None:
    pieces = await ask(stream(event(delta={"content": "Hi"}), event(delta={}, finish_reason=said), DONE))
    assert [piece.reason for piece in joined(pieces)[2]] == [reason]


async def test_comments_and_usage_are_no_part_of_the_answer() -> None:
    usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\r\n\r\n'
    pieces = await ask(stream(b": OPENROUTER PROCESSING\n\n", event(delta={"content": "Hi"}), STOP, usage, DONE))
    assert joined(pieces) == ("Hi", "", [Finish("stop")])


async def test_events_without_data_are_no_part_of_the_answer() -> None:
    ping = b"event: ping\n\n"
    pieces = await ask(stream(b"retry: 3000\n\n", ping, event(delta={"content": "Hi"}), ping, b"data:\n\n", STOP, DONE))
    assert joined(pieces) == ("Hi", "", [Finish("stop")])


async def test_a_server_that_does_not_stream_is_understood() -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "length"}]}
    assert joined(await ask(json_body(body))) == ("Hi", "", [Finish("length")])


async def test_a_stream_that_just_stops_was_cut_off() -> None:
    with pytest.raises(GeneratorBroken, match="cut off"):
        await ask(stream(event(delta={"content": "Hi"})))


def _part(kind: str, **fields: object) -> dict[str, object]:
    return {"type": kind, **fields}


@pytest.mark.parametrize(
    "delta",
    [
        {"content": [_part("thinking", thinking=[_part("text", text="hm")])]},
        {"reasoning_details": [_part("reasoning.text", text="hm")]},
        {"reasoning_details": [_part("reasoning.summary", summary="hm"), _part("reasoning.encrypted", data="x")]},
        {"reasoning": "hm", "reasoning_details": [_part("reasoning.text", text="hm")]},
        {"reasoning": "hm", "reasoning_content": "hm"},
    ],
)
async def test_thoughts_are_read_in_every_form_and_once(delta: dict[str, object]) -> None:
    pieces = await ask(stream(event(delta=delta), event(delta={"content": [_part("text", text="Hi")]}), STOP, DONE))
    assert joined(pieces) == ("Hi", "hm", [Finish("stop")])


async def test_thoughts_alone_are_the_answer_when_the_model_ended_by_itself() -> None:
    pieces = await ask(stream(event(delta={"reasoning": "Budapest is the capital."}), STOP, DONE))
    assert pieces == [Thought("Budapest is the capital."), Recast("answer"), Finish("stop")]


async def test_thoughts_alone_are_no_answer_when_the_limit_cut_them() -> None:
    with pytest.raises(CutInThoughts):
        await ask(stream(event(delta={"reasoning": "hm"}), event(delta={}, finish_reason="length"), DONE))


async def test_a_refusal_is_the_answer() -> None:
    pieces = await ask(stream(event(delta={"refusal": "I can't "}), event(delta={"refusal": "help."}), STOP, DONE))
    assert joined(pieces) == ("I can't help.", "", [Finish("stop")])


FILTERED = event(delta={}, finish_reason="content_filter")


async def test_a_filter_that_ends_an_answer_is_told() -> None:
    pieces = await ask(stream(event(delta={"content": "First mix"}), FILTERED, DONE))
    assert joined(pieces) == ("First mix", "", [Finish("filter")])


async def test_a_filter_that_lets_nothing_through_is_told_and_not_asked_again() -> None:
    with pytest.raises(AnswerFiltered) as caught:
        await ask(stream(FILTERED, DONE))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "choice",
    [
        {
            "delta": {"content": ""},
            "finish_reason": "error",
            "error": {"code": 502, "message": "Provider disconnected"},
        },
        {"delta": {}, "finish_reason": "error"},
        {"delta": {}, "finish_reason": None, "error": {"message": "Provider disconnected"}},
    ],
)
async def test_an_error_within_the_choice_is_an_error(choice: dict[str, object]) -> None:
    with pytest.raises(GeneratorBroken, match=r"Provider disconnected|broke the answer off"):
        await ask(stream(event(delta={"content": "Budapest is the"}), event(**choice), DONE))


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (json_body({"object": "error", "message": "something broke"}, "500 Internal Server Error"), GeneratorBroken),
        (json_body({"detail": {"error": "Unauthorized"}}, "401 Unauthorized"), GeneratorRefused),
        (json_body([{"tokens": [1, 2]}, None]), QuestionTooLong),
        (json_body({"error": {"message": "The model `x` does not exist"}}, "404 Not Found"), GeneratorRefused),
        (
            json_body({"object": "error", "message": "maximum context length is 8192 tokens"}, "400 Bad Request"),
            QuestionTooLong,
        ),
        (
            json_body({"error": {"message": "request (9000 tokens) exceeds the available context size"}}, "400 Bad"),
            QuestionTooLong,
        ),
        (json_body({"error": {"message": "Loading model", "code": 503}}, "503 Service Unavailable"), GeneratorBusy),
        (
            json_body({"error": {"message": "You exceeded your current quota"}}, "429 Too Many Requests"),
            GeneratorRefused,
        ),
        (json_body({"error": "model 'x' not found"}, "404 Not Found"), GeneratorRefused),
        (stream(event(delta={"content": "H"}), b'data: {"error": {"message": "overloaded"}}\n\n'), GeneratorBusy),
        (stream(b"data: {broken\n\n"), GeneratorBroken),
        (stream(b"data: 5\n\n"), GeneratorBroken),
        (stream(b'data: {"choices": [5]}\n\n'), GeneratorBroken),
        (lambda exchange: exchange.reply(b"", "307 Temporary Redirect", Location="/x"), GeneratorRefused),
        (lambda exchange: exchange.reply(b""), GeneratorBroken),
    ],
)
async def test_odd_bodies_end_in_the_right_error(script: Script, error: type[GeneratorProblem]) -> None:
    with pytest.raises(GeneratorProblem) as caught:
        await ask(script)
    assert type(caught.value) is error


async def test_an_event_without_an_end_is_not_gathered() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(Content_Type="text/event-stream")
        for _ in range(50):
            await exchange.chunk(b"x" * (1 << 20))

    async with serve(script) as server:
        with pytest.raises(GeneratorBroken, match="does not end"):
            await anext(OpenAI.create_async_generator("some", HELLO, url=server.url))
        assert server.last.sent < 20 << 20


PICTURES = ["data:image/png;base64,AAAA", "data:image/jpeg;base64,BBBB"]


async def sent_with_pictures(content: str) -> object:
    """What reaches a server of the newest message."""
    bodies: list[bytes] = []

    async def script(exchange: Exchange) -> None:
        bodies.append(exchange.request.body)
        await stream(event(delta={"content": "Yes"}), STOP, DONE)(exchange)

    async with serve(script) as server:
        client = GeneratorClient(GeneratorConfig(kind=kind_of("openai"), url=server.url, model="some"))
        messages = [{"role": "user", "content": content}]
        answer = client.answer(messages, temperature=0.5, max_tokens=100, pictures=PICTURES)
        assert [piece async for piece in answer]
    return json.loads(bodies[0])["messages"][-1]["content"]


async def test_pictures_stand_in_their_places_as_content_parts() -> None:
    assert await sent_with_pictures("\x001\x00\nand\n\x000\x00\nCompare") == [
        {"type": "image_url", "image_url": {"url": PICTURES[1]}},
        {"type": "text", "text": "and"},
        {"type": "image_url", "image_url": {"url": PICTURES[0]}},
        {"type": "text", "text": "Compare"},
    ]


async def test_messages_without_pictures_stay_plain_text() -> None:
    assert await sent_with_pictures("Hello [picture]") == "Hello [picture]"


async def test_a_place_without_its_picture_is_a_word() -> None:
    assert await sent_with_pictures("\x007\x00\nLook") == [
        {"type": "text", "text": "[picture]"},
        {"type": "text", "text": "Look"},
    ]
