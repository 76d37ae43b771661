"""The client of the one configured generator, with its URL, key, limits and proxy bound to it.

Our own classes take the fields of `Options`; somebody else's class gets g4f's names (`base_url`, `api_key`) and ours.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote

from pydantic import SecretStr

from bot.errors import (
    GeneratorBusy,
    GeneratorProblem,
    GeneratorSilent,
    GeneratorUnreachable,
    ProxyRefused,
    ProxyUnreachable,
    QuestionTooLong,
)
from bot.generators import prefill
from bot.generators.browser.session_args import BrowserSessions
from bot.generators.cleaner import AnswerCleaner
from bot.generators.contract import DEFAULT_TIMEOUTS, GeneratorKind, Messages, ModelCard, Piece, Timeouts
from bot.generators.errors import translated
from bot.generators.g4f_adapter import as_piece, call
from bot.generators.openai.endpoint_memory import Endpoint, EndpointMemory
from bot.generators.prompt import flatten
from bot.generators.thread_isolation import IsolatedGenerator
from bot.net.kept_connections import KeptConnections
from bot.net.proxy_url import ProxyURL, as_proxy

LimitKeeper = Literal["server", "bot", "nobody"]
"""Whoever ends an answer at its limit."""

PROBE_TIMEOUTS = Timeouts(headers=30, silence=30, answer=45)
PROBE: Messages = [{"role": "user", "content": "Hi"}]


@dataclass(frozen=True, slots=True)
class ProbeManner:
    """The values in force that a probe is asked with, as a real question is."""

    temperature: float
    max_tokens: int
    system: str = ""


@dataclass(frozen=True, slots=True)
class AnswerLimit:
    """The meaning of the longest answer on a model."""

    keeper: LimitKeeper
    """`nobody`: the model reads no more tokens than that in all."""
    context_tokens: int
    """Tokens that the model reads."""
    server_limit: int
    """Tokens at which servers of its kind end an answer in any case; 0: none that is known."""


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """The generator, its address and how it is used. An empty `url` or `model` leaves the class its own default."""

    kind: GeneratorKind
    url: str = ""
    model: str = ""
    model_name: str = ""
    key: SecretStr = field(default_factory=lambda: SecretStr(""))
    browser: bool = False
    context_tokens: int = 8192
    max_tokens: int = 8192
    """The longest answer, for a probe that asks as a real question does."""
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    embedded: bool = False
    """It leads to the program's own model, which answers whatever name it is called by."""


class _Source(Protocol):
    """An async iterator of raw pieces that can be closed."""

    def __aiter__(self) -> AsyncIterator[object]: ...

    def aclose(self) -> Awaitable[None]: ...


