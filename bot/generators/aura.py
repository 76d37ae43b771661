"""Aura: openchat-ui's `/api/chat`, and every chatbot-ui before 2.0 that speaks the same protocol.

Usable alone:

async for chunk in Aura.create_async_generator(model="openchat_3.6", messages=[{"role": "user", "content": "Hello"}]):
    print(chunk, end="")
"""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp

from bot.errors import GeneratorBroken
from bot.generators.browser.session_args import BrowserSessions, SessionArgs, get_args_from_browser
from bot.generators.contract import AsyncResult, Messages, Timeouts
from bot.generators.deadline import Deadline, SizeLimit, limited
from bot.generators.error_classifier import error_text
from bot.generators.errors import from_words
from bot.generators.http import error_words, open_stream
from bot.generators.options import Options
from bot.generators.prompt import check_question, estimate_messages, flatten, split_system
from bot.net.connections import Route
from bot.net.proxy_url import ProxyURL, as_proxy

MODEL = "openchat_3.6"
MODEL_NAME = "openchat 3.6 (latest)"
SERVER_RESERVE = 1000
"""Tokens that the server keeps for its answer while it counts messages (older builds; newer ones keep 768)."""
CHARACTERS_PER_TOKEN = 3
"""`maxLength` over `tokenLimit`, as openchat-ui has it in its own list of models."""
MAX_JSON_LENGTH = 1 << 16
"""Characters of a JSON body that are read to see whether it is an error."""
_NO_ENTRY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Aura:
    """The generator of the house, to g4f's provider contract."""

    url: ClassVar[str] = "https://openchat.team"

    @classmethod
    async def create_async_generator(
        cls,
        model: str,
        messages: Messages,
        proxy: ProxyURL | str | None = None,
        temperature: float = 0.5,
        max_tokens: int = 8192,
        webdriver: Any = None,  # noqa: ANN401  # a Selenium WebDriver; Selenium need not be installed
        **kwargs: Any,  # noqa: ANN401  # the contract leaves extras open
    ) -> AsyncResult:
        """Ask, and give the answer's text piece by piece as it comes.

        `kwargs` may hold the fields of `Options`. Raises aiohttp.ClientError (ClientResponseError for a status that is
        no success) and, for what aiohttp has no class for, GeneratorSilent, GeneratorBroken (nothing, HTML or an error
        instead of text), QuestionTooLong (before anything is sent) and BrowserMissing.
        """
        options = Options.of(kwargs, cls.url)
        plain = flatten(messages)
        reserve = min(SERVER_RESERVE, options.context_tokens // 4)
        check_question(plain, context=options.context_tokens, reserve=reserve)
        payload = _payload(model, plain, temperature, max_tokens, options)
        route = Route(options.url.rstrip("/"), as_proxy(proxy), options.ssl_context)
        async with aclosing(_answer(route, payload, webdriver, options)) as texts:
            async for text in texts:
                yield text


def _payload(model: str, messages: Messages, temperature: float, max_tokens: int, options: Options) -> dict[str, Any]:
    """The request's JSON. The server drops every message without a word where `tokenLimit` is small, so it never is."""
    system, others = split_system(messages)
    model = model or MODEL
    needed = estimate_messages(messages) + SERVER_RESERVE
    return {
        "model": {
            "id": model,
            "name": options.model_name or (MODEL_NAME if model == MODEL else model),
            "maxLength": options.context_tokens * CHARACTERS_PER_TOKEN,
            "tokenLimit": min(max(max_tokens, needed), options.context_tokens),
        },
        "messages": others,
        "key": options.secret,
        "prompt": system,
        "temperature": temperature,
    }


async def _answer(
    route: Route, payload: dict[str, Any], webdriver: object, options: Options
) -> AsyncGenerator[str, None]:
    """Ask with what the browser has read; where that is old and not let in any more, read it anew and ask once more."""
    sessions = options.session_args or BrowserSessions()
    for remembered in (True, False):
        args, fresh = await _session_args(route, webdriver, options, sessions)
        try:
            async with aclosing(_request(route, payload, args, options.timeouts)) as texts:
                async for text in texts:
                    yield text
        except aiohttp.ClientResponseError as error:
            if error.status in _NO_ENTRY:
                sessions.forget(route)
            if error.status not in _NO_ENTRY or fresh or not remembered:
                raise
        else:
            return


async def _session_args(
    route: Route, webdriver: object, options: Options, sessions: BrowserSessions
) -> tuple[SessionArgs, bool]:
    """What ClientSession takes, and whether it was read just now (or is not read from a browser at all)."""
    if webdriver is None and not options.browser:
        return await get_args_from_browser(route.url), True
    return await sessions.get(route, webdriver)


async def _request(
    route: Route, payload: dict[str, Any], args: SessionArgs, timeouts: Timeouts
) -> AsyncGenerator[str, None]:
    """One request and its answer; leaving early closes the connection."""
    deadline = Deadline(timeouts)
    async with open_stream(route, f"{route.url}/api/chat", payload, deadline, **args) as response:
        await _raise_for_status(response, deadline)
        async with aclosing(_texts(response, deadline)) as texts:
            async for text in texts:
                yield text


async def _raise_for_status(response: aiohttp.ClientResponse, deadline: Deadline) -> None:
    """Raise ClientResponseError for all but success."""
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    words = await error_words(response, deadline)
    if response.status < HTTPStatus.BAD_REQUEST:
        words = f"{words} (the address has moved)".strip()
    raise aiohttp.ClientResponseError(
        response.request_info, response.history, status=response.status, message=words, headers=response.headers
    )


async def _texts(response: aiohttp.ClientResponse, deadline: Deadline) -> AsyncGenerator[str, None]:
    """Decode the stream, wherever it is cut. Raises GeneratorBroken for an answer that is none or has no end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    beginning = Beginning(response.headers)
    size = SizeLimit()
    async with aclosing(limited(response.content.iter_any(), deadline)) as chunks:
        async for chunk in chunks:
            text = decoder.decode(chunk)
            size.add(text)
            if text := beginning.feed(text):
                yield text
    rest = decoder.decode(b"", final=True)
    size.add(rest)
    if rest := beginning.feed(rest, final=True):
        yield rest
    size.close()


class Beginning:
    """Looks at how an answer begins: some servers send a page of HTML or a JSON error with a status of success.

    The real server streams without Content-Type. An answer may well be HTML or JSON that somebody asked for, so only
    a response that says so, or that is no stream (it has a length), is judged by its text.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._html = kind in {"text/html", "application/xhtml+xml"}
        self._json = kind == "application/json" or kind.endswith("+json")
        self._looking = self._html or self._json or "Content-Length" in headers
        self._held = ""

    def feed(self, text: str, *, final: bool = False) -> str:
        """Take a piece of text and give what may be shown. Raises GeneratorProblem for what is no answer."""
        if not self._looking:
            return text
        self._held += text
        start = self._held.lstrip("\ufeff \t\r\n")
        if not final and self._undecided(start):
            return ""
        self._looking = False
        self._check_html(start)
        self._check_json(start)
        held, self._held = self._held, ""
        return held

    def _undecided(self, start: str) -> bool:
        if start.startswith("<"):
            return len(start) < len("<!doctype html")
        return not start or (start[0] in "{[" and len(start) < MAX_JSON_LENGTH)

    def _check_html(self, start: str) -> None:
        begins = start[:14].lower().startswith(("<!doctype html", "<html"))
        if begins or (self._html and start.startswith("<")):
            raise GeneratorBroken("the server sent a page of HTML instead of an answer")

    def _check_json(self, start: str) -> None:
        if start[:1] not in {"{", "["}:
            return
        try:
            body = json.loads(start)
        except ValueError:
            return
        words = error_text(body)
        if words is not None and (self._json or isinstance(body, dict)):
            raise from_words(words)
