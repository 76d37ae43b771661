"""Any endpoint with OpenAI's chat protocol: vLLM, llama.cpp, Ollama, imoneoi/openchat, OpenRouter and others."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import aiohttp
from httpx_sse import EventSource
from yarl import URL

from bot import __version__
from bot.errors import GeneratorBroken, GeneratorSilent, QuestionTooLong
from bot.generators.contract import AsyncResult, Finish, Messages, Piece, Thought
from bot.generators.deadline import MAX_ANSWER_LENGTH, Deadline, SizeLimit, limited
from bot.generators.error_classifier import error_text
from bot.generators.errors import from_status, from_words
from bot.generators.http import error_words, open_stream, read
from bot.generators.options import Options
from bot.generators.prompt import check_question, estimate_messages, flatten
from bot.generators.thoughts import ThoughtSplitter
from bot.net.connections import Route
from bot.net.proxy_url import ProxyURL, as_proxy

if TYPE_CHECKING:
    import httpx

MIN_ANSWER = 256
"""Tokens that are kept free for the answer, or a quarter of a smaller context."""
_VERSION = re.compile(r"/v\d+[a-z0-9]*(/|$)")
_CUT = {"length", "max_tokens"}


class OpenAI:
    """The second generator, to the same contract; it tells thoughts and the reason of the end as well."""

    url: ClassVar[str] = "http://127.0.0.1:8000/v1"

    @classmethod
    async def create_async_generator(
        cls,
        model: str,
        messages: Messages,
        proxy: ProxyURL | str | None = None,
        temperature: float = 0.5,
        max_tokens: int = 8192,
        **kwargs: Any,  # noqa: ANN401  # the contract leaves extras open
    ) -> AsyncResult:
        """Ask, and give the answer piece by piece, then why it ended.

        `kwargs` may hold the fields of `Options`; `url` is the base URL, with or without `/v1`. Raises
        GeneratorProblem for what the server says, and aiohttp.ClientError where it cannot be reached.
        """
        options = Options.of(kwargs, cls.url)
        plain = flatten(messages)
        payload = {
            "model": model,
            "messages": plain,
            "stream": True,
            "temperature": temperature,
            "max_tokens": _room(plain, max_tokens, options.context_tokens),
        }
        route = Route(endpoint(options.url), as_proxy(proxy), options.ssl_context)
        async with aclosing(_request(route, payload, options)) as pieces:
            async for piece in pieces:
                yield piece


def endpoint(base: str) -> str:
    """The address to post to, for a base URL with or without a version, or for the whole address itself."""
    url = URL(base)
    path = url.path.rstrip("/").removesuffix("/chat/completions")
    if not _VERSION.search(path):
        path += "/v1"
    return str(url.with_path(f"{path}/chat/completions", keep_query=True))


def _room(messages: Messages, max_tokens: int, context: int) -> int:
    """How long the answer may get: servers refuse a request whose input and answer exceed the context together."""
    least = min(MIN_ANSWER, context // 4)
    check_question(messages, context=context, reserve=least)
    return max(min(max_tokens, context - estimate_messages(messages)), min(least, max_tokens))


async def _request(route: Route, payload: dict[str, Any], options: Options) -> AsyncGenerator[Piece, None]:
    """One request and its answer; leaving early closes the connection."""
    deadline = Deadline(options.timeouts)
    headers = {"Accept": "text/event-stream", "User-Agent": f"aura-telegram/{__version__}"}
    if options.secret:
        headers["Authorization"] = f"Bearer {options.secret}"
    async with open_stream(route, route.url, payload, deadline, headers=headers) as response:
        if response.status != HTTPStatus.OK:
            raise from_status(response.status, await error_words(response, deadline), response.headers)
        is_stream = "text/event-stream" in response.headers.get("Content-Type", "")
        parts = _streamed(response, deadline) if is_stream else _whole(response, deadline)
        async with aclosing(_told_apart(parts)) as pieces:
            async for piece in pieces:
                yield piece


@dataclass(frozen=True, slots=True)
class _Part:
    """One event of the stream, as far as it matters."""

    text: str = ""
    thought: str = ""
    finish: str | None = None


async def _streamed(response: aiohttp.ClientResponse, deadline: Deadline) -> AsyncGenerator[_Part, None]:
    """Read the events until the stream says that it is over. Raises GeneratorBroken where it just stops."""
    finished = False
    source = _Source(response)
    async with aclosing(limited(EventSource(cast("httpx.Response", source)).aiter_sse(), deadline)) as events:
        async for event in events:
            source.event_came()
            if event.data.strip() == "[DONE]":
                return
            if not event.data.strip():  # a sign of life, or the pause before connecting again
                continue
            part = _part(_parsed(event.data))
            finished = finished or part.finish is not None
            yield part
    if not finished:
        raise GeneratorBroken("the answer was cut off")


class _Source:
    """All of a response that EventSource reads, from aiohttp, with a bound for an event that never ends."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.headers = response.headers
        self._content = response.content
        self._event = SizeLimit()

    def event_came(self) -> None:
        self._event = SizeLimit()

    async def aiter_text(self) -> AsyncIterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        async for chunk in self._content.iter_any():
            text = decoder.decode(chunk)
            self._event.add(text)
            if text:
                yield text


