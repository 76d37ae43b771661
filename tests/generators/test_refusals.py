"""Servers that refuse the form of a question: it is asked once more in a form that they take, and so from then on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.conversation.window import GO_ON
from bot.errors import GeneratorProblem, GeneratorRefused, QuestionTooLong
from bot.generators.client import GeneratorClient, GeneratorConfig, ProbeManner
from bot.generators.contract import Messages
from bot.generators.factory import kind_of
from bot.generators.openai.endpoint_memory import MAX_ENDPOINTS, EndpointMemory
from tests.generators.test_openai import DONE, STOP, event
from tests.harness.wire_server import Exchange, Script, WireServer, serve

HELLO: Messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
Judge = Callable[[dict[str, Any]], object]
"""Takes a request's JSON and gives the error body, or None."""


def server_that(judge: Judge, *, status: str = "400 Bad Request") -> Script:
    """A server that refuses what `judge` has an error for, and else answers."""

    async def script(exchange: Exchange) -> None:
        body = judge(exchange.request.json)
        if body is None:
            await exchange.chunked(Content_Type="text/event-stream")
            await exchange.chunk(event(delta={"content": "Hi"}) + STOP + DONE)
            await exchange.end()
        else:
            await exchange.reply(json.dumps(body).encode(), status, Content_Type="application/json")

    return script


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


def client_of(server: WireServer, path: str = "/v1", **config: Any) -> GeneratorClient:
    return GeneratorClient(GeneratorConfig(kind=kind_of("openai"), url=server.url + path, model="some", **config))


async def ask(client: GeneratorClient, messages: Messages = HELLO, *, max_tokens: int = 500) -> str:
    pieces = client.answer(messages, temperature=0.5, max_tokens=max_tokens)
    return "".join([piece async for piece in pieces if isinstance(piece, str)])


def o1(sent: dict[str, Any]) -> object:
    """As OpenAI's reasoning models answer."""
    if "max_tokens" in sent:
        return error(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'"
            " instead.",
            type="invalid_request_error", param="max_tokens", code="unsupported_parameter",
        )  # fmt: skip
    if "temperature" in sent:
        return error(
            "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is"
            " supported.",
            type="invalid_request_error", param="temperature", code="unsupported_value",
        )  # fmt: skip
    if any(message["role"] == "system" for message in sent["messages"]):
        return error("Unsupported value: 'messages[0].role' does not support 'system' with this model.")
    return None


async def test_one_refusal_after_another_is_taken_and_remembered() -> None:
    async with serve(server_that(o1)) as server:
        client = client_of(server)
        assert await ask(client) == "Hi"
        assert len(server.requests) == 4
        sent = server.last.request.json
        assert sent == {
            "model": "some",
            "messages": [{"role": "user", "content": "Be kind.\n\nHello"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": 500,
        }
        assert await ask(client) == "Hi"
        assert len(server.requests) == 5, "what was learned is remembered"


async def test_a_probe_asks_as_a_question_and_says_what_has_no_effect() -> None:
    async with serve(server_that(o1)) as server:
        client = client_of(server)
        await client.probe(manner=ProbeManner(0.5, 500, "Be kind."))
        first, last = server.requests[0].json, server.last.request.json
        assert first["messages"][0] == {"role": "system", "content": "Be kind."}
        assert (first["temperature"], first["max_tokens"]) == (0.5, 500)
        assert last["max_completion_tokens"] == 500
        assert [line.partition(":")[0] for line in client.advice()] == [
            "it takes no TEMPERATURE",
            "it takes no system message",
        ]


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        (lambda sent: error("max_tokens: Extra inputs are not permitted") if "max_tokens" in sent else None,
         "it takes no MAX_TOKENS: answers are counted and ended here"),
        (lambda sent: error("max_tokens is too large: 500. This model supports at most 400 completion tokens")
                      if sent.get("max_tokens", 0) > 400 else None,
         "its answers end at 400 tokens: set MAX_TOKENS=400"),
    ],
)  # fmt: skip
async def test_a_limit_that_does_not_hold_is_said(judge: Judge, said: str) -> None:
    async with serve(server_that(judge)) as server:
        client = client_of(server, max_tokens=500)
        await client.probe()
        assert client.advice() == [said]


def without(name: str, message: str) -> Judge:
    return lambda sent: error(message) if name in sent else None


def no_system(message: str) -> Judge:
    return lambda sent: error(message) if sent["messages"][0]["role"] == "system" else None


