from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any, cast

import aiohttp
import pytest

from bot.conversation.window import estimate
from bot.errors import GeneratorBroken, GeneratorSilent, QuestionTooLong
from bot.generators.aura import Aura
from bot.generators.browser.session_args import BrowserSessions, SessionArgs
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Finish, Messages, Piece, Timeouts
from bot.generators.factory import kind_of
from bot.net.connections import Route
from tests.harness.wire_server import GENEROUS, Exchange, Script, serve

HELLO: Messages = [{"role": "user", "content": "Hello"}]


async def ask(url: str, messages: Messages = HELLO, **extras: Any) -> str:
    model = extras.pop("model", "openchat_3.6")
    pieces = Aura.create_async_generator(model, messages, url=url, **extras)
    return "".join([cast("str", piece) async for piece in pieces])


class Remembering(BrowserSessions):
    """What a browser would have read, without one."""

    async def get(self, route: Route, webdriver: object = None) -> tuple[SessionArgs, bool]:  # noqa: ARG002  # overrides
        return SessionArgs(cookies={}, headers={}), True


async def answer_of(url: str, **more: Any) -> list[Piece]:
    """What the client makes of it."""
    client = GeneratorClient(GeneratorConfig(kind=kind_of("aura"), url=url))
    return [piece async for piece in client.answer(HELLO, temperature=0.5, **{"max_tokens": 100, **more})]


def plain(body: bytes, **headers: str) -> Script:
    """Answer as the real server does: chunked, and with no headers but these."""

    async def script(exchange: Exchange) -> None:
        await exchange.chunked(**headers)
        await exchange.chunk(body)
        await exchange.end()

    return script


async def payload_of(messages: Messages, **extras: Any) -> Any:
    async with serve(plain(b"ok")) as server:
        await ask(server.url, messages, **extras)
        assert (server.last.request.method, server.last.request.path) == ("POST", "/api/chat")
        return server.last.request.json


def test_it_knows_its_home() -> None:
    assert Aura.url == "https://openchat.team"


async def test_the_request_is_that_of_the_original() -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "system", "content": "Be brief."},
    ]
    assert await payload_of(messages) == {
        "model": {
            "id": "openchat_3.6",
            "name": "openchat 3.6 (latest)",
            "maxLength": 24576,
            "tokenLimit": 8192,
        },
        "messages": [{"role": "user", "content": "Hello"}],
        "key": "",
        "prompt": "Be kind.\nBe brief.",
        "temperature": 0.5,
    }


async def test_settings_reach_the_request() -> None:
    sent = await payload_of(
        HELLO, model="gpt-4", model_name="GPT-4", key="sk-1", temperature=0.0, context_tokens=4000, max_tokens=100_000
    )
    assert sent["model"] == {"id": "gpt-4", "name": "GPT-4", "maxLength": 12_000, "tokenLimit": 4000}
    assert (sent["key"], sent["temperature"]) == ("sk-1", 0.0)


@pytest.mark.parametrize("max_tokens", [1, 10, 1000, 8192, 1_000_000, None])
async def test_the_server_is_told_the_whole_context_whatever_the_limit_of_an_answer(max_tokens: int | None) -> None:
    sent = await payload_of([{"role": "user", "content": "word " * 200}], max_tokens=max_tokens)
    assert sent["model"]["tokenLimit"] == 8192


@pytest.mark.parametrize("written", ["", "/", "/api/chat", "/api/chat/"])
async def test_the_address_may_be_given_whole(written: str) -> None:
    async with serve(plain(b"ok")) as server:
        await ask(f"{server.url}/base{written}")
        assert server.last.request.path == "/base/api/chat"
        assert server.last.request.headers["referer"] == f"{server.url}/base/"


@pytest.mark.parametrize("tokens", [1, 7, 60])
@pytest.mark.parametrize("size", [1, 5, 10_000])
async def test_the_limit_of_an_answer_is_kept_here(tokens: int, size: int) -> None:
    story = "The cat went on and on and on. " * 40

    async def script(exchange: Exchange) -> None:
        await exchange.chunked()
        for at in range(0, len(story), size):
            await exchange.chunk(story[at : at + size].encode())
        await exchange.wait_gone()

    async with serve(script) as server:
        *pieces, end = await answer_of(server.url, max_tokens=tokens)
        assert end == Finish("length")
        text = "".join(map(str, pieces))
        assert story.startswith(text)
        assert tokens - 2 <= estimate(text) <= tokens
        async with asyncio.timeout(GENEROUS):
            await server.last.gone.wait()


async def test_an_answer_within_the_limit_ends_by_itself() -> None:
    async with serve(plain(b"Two words")) as server:
        assert await answer_of(server.url, max_tokens=50) == ["Two words"]