async def _whole(response: aiohttp.ClientResponse, deadline: Deadline) -> AsyncGenerator[_Part, None]:
    """Read what is no stream: an answer at once, or one of the errors that come with a status of success."""
    try:
        async with deadline.within(deadline.timeouts.answer):
            body = await read(response, MAX_ANSWER_LENGTH)
    except TimeoutError:
        raise GeneratorSilent(f"the answer took longer than {deadline.timeouts.answer:g} s") from None
    except ValueError:
        raise GeneratorBroken("the answer does not end") from None
    if not body.strip():
        raise GeneratorBroken("the answer is empty")
    if body.lstrip()[:1] == b"<":
        raise GeneratorBroken("the server sent a page of HTML instead of an answer")
    yield _part(_parsed(body))


def _parsed(data: str | bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        raise GeneratorBroken("the server sent something else than JSON") from None
    words = error_text(value)
    if words is not None:
        raise from_words(words)
    if isinstance(value, list):  # imoneoi/openchat's way to say that input and answer exceed the context
        raise QuestionTooLong("the server sent a list instead of an answer")
    if not isinstance(value, dict):
        raise GeneratorBroken("the server sent something else than an object")
    return value


def _part(event: dict[str, Any]) -> _Part:
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    said = choice.get("delta") or choice.get("message") or {} if isinstance(choice, dict) else {}
    if not isinstance(said, dict) or not isinstance(choice, dict):
        raise GeneratorBroken("the server's events make no sense")
    thought = said.get("reasoning_content") or said.get("reasoning")
    finish = choice.get("finish_reason")
    return _Part(
        text=_text(said.get("content")),
        thought=thought if isinstance(thought, str) else "",
        finish=finish if isinstance(finish, str) and finish else None,
    )


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


async def _told_apart(parts: AsyncGenerator[_Part, None]) -> AsyncGenerator[Piece, None]:
    """Keep thoughts apart from the answer, and say at last why it ended."""
    splitter = ThoughtSplitter()
    size = SizeLimit()
    finish: str | None = None
    async with aclosing(parts):
        async for part in parts:
            finish = part.finish or finish
            thought = [Thought(part.thought)] if part.thought else []
            for piece in [*thought, *splitter.feed(part.text)]:
                size.add(piece)
                yield piece
    for piece in splitter.flush():
        size.add(piece)
        yield piece
    if finish not in _CUT:
        size.close()
    reason: Literal["stop", "length"] = "length" if finish in _CUT else "stop"
    yield Finish(reason)