@pytest.mark.parametrize(
    "judge",
    [
        without("max_tokens", "Unrecognized request argument supplied: max_tokens"),
        without("max_tokens", "max_tokens: Extra inputs are not permitted"),
        without("temperature", "`temperature` is deprecated for this model."),
        without("temperature", "Unsupported parameter: 'temperature' is not supported with this model."),
        no_system("System role not supported"),
        no_system("Conversation roles must alternate user/assistant/user/assistant/..."),
        no_system("Only user and assistant roles are supported!"),
        no_system("Developer instruction is not enabled for models/gemma-3-27b-it"),
        no_system("This model does not support 'system' role"),
        lambda sent: error("max_tokens is too large: 500. This model supports at most 400 completion tokens, whereas"
                           " you provided 500.") if sent.get("max_tokens", 0) > 400 else None,
        lambda sent: error("max_tokens must be less than or equal to `400`")
        if sent.get("max_tokens", 0) > 400 else None,
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Entity", "500 Internal Server Error"])
async def test_what_is_refused_is_asked_once_more(judge: Judge, status: str) -> None:
    async with serve(server_that(judge, status=status)) as server:
        client = client_of(server)
        assert [await ask(client), await ask(client)] == ["Hi", "Hi"]
        assert len(server.requests) == 3


@pytest.mark.parametrize("message", ["You didn't provide an API key", "The model `some` does not exist", "No."])
async def test_a_refusal_of_something_else_is_told_at_once(message: str) -> None:
    async with serve(server_that(lambda _: error(message))) as server:
        with pytest.raises(GeneratorProblem):
            await ask(client_of(server))
        assert len(server.requests) == 1


async def test_a_server_that_refuses_everything_is_not_asked_for_ever() -> None:
    async with serve(server_that(lambda _: error("max_tokens, temperature, System role not supported"))) as server:
        with pytest.raises(GeneratorRefused):
            await ask(client_of(server))
        assert len(server.requests) <= 8


@pytest.mark.parametrize("status", ["404 Not Found", "405 Method Not Allowed"])
async def test_a_base_url_that_needs_no_version_is_found(status: str) -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/serving-endpoints/chat/completions":
            await server_that(lambda _: None)(exchange)
        else:
            await exchange.reply(b"<html>", status)

    async with serve(script) as server:
        client = client_of(server, "/serving-endpoints")
        assert [await ask(client), await ask(client)] == ["Hi", "Hi"]
        assert len(server.requests) == 3


async def test_a_path_that_is_nowhere_is_told_after_both() -> None:
    async with serve(lambda exchange: exchange.reply(b"", "404 Not Found")) as server:
        client = client_of(server, "/nowhere")
        for _ in range(2):
            with pytest.raises(GeneratorRefused, match="404"):
                await ask(client)
        assert [request.path for request in server.requests] == [
            "/nowhere/v1/chat/completions",
            "/nowhere/chat/completions",
        ] * 2


# Too long


def talk(exchanges: int, words: int) -> Messages:
    said: Messages = [{"role": "system", "content": "Be kind."}]
    for number in range(exchanges):
        said.append({"role": "user", "content": f"question {number} " + "why " * words})
        said.append({"role": "assistant", "content": f"answer {number} " + "so " * words})
    return [*said, {"role": "user", "content": "hi"}]


def counting(context: int, refusal: Callable[[int], object], *, a_token: float = 4) -> Judge:
    """A server that reads so many tokens, each of so many characters, and refuses input and limit above that."""

    def judge(sent: dict[str, Any]) -> object:
        tokens = int(sum(len(message["content"]) / a_token + 4 for message in sent["messages"]))
        return refusal(tokens) if tokens + sent.get("max_tokens", 1) > context else None

    return judge


REFUSALS: dict[str, Callable[[int], object]] = {
    "llama.cpp": lambda tokens: error(
        f"request ({tokens} tokens) exceeds the available context size (1024 tokens), try increasing it",
        code=400, type="exceed_context_size_error", n_prompt_tokens=tokens, n_ctx=1024,
    ),
    "vLLM": lambda tokens: {
        "object": "error",
        "message": "This model's maximum context length is 1024 tokens. However, you requested"
        f" {tokens + 500} tokens ({tokens} in the messages, 500 in the completion). Please reduce the length.",
    },
    "newer vLLM": lambda tokens: error(
        "'max_tokens' or 'max_completion_tokens' is too large: 500. This model's maximum context length is 1024 tokens"
        f" and your request has {tokens} input tokens (500 > 1024 - {tokens})."
    ),
    "OpenAI": lambda tokens: error(
        f"This model's maximum context length is 1,024 tokens. However, your messages resulted in {tokens} tokens.",
        code="context_length_exceeded",
    ),
    "without a number": lambda _: error("Prompt is too long"),
}  # fmt: skip
named = pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)


@named
async def test_a_conversation_that_is_too_long_for_the_server_is_answered(refusal: Callable[[int], object]) -> None:
    async with serve(server_that(counting(1024, refusal))) as server:
        client = client_of(server)
        assert await ask(client, talk(8, 100)) == "Hi"
        sent = server.last.request.json["messages"]
        assert (sent[0]["role"], sent[-1]["content"]) == ("system", "hi")
        assert [message["role"] for message in sent[1:]] == ["user", "assistant"] * (len(sent) // 2 - 1) + ["user"]
        assert len(server.requests) <= 3


@pytest.mark.parametrize("name", ["llama.cpp", "vLLM", "OpenAI"])
async def test_a_context_that_the_server_names_is_remembered(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serve(server_that(counting(1024, REFUSALS[name]))) as server:
        client = client_of(server)
        assert client.context_tokens() == 8192
        await ask(client, talk(8, 100))
        asked = len(server.requests)
        assert client.context_tokens() == 1024
        assert "CONTEXT_TOKENS=1024" in caplog.text
        await ask(client, talk(8, 100))
        assert len(server.requests) == asked + 1


@named
async def test_a_limit_that_makes_a_question_too_long_is_left_out(refusal: Callable[[int], object]) -> None:
    """The estimate is below the real count in many languages: then the limit that seemed to fit does not."""
    question = [{"role": "user", "content": "Wszyscy ludzie rodzą się wolni i równi. " * 40}]
    async with serve(server_that(counting(1024, refusal, a_token=2))) as server:
        client = client_of(server, context_tokens=1024)
        assert await ask(client, question, max_tokens=400) == "Hi"
        assert server.last.request.json["messages"] == question


async def test_a_list_instead_of_an_answer_proves_only_the_sum() -> None:
    question = [{"role": "user", "content": "Wszyscy ludzie rodzą się wolni i równi. " * 25}]
    async with serve(
        server_that(lambda sent: [{"tokens": [1]}, None] if "max_tokens" in sent else None, status="200 OK")
    ) as server:
        assert await ask(client_of(server), question, max_tokens=7000) == "Hi"


async def test_a_question_that_is_too_long_alone_is_told_with_the_setting() -> None:
    async with serve(server_that(lambda _: error("Prompt is too long"))) as server:
        with pytest.raises(QuestionTooLong, match="CONTEXT_TOKENS"):
            await ask(client_of(server), talk(8, 100))
        assert [message["content"] for message in server.last.request.json["messages"]] == ["Be kind.", "hi"]


async def test_an_answer_that_goes_on_keeps_its_question_and_its_end() -> None:
    going_on = [*talk(3, 30)[:-1], {"role": "user", "content": GO_ON}]
    async with serve(
        server_that(lambda sent: error("Prompt is too long") if len(sent["messages"]) > 4 else None)
    ) as server:
        assert await ask(client_of(server), going_on) == "Hi"
        sent = [message["content"] for message in server.last.request.json["messages"]]
        assert (sent[0], sent[-1]) == ("Be kind.", GO_ON)
        assert sent[1].startswith("question 2")
        assert sent[2].endswith(going_on[-2]["content"][-40:])


def test_only_so_many_endpoints_are_remembered() -> None:
    memory = EndpointMemory()
    first = memory.of("http://h", "0")
    for number in range(MAX_ENDPOINTS):
        assert memory.of("http://h", str(number)) is memory.of("http://h", str(number))
    assert memory.of("http://h", "0") is first
    memory.of("http://other", "0")
    assert memory.of("http://h", "1") is not memory.of("http://h", "2")


async def test_a_template_that_opens_the_thoughts_is_remembered() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(Content_Type="text/event-stream")
        for piece in ("Let me see. ", "It is 4.", "</think>\n\n", "4"):
            await exchange.chunk(event(delta={"content": piece}))
        await exchange.chunk(STOP + DONE)
        await exchange.end()

    async with serve(script) as server:
        client = client_of(server)
        first = [type(piece).__name__ async for piece in client.answer(HELLO, temperature=0, max_tokens=9)]
        again = [type(piece).__name__ async for piece in client.answer(HELLO, temperature=0, max_tokens=9)]
    assert first == ["str", "str", "Recast", "str", "Finish"]
    assert again == ["Thought", "Thought", "str", "Finish"]