@pytest.mark.parametrize("extras", [{}, {"browser": True}], ids=["plain", "with a browser"])
async def test_a_gate_for_browsers_leads_to_the_browser_step(extras: dict[str, Any]) -> None:
    page = b"<!DOCTYPE html><title>Just a moment...</title>"
    async with serve(lambda exchange: exchange.reply(page, "403 Forbidden", Content_Type="text/html")) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="page for browsers") as caught:
            await ask(server.url, session_args=Remembering(), **extras)
    assert ("AURA_BROWSER=true" in caught.value.message) == (not extras)


async def test_extras_of_g4f_do_no_harm() -> None:
    assert await payload_of(HELLO, stream=True, conversation=None, timeout=5, url_=1)


async def test_the_system_prompt_counts_when_a_question_is_too_long() -> None:
    messages = [{"role": "system", "content": "word " * 5000}, {"role": "user", "content": "word " * 5000}]
    with pytest.raises(QuestionTooLong):
        await payload_of(messages)


@pytest.mark.parametrize("status", ["401 Unauthorized", "500 Incorrect API key provided"])
async def test_callers_of_the_class_get_the_error_of_aiohttp(status: str) -> None:
    async with serve(lambda exchange: exchange.reply(b"Error", status)) as server:
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            await ask(server.url)
    assert f"{caught.value.status} {caught.value.message}" == status


async def test_the_message_of_a_json_error_is_read() -> None:
    body = json.dumps({"error": {"message": "the model is on holiday"}}).encode()
    async with serve(lambda ex: ex.reply(body, "500 Internal Server Error", Content_Type="application/json")) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="holiday"):
            await ask(server.url)


async def test_a_redirect_is_an_error_because_the_question_would_be_lost() -> None:
    async with serve(lambda ex: ex.reply(b"", "308 Permanent Redirect", Location="https://other.example")) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="moved"):
            await ask(server.url)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html><p>the page that you asked for</p>",
        '{"error": "an example of an error"}',
        "<html>",
        "[1, 2]",
        "\ufeffwith a mark",
        "a < b",
    ],
)
async def test_an_answer_that_only_looks_odd_is_an_answer(text: str) -> None:
    async with serve(plain(text.encode())) as server:
        assert await ask(server.url) == text


@pytest.mark.parametrize("text", ["{not json", '{"a": 1}', "< 5", "\n\nplain"])
async def test_an_answer_with_a_length_is_an_answer_too(text: str) -> None:
    async with serve(lambda exchange: exchange.reply(text.encode())) as server:
        assert await ask(server.url) == text


async def test_a_page_without_a_type_is_known_by_its_length() -> None:
    async with serve(lambda exchange: exchange.reply(b"\n<html><body>502</body></html>")) as server:
        with pytest.raises(GeneratorBroken, match="HTML"):
            await ask(server.url)


async def test_a_page_is_known_from_its_first_characters_wherever_they_are_cut() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(Content_Type="text/html")
        for byte in b" <!doctype HTML><html>":
            await exchange.chunk(bytes([byte]))
            await asyncio.sleep(0)
        await exchange.end()

    async with serve(script) as server:
        with pytest.raises(GeneratorBroken, match="HTML"):
            await ask(server.url)


async def test_white_space_is_an_empty_answer() -> None:
    async with serve(plain(b" \n ")) as server:
        with pytest.raises(GeneratorBroken):
            await answer_of(server.url)


async def test_broken_characters_are_marked_and_the_rest_is_kept() -> None:
    async with serve(plain(b"a\xffb\xe2\x82")) as server:
        assert await ask(server.url) == "a\ufffdb\ufffd"


async def test_headers_have_a_limit_of_their_own() -> None:
    async with serve(Exchange.wait_gone) as server:
        with pytest.raises(GeneratorSilent, match="headers"):
            await ask(server.url, timeouts=Timeouts(headers=0.2, silence=GENEROUS, answer=GENEROUS))


async def test_without_a_browser_the_headers_are_plain() -> None:
    async with serve(plain(b"ok")) as server:
        await ask(f"{server.url}/base/")
        headers = server.last.request.headers
        assert server.last.request.path == "/base/api/chat"
        assert headers["user-agent"].startswith("aura-telegram/")
        assert (headers["origin"], headers["referer"]) == (server.url, f"{server.url}/base/")
        assert "cookie" not in headers


async def test_it_gives_an_async_generator_that_can_be_closed() -> None:
    async with serve(plain(b"one")) as server:
        pieces = cast("Any", Aura.create_async_generator("m", HELLO, url=server.url))
        async with aclosing(pieces):
            first: Piece = await anext(pieces)
        assert first == "one"
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)