class GeneratorClient:
    """Gives answers, whoever writes them. Every failure is a GeneratorProblem; every wait and answer is bounded."""

    def __init__(
        self,
        config: GeneratorConfig,
        *,
        ssl_context: ssl.SSLContext | None = None,
        browser_arguments: Sequence[str] = (),
        connections: KeptConnections | None = None,
    ) -> None:
        """Find the class. Raises SettingsProblem for a path that leads to none.

        `ssl_context` has the certificates to trust (default: the system's and certifi's), `browser_arguments` are more
        flags for Chromium. `connections` stay open between requests and are whoever's who made them; None: each request
        has its own.
        """
        self._config = config
        self._generator = config.kind.load()
        self._ssl_context = ssl_context
        self._sessions = BrowserSessions(arguments=browser_arguments)
        self._memory = EndpointMemory()
        self._connections = connections

    @property
    def config(self) -> GeneratorConfig:
        """The configuration this client was built with."""
        return self._config

    @property
    def destination(self) -> str:
        """The address that questions go to: the configured address, else the class's own, else the class."""
        own = getattr(self._generator, "url", None)
        return self._config.url or (own if isinstance(own, str) and own else self._config.kind.name)

    def context_tokens(self, model: str | None = None) -> int:
        """Tokens that the generator can read: as configured, and no more than the server has said."""
        said = self._endpoint(model).context
        return self._config.context_tokens if said is None else min(said, self._config.context_tokens)

    def answer_limit(self, max_tokens: int, model: str | None = None) -> AnswerLimit:
        """Tell what a limit of so many tokens means for an answer."""
        context = self.context_tokens(model)
        keeper: LimitKeeper = "server" if self._limit_here(self._endpoint(model), max_tokens) is None else "bot"
        server_limit = 0 if self._config.embedded else self._config.kind.server_limit
        return AnswerLimit("nobody" if max_tokens >= context else keeper, context, server_limit)

    async def answer(
        self,
        messages: Messages,
        *,
        temperature: float,
        max_tokens: int | None,
        proxy: ProxyURL | str | None = None,
        model: str | None = None,
        timeouts: Timeouts | None = None,
        pictures: Sequence[str] = (),
    ) -> AsyncGenerator[Piece, None]:
        """Ask, and give the pieces of the answer as they come, thoughts told apart.

        `pictures` are `data:` addresses, for a generator that sends them.
        What is passed here holds until this answer's end, whatever is set meanwhile. Closing early closes the
        connection. Raises GeneratorProblem.
        """
        limits = timeouts or self._config.timeouts
        with translated():
            route = as_proxy(proxy)
        arguments = self._arguments(flatten(messages), route, limits)
        arguments |= {"model": model or self._config.model, "temperature": temperature}
        if self._config.kind.sends_pictures:
            arguments["pictures"] = tuple(pictures)
        if not self._config.kind.isolated or max_tokens is None or max_tokens < self._config.context_tokens:
            arguments["max_tokens"] = max_tokens  # else it limits nothing, and strict servers refuse it
        endpoint = self._endpoint(model)
        cleaner = AnswerCleaner(
            max_tokens=self._limit_here(endpoint, max_tokens),
            begins_in_thought=endpoint.begins_in_thought,
        )
        with self._naming_the_context(), translated(self._secrets(route)):
            async with aclosing(self._source(arguments, limits)) as source:
                async for value in source:
                    piece = as_piece(value)
                    for known in cleaner.feed(piece) if piece is not None else ():
                        yield known
                    if cleaner.is_full:
                        break
            for known in cleaner.finish():
                yield known
        endpoint.begins_in_thought = cleaner.begins_in_thought

    async def goes_on(self, *, proxy: ProxyURL | str | None = None, model: str | None = None) -> bool:
        """Tell whether an answer can be gone on with by leaving it the last message: tried once, then remembered."""
        endpoint = self._endpoint(model)
        if self._config.kind.isolated or endpoint.begins_in_thought:
            return False
        if endpoint.goes_on is None:
            trial = self.answer(
                prefill.TRIAL,
                temperature=0,
                max_tokens=prefill.TRIAL_TOKENS,
                proxy=proxy,
                model=model,
                timeouts=prefill.TRIAL_TIMEOUTS,
            )
            try:
                async with aclosing(trial) as pieces:
                    endpoint.goes_on = await prefill.goes_on(pieces)
            except (GeneratorBusy, GeneratorUnreachable):
                return False  # it says nothing of what the server can do
            except GeneratorProblem:
                endpoint.goes_on = False
        return endpoint.goes_on

    def cannot_go_on(self, model: str | None = None) -> None:
        """Note that a server has refused to go on with an answer."""
        self._endpoint(model).goes_on = False

    async def probe(
        self,
        *,
        proxy: ProxyURL | str | None = None,
        model: str | None = None,
        manner: ProbeManner | None = None,
        timeouts: Timeouts = PROBE_TIMEOUTS,
        pictures: Sequence[str] = (),
    ) -> None:
        """Try whether the generator answers, with the shortest question there is, asked as a real one is.

        `manner` is by default cold, without a system prompt, and with the configured length. Where only the way through
        the proxy fails, the proxy is to blame, whatever was said. Raises GeneratorProblem, whose text is the reason in
        one line.
        """
        asked = manner or ProbeManner(0, self._config.max_tokens)
        system: Messages = [{"role": "system", "content": asked.system}] if asked.system else []

        async def fails(way: ProxyURL | str | None) -> GeneratorProblem | None:
            try:
                answer = self.answer(
                    [*system, *PROBE],
                    temperature=asked.temperature,
                    max_tokens=asked.max_tokens,
                    proxy=way,
                    model=model,
                    timeouts=timeouts,
                    pictures=pictures,
                )
                async with aclosing(answer) as pieces:
                    await anext(pieces)  # an answer without any piece raises
            except GeneratorProblem as problem:
                return problem
            return None

        problem = await fails(proxy)
        if problem is not None and proxy and not isinstance(problem, ProxyUnreachable | ProxyRefused):
            raise _to_blame(problem, await fails(None))
        if problem is not None:
            raise problem

    async def models(self, *, proxy: ProxyURL | None = None) -> list[str]:
        """Ask the endpoint which models it has, where its kind can say so. Raises GeneratorProblem."""
        lister = self._config.kind.lister
        if lister is None or not self._config.url:
            return []
        with translated(self._secrets(proxy)):
            return await lister(self._config.url, key=self._config.key, proxy=proxy, ssl_context=self._ssl_context)

    async def card(self, *, proxy: ProxyURL | None = None, model: str | None = None) -> ModelCard:
        """Ask what the server tells of a model; an empty card where that is nothing."""
        describer, config = self._config.kind.describer, self._config
        if describer is None or not config.url:
            return ModelCard()
        return await describer(
            config.url, model or config.model, key=config.key, proxy=proxy, ssl_context=self._ssl_context
        )

    def takes_pictures(self, model: str | None = None) -> bool:
        """Tell whether no picture was refused by a server that takes none."""
        return self._endpoint(model).takes_pictures

    def leave_out(self, model: str, parameters: Iterable[str]) -> None:
        """Leave parameters out of every request for a model, without waiting for its refusal."""
        self._endpoint(model).refused.update(parameters)

    def advice(self, context_setting: str = "CONTEXT_TOKENS", model: str | None = None) -> list[str]:
        """Say what the settings should be, or do not do, after what the server has said."""
        reads, endpoint = self.context_tokens(model), self._endpoint(model)
        advice = (
            [f"it reads {reads} tokens: set {context_setting}={reads}"] if reads < self._config.context_tokens else []
        )
        if not endpoint.token_parameter:
            advice.append("it takes no MAX_TOKENS: answers are counted and ended here")
        if endpoint.most_tokens is not None and endpoint.most_tokens < self._config.max_tokens:
            advice.append(f"its answers end at {endpoint.most_tokens} tokens: set MAX_TOKENS={endpoint.most_tokens}")
        if "temperature" in endpoint.refused:
            advice.append("it takes no TEMPERATURE: none is sent")
        if not endpoint.takes_system:
            advice.append("it takes no system message: SYSTEM_PROMPT goes before the first question")
        return advice

    async def aclose(self) -> None:
        """Let go of what is kept between answers. Answers in progress are closed by whoever reads them."""
        self._sessions.clear()

    def _arguments(self, messages: Messages, proxy: ProxyURL | None, timeouts: Timeouts) -> dict[str, Any]:
        """Everything that is bound, as keyword arguments."""
        config = self._config
        bound: dict[str, Any] = {"messages": messages, "stream": True}
        if config.url:
            bound["url"] = config.url
        if not config.kind.isolated:
            return bound | {
                "proxy": proxy,
                "key": config.key,
                "model_name": config.model_name,
                "context_tokens": config.context_tokens,
                "browser": config.browser,
                "timeouts": timeouts,
                "session_args": self._sessions,
                "memory": self._memory,
                "connections": self._connections,
                "ssl_context": self._ssl_context,
            }
        if config.url:
            bound["base_url"] = config.url
        if config.key.get_secret_value():
            bound |= {"api_key": config.key.get_secret_value(), "key": config.key.get_secret_value()}
        return bound | {"proxy": proxy.url if proxy else None, "timeout": int(timeouts.answer)}

    def _source(self, arguments: dict[str, Any], timeouts: Timeouts) -> _Source:
        """Give the raw pieces within their time limits, which our own classes keep themselves."""
        if self._config.kind.isolated:
            return IsolatedGenerator(lambda: call(self._generator, arguments), timeouts)
        return cast("_Source", self._generator.create_async_generator(**arguments))

    @contextmanager
    def _naming_the_context(self) -> Iterator[None]:
        """Say which setting is about length, where the words of the server are."""
        try:
            yield
        except QuestionTooLong as problem:
            raise QuestionTooLong(f"{problem}; CONTEXT_TOKENS is {self._config.context_tokens}") from None

    def _endpoint(self, model: str | None) -> Endpoint:
        return self._memory.of(self._config.url, model or self._config.model)

    def _limit_here(self, endpoint: Endpoint, max_tokens: int | None) -> int | None:
        """Give the limit of tokens that has to be kept here: none where the server does, or it limits nothing."""
        kept_there = self._config.kind.limits_answers and endpoint.token_parameter
        if max_tokens is None or kept_there or max_tokens >= self._config.context_tokens:
            return None
        return max_tokens

    def _secrets(self, proxy: ProxyURL | None) -> tuple[str, ...]:
        """Secrets, in every form that a stranger's error may have them."""
        of_proxy = (proxy.url, proxy.password, quote(proxy.password, safe="")) if proxy else ()
        return self._config.key.get_secret_value(), *of_proxy


def _to_blame(through_proxy: GeneratorProblem, directly: GeneratorProblem | None) -> GeneratorProblem:
    """Give the problem of a trial: the proxy's where the direct way has none, or another one of the server's own."""
    if type(directly) is type(through_proxy) or isinstance(directly, GeneratorUnreachable | GeneratorSilent):
        return through_proxy  # the direct way tells nothing where there is none
    if str(through_proxy).startswith("401"):  # some proxies say so where the standard has 407
        return ProxyRefused(f"the proxy does not accept the user name and password ({through_proxy})")
    return ProxyUnreachable(f"only the way through the proxy fails: {through_proxy}")
