"""Any endpoint with OpenAI's chat protocol: OpenAI, Azure, vLLM, llama.cpp, Ollama, OpenRouter and others."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp
from yarl import URL

from bot import __version__
from bot.conversation.window import newest_within
from bot.errors import GeneratorBusy, GeneratorProblem, GeneratorSilent, QuestionTooLong
from bot.generators.contract import AsyncResult, Messages, Unseen
from bot.generators.deadline import Deadline
from bot.generators.errors import from_status
from bot.generators.http import error_words, open_stream
from bot.generators.openai.endpoint_memory import Endpoint, EndpointMemory
from bot.generators.openai.events import AnswerReader
from bot.generators.options import Options
from bot.generators.prefill import PREFILL_PARAMETERS, is_prefilled
from bot.generators.prompt import check_question, estimate_messages, flatten, system_in_question, with_pictures
from bot.net.connections import Route
from bot.net.proxy_url import ProxyURL, as_proxy

logger = logging.getLogger(__name__)

MIN_ANSWER = 256
"""Tokens that are kept free for the answer, or a quarter of a smaller context."""
MAX_REQUESTS = 8
"""Requests for one question: the first, and one after each refusal that says what it is about."""
MIN_SCALED = 200
"""Estimated tokens of a question from which the server's own count says something about its vocabulary."""
_WHOLE = "/chat/completions"
_VERSION = re.compile(r"/v\d+[a-z0-9]*(/|$)")
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com", ".azure-api.net")
_NO_PATH = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


class OpenAI:
    """The second generator, to the same contract; it tells thoughts and the reason of the end as well."""

    url: ClassVar[str] = "http://127.0.0.1:8000/v1"

    @classmethod
    async def create_async_generator(
        cls,
        model: str,
        messages: Messages,
        proxy: ProxyURL | str | None = None,
        temperature: float | None = 0.5,
        max_tokens: int | None = 8192,
        **kwargs: Any,  # noqa: ANN401  # the contract leaves extras open
    ) -> AsyncResult:
        """Ask, and give the answer piece by piece, then why it ended.

        `kwargs` may hold the fields of `Options`; `url` is the base URL, with or without `/v1`, or the whole address.
        A request that the server refuses for its form is made again in a form that it takes (`endpoint_memory`).
        Raises GeneratorProblem for what the server says, and aiohttp.ClientError where it cannot be reached.
        """
        options = Options.of(kwargs, cls.url)
        asking = _Asking(model, flatten(messages), temperature, max_tokens, options)
        route = Route(options.url, as_proxy(proxy), options.ssl_context)
        while True:
            deadline, reader, payload = Deadline(options.timeouts), AnswerReader(), asking.payload()
            try:
                address = replace(route, url=asking.address)
                sent = payload | {"messages": with_pictures(payload["messages"], asking.pictures)}
                headers, kept = _headers(address.url, options), options.connections
                async with open_stream(address, sent, deadline, headers=headers, connections=kept) as response:
                    asking.status = response.status
                    if response.status != HTTPStatus.OK:
                        raise from_status(response.status, await error_words(response, deadline), response.headers)
                    chunk = b"-"
                    while chunk and not reader.done:
                        chunk = await _read(response, deadline, reader)
                        for piece in reader.feed(chunk):
                            yield piece
                    finish = reader.finish()
                if reader.usage is not None:
                    yield reader.usage
                if len(asking.pictures) < len(options.pictures):
                    yield Unseen()
                yield finish
            except GeneratorProblem as problem:
                if reader.begun or not asking.adapt(problem, payload):
                    raise
            else:
                return


def endpoints(base: str) -> list[str]:
    """Give the addresses to try, the likeliest first; a base URL has its version or not, a whole one stays as it is."""
    url = URL(base)
    path = url.path.rstrip("/")
    if path.endswith(_WHOLE):
        return [base]
    paths = [path + _WHOLE] if _VERSION.search(path) else [f"{path}/v1{_WHOLE}", path + _WHOLE]
    return [str(url.with_path(one, keep_query=True)) for one in paths]


def _headers(address: str, options: Options) -> dict[str, str]:
    return {"Accept": "text/event-stream", **authorization(address, options)}


def authorization(address: str, options: Options) -> dict[str, str]:
    """Give the headers that say who asks."""
    headers = {"User-Agent": f"aura-telegram/{__version__}"}
    if not options.secret:
        return headers
    if (URL(address).host or "").endswith(_AZURE):
        return headers | {"api-key": options.secret}
    return headers | {"Authorization": f"Bearer {options.secret}"}


async def _read(response: aiohttp.ClientResponse, deadline: Deadline, reader: AnswerReader) -> bytes:
    """Read on; once the answer is finished, neither a broken connection nor one that stays open matters."""
    if not reader.finished:
        return await deadline.read(response.content)
    try:
        return await deadline.wait_for(response.content.readany(), deadline.timeouts.after_finish)
    except (GeneratorSilent, aiohttp.ClientError, OSError):
        return b""


