"""Whether a server goes on within an answer: found out once with a cut word, and remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.conversation.window import newest_within
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Messages
from bot.generators.factory import kind_of
from bot.generators.prefill import PREFILL_PARAMETERS, TRIAL
from tests.generators.test_openai import DONE, STOP, event
from tests.harness.wire_server import Exchange, Script, WireServer, serve

Chunks = list[dict[str, Any]]
CUT: Messages = [{"role": "user", "content": "Tell me"}, {"role": "assistant", "content": "It is a beau"}]


def said(*pieces: str) -> Chunks:
    return [{"content": piece} for piece in pieces]


def server_that(judge: Callable[[dict[str, Any]], Chunks | str]) -> Script:
    """A server that streams these deltas, or refuses with these words."""

    async def script(exchange: Exchange) -> None:
        answer = judge(exchange.request.json)
        if isinstance(answer, str):
            status, _, words = answer.partition(" ")
            body = json.dumps({"error": {"message": words}}).encode()
            await exchange.reply(body, f"{status} x", Content_Type="application/json")
        else:
            await exchange.reply(b"".join(event(delta=delta) for delta in answer) + STOP + DONE)

    return script


def client_of(server: WireServer, kind: str = "openai") -> GeneratorClient:
    return GeneratorClient(GeneratorConfig(kind=kind_of(kind), url=server.url, model="some"))


def llama_cpp(_: dict[str, Any]) -> Chunks:
    return said("", "d", "ay", ", Friday")


def vllm(sent: dict[str, Any]) -> Chunks:
    return said("day, Friday") if sent["continue_final_message"] else said("Friday")


def vllm_without_the_words(sent: dict[str, Any]) -> Chunks | str:
    return (
        "400 Unrecognized request argument: add_generation_prompt" if "add_generation_prompt" in sent else said("day")
    )


def begins_anew(_: dict[str, Any]) -> Chunks:
    return said("Monday, Tuesday")


def goes_on_with_the_next_word(_: dict[str, Any]) -> Chunks:
    return said(" Friday")


def thinks_first(_: dict[str, Any]) -> Chunks:
    return [{"reasoning_content": "day"}, *said("day")]


def says_nothing(_: dict[str, Any]) -> Chunks:
    return []


def refuses(_: dict[str, Any]) -> str:
    return "400 This model does not support assistant message prefill. The conversation must end with a user message."


def refuses_with_thinking(_: dict[str, Any]) -> str:
    return "500 Assistant response prefill is incompatible with enable_thinking."


@pytest.mark.parametrize(
    ("server_like", "goes_on"),
    [
        (llama_cpp, True),
        (vllm, True),
        (vllm_without_the_words, True),
        (begins_anew, False),
        (goes_on_with_the_next_word, False),
        (thinks_first, False),
        (says_nothing, False),
        (refuses, False),
        (refuses_with_thinking, False),
    ],
)
async def test_whether_a_server_goes_on_is_found_out_once(
    server_like: Callable[[dict[str, Any]], Chunks | str], goes_on: bool
) -> None:
    async with serve(server_that(server_like)) as server:
        client = client_of(server)
        assert await client.goes_on() is goes_on
        asked = len(server.requests)
        assert await client.goes_on() is goes_on
        assert len(server.requests) == asked, "it is remembered"
        assert server.requests[0].json["messages"] == TRIAL


async def test_a_server_that_is_full_is_tried_again_the_next_time() -> None:
    answers: Iterator[Chunks | str] = iter(["429 Too many requests", said("day")])
    async with serve(server_that(lambda _: next(answers))) as server:
        client = client_of(server)
        assert not await client.goes_on()
        assert await client.goes_on()


async def test_one_that_refuses_later_is_believed() -> None:
    async with serve(server_that(llama_cpp)) as server:
        client = client_of(server)
        assert await client.goes_on()
        client.cannot_go_on()
        assert not await client.goes_on()


async def test_an_aura_server_is_tried_as_well_and_a_foreign_class_is_not() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(b"day, Friday")

    async with serve(script) as server:
        assert await client_of(server, "aura").goes_on()
        assert not await client_of(server, "tests.contracts.generators.g4f_style:Talkative").goes_on()
        assert len(server.requests) == 1


async def test_the_words_of_prefill_stand_in_no_other_request() -> None:
    async with serve(server_that(llama_cpp)) as server:
        client = client_of(server)
        for messages in (CUT, CUT[:1]):
            assert [piece async for piece in client.answer(messages, temperature=0, max_tokens=9)]
        with_it, without = (set(request.json) for request in server.requests)
        assert with_it - without == set(PREFILL_PARAMETERS)


@pytest.mark.parametrize("tokens", [0, 100, 10_000])
def test_of_an_answer_that_is_gone_on_with_the_end_is_always_read(tokens: int) -> None:
    long = [*CUT[:1], {"role": "assistant", "content": "word " * 2000 + "beau"}]
    earlier: Messages = [{"role": "system", "content": "Be kind."}, *CUT[:1], {"role": "assistant", "content": "Yes"}]
    *_, question, answer = newest_within([*earlier, *long], tokens)
    assert question == CUT[0]
    assert answer["role"] == "assistant"
    assert answer["content"].endswith("word beau")
