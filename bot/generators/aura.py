"""Aura: openchat-ui's `/api/chat`, and every chatbot-ui before 2.0 that speaks the same protocol.

Usable alone:

async for chunk in Aura.create_async_generator(model="openchat_3.6", messages=[{"role": "user", "content": "Hello"}]):
    print(chunk, end="")
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp

from bot.errors import GeneratorBroken
from bot.generators.browser.session_args import BrowserSessions, SessionArgs, get_args_from_browser
from bot.generators.contract import AsyncResult, Messages
from bot.generators.deadline import Deadline
from bot.generators.error_classifier import error_text
from bot.generators.errors import from_words
from bot.generators.http import PAGE_FOR_BROWSERS, error_words, open_stream
from bot.generators.options import Options
from bot.generators.prompt import check_question, flatten, split_system
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
PATH = "/api/chat"
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
        temperature: float | None = 0.5,
        max_tokens: int | None = 8192,  # noqa: ARG003  # the server never limits an answer by it
        webdriver: Any = None,  # noqa: ANN401  # a Selenium WebDriver; Selenium need not be installed
        **kwargs: Any,  # noqa: ANN401  # the contract leaves extras open
    ) -> AsyncResult:
        """Ask, and give the answer's text piece by piece as it comes.

        `kwargs` may hold the fields of `Options`. Raises aiohttp.ClientError (ClientResponseError for a status that is
        no success) and, for what aiohttp has no class for, GeneratorSilent, GeneratorBroken (HTML or an error instead
        of text), QuestionTooLong (before anything is sent) and BrowserMissing.
        """
        options = Options.of(kwargs, cls.url)
        plain = flatten(messages)
        check_question(plain, context=options.context_tokens, reserve=min(SERVER_RESERVE, options.context_tokens // 4))
        payload = _payload(model, plain, temperature, options)
        base = options.url.rstrip("/").removesuffix(PATH)
        page = Route(base, as_proxy(proxy), options.ssl_context)
        sessions = options.session_args or BrowserSessions()
        for remembered in (True, False):
            args, fresh = await _session_args(page, webdriver, options, sessions)
            deadline = Deadline(options.timeouts)
            try:
                address = replace(page, url=base + PATH)
                asking = open_stream(address, payload, deadline, connections=options.connections, **args)
                async with asking as response:
                    await _raise_for_status(response, deadline, hint=not options.browser and webdriver is None)
                    texts = TextReader(response.headers)
                    while not texts.ended:
                        if text := texts.feed(await deadline.read(response.content)):
                            yield text
            except aiohttp.ClientResponseError as error:
                if error.status in _NO_ENTRY:
                    sessions.forget(page)
                if error.status not in _NO_ENTRY or fresh or not remembered:
                    raise
            else:
                return


def _payload(model: str, messages: Messages, temperature: float | None, options: Options) -> dict[str, Any]:
    """Make the request's JSON.

    `tokenLimit` is always the whole context: a server of this kind counts messages against it from the newest back,
    drops what does not fit without a word, and never limits its answer by it.
    """
    system, others = split_system(messages)
    model = model or MODEL
    return {
        "model": {
            "id": model,
            "name": options.model_name or (MODEL_NAME if model == MODEL else model),
            "maxLength": options.context_tokens * CHARACTERS_PER_TOKEN,
            "tokenLimit": options.context_tokens,
        },
        "messages": others,
        "key": options.secret,
        "prompt": system,
        "temperature": temperature,
    }


async def _session_args(
    route: Route, webdriver: object, options: Options, sessions: BrowserSessions
) -> tuple[SessionArgs, bool]:
    """Give ClientSession's arguments, and whether they are fresh: read just now, or from no browser at all."""
    if webdriver is None and not options.browser:
        return await get_args_from_browser(route.url), True
    return await sessions.get(route, webdriver)


async def _raise_for_status(response: aiohttp.ClientResponse, deadline: Deadline, *, hint: bool) -> None:
    """Raise ClientResponseError for all but success; a gate's page comes with a `hint` at the browser step."""
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    words = await error_words(response, deadline)
    if response.status < HTTPStatus.BAD_REQUEST:
        words = f"{words} (the address has moved)".strip()
    if hint and words.endswith(PAGE_FOR_BROWSERS):
        words += "; AURA_BROWSER=true opens it with a real browser first"
    raise aiohttp.ClientResponseError(
        response.request_info, response.history, status=response.status, message=words, headers=response.headers
    )


class TextReader:
    """Decodes an answer, wherever its bytes are cut."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._beginning = Beginning(headers)
        self.ended = False

    def feed(self, chunk: bytes) -> str:
        """Take bytes, none at the end, and give the text that is certain. Raises GeneratorProblem: no answer."""
        self.ended = not chunk
        return self._beginning.feed(self._decoder.decode(chunk, final=self.ended), final=self.ended)


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
        except (ValueError, RecursionError):
            return
        words = error_text(body)
        if words is not None and (self._json or isinstance(body, dict)):
            raise from_words(words)