@dataclass(slots=True)
class _Asking:
    """One question, and how it is asked: anew in another way after each refusal that teaches something."""

    model: str
    messages: Messages
    temperature: float | None
    max_tokens: int | None
    options: Options
    status: int = 0
    """Of the newest response."""
    _shrunk: int = 0
    """Times that the server has said that it is too long: then less is sent, without a limit for the answer."""
    _requests: int = 1
    _endpoint: Endpoint | None = None
    _unseen: bool = False
    """The server has refused this question for its pictures."""

    @property
    def endpoint(self) -> Endpoint:
        """The server, as far as it is known."""
        if self._endpoint is None:
            self._endpoint = (self.options.memory or EndpointMemory()).of(self.options.url, self.model)
        return self._endpoint

    @property
    def pictures(self) -> Sequence[str]:
        """The pictures that are sent along: none where the server refuses them."""
        return [] if self._unseen or not self.endpoint.takes_pictures else self.options.pictures

    @property
    def address(self) -> str:
        """The address to post to."""
        possible = endpoints(self.options.url)
        return possible[min(self.endpoint.address, len(possible) - 1)]

    @property
    def context(self) -> int:
        """Tokens that the model reads: as configured, and no more than the server has said."""
        return min(self.options.context_tokens, self.endpoint.context or self.options.context_tokens)

    @property
    def reserve(self) -> int:
        """Tokens that are kept free for the answer."""
        return min(MIN_ANSWER, self.context // 4)

    def payload(self) -> dict[str, Any]:
        """Make the request's JSON. Raises QuestionTooLong for what certainly does not fit."""
        check_question(self.messages, context=self.context, reserve=self.reserve)
        messages = self._fitting()
        payload: dict[str, Any] = {
            "model": self.model,
            "messages": messages if self.endpoint.takes_system else system_in_question(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if is_prefilled(messages):
            payload |= PREFILL_PARAMETERS
        if self.temperature is not None:
            payload["temperature"] = self.temperature
        limit = self._limit(estimate_messages(messages))
        if limit is not None:
            payload[self.endpoint.token_parameter] = limit
        return {name: value for name, value in payload.items() if name not in self.endpoint.refused}

    def adapt(self, problem: GeneratorProblem, payload: dict[str, Any]) -> bool:
        """Change how the question is asked. Tells whether to ask it again."""
        self._requests += 1
        if self._requests > MAX_REQUESTS or isinstance(problem, GeneratorBusy):
            return False
        if self.pictures and self.endpoint.learn_pictures(problem):
            self._unseen = True
            logger.warning("%s: asking again without pictures, because it said: %s", self.options.url, problem)
            return True
        messages, known = payload["messages"], self.endpoint.context
        tokens = estimate_messages(messages)
        system = any(message["role"] == "system" for message in messages)
        counted = tokens if tokens >= MIN_SCALED else 0
        learned = self.endpoint.learn(problem, payload, system=system, tokens=counted)
        if self.endpoint.context not in {known, self.options.context_tokens}:
            logger.warning("%s says how much it reads: CONTEXT_TOKENS=%s", self.options.url, self.endpoint.context)
        again = learned or (self._try_address() if self.status in _NO_PATH else False)
        if isinstance(problem, QuestionTooLong):
            again = self._shrink(payload)
        if again:
            logger.warning("%s: asking again in another way, because it said: %s", self.options.url, problem)
        return again

    def _shrink(self, payload: dict[str, Any]) -> bool:
        """Send less the next time. Tells whether there is less to send."""
        before = payload["messages"], self.endpoint.token_parameter in payload
        while self._shrunk < 2:  # noqa: PLR2004  # what fits, then the question alone
            self._shrunk += 1
            smaller = self.payload()
            if (smaller["messages"], self.endpoint.token_parameter in smaller) != before:
                return True
        return False

    def _try_address(self) -> bool:
        """Try the next possible address. Where none is left, the first one counts again."""
        more = self.endpoint.address + 1 < len(endpoints(self.options.url))
        self.endpoint.address = self.endpoint.address + 1 if more else 0
        return more

    def _fitting(self) -> Messages:
        """Give the messages that the server can read, as far as that is known."""
        room = int((self.context - self.reserve) / self.endpoint.scale)
        if self._shrunk > 1:
            return newest_within(self.messages, 0)
        if self._shrunk and self.endpoint.context is None and not self._has_limit(estimate_messages(self.messages)):
            return newest_within(self.messages, estimate_messages(self.messages) // 2)
        return newest_within(self.messages, room) if self.endpoint.context is not None else self.messages

    def _limit(self, tokens: int) -> int | None:
        """Give the longest answer, in tokens; None where nothing has to be limited.

        Servers refuse a request whose input and limit exceed the context together, so a limit that is no smaller than
        the room which is left is not sent.
        """
        if self.max_tokens is None or self._shrunk or not self.endpoint.token_parameter:
            return None
        most = self.endpoint.most_tokens
        limit = self.max_tokens if most is None else min(self.max_tokens, most)
        return limit if self._has_limit(tokens) else None

    def _has_limit(self, tokens: int) -> bool:
        if self.max_tokens is None:
            return False
        limit = min(self.max_tokens, self.endpoint.most_tokens or self.max_tokens)
        return limit < self.context - int(tokens * self.endpoint.scale)
