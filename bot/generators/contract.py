"""The contract of a generator: that of g4f's providers, and a little more for those who know more.

A generator is a class with the classmethod

    create_async_generator(model, messages, proxy=None, temperature=0.5, max_tokens=8192, **kwargs) -> AsyncResult

that gives an async generator of pieces. Plain `str` is always enough. Closing the generator closes its connection.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import SecretStr

from bot.net.proxy_url import ProxyURL

Messages = list[dict[str, str]]
"""`role` (`system`, `user`, `assistant`) and `content` of each message, oldest first."""


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of what the model thinks before it answers; never part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Recast:
    """A correction: what was given so far turns out to be something else.

    `thoughts`: all text so far was thought, which a `</think>` without its beginning ended. `answer`: all thoughts so
    far are the answer, because the model said nothing else and ended by itself.
    """

    into: Literal["thoughts", "answer"]


@dataclass(frozen=True, slots=True)
class Finish:
    """The reason of the end: by itself (`stop`), at the limit of tokens (`length`), by the server's `filter`."""

    reason: Literal["stop", "length", "filter"]


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of an answer, as its server counted them; given once, near the end."""

    input_tokens: int
    output_tokens: int
    """Thoughts included."""


@dataclass(frozen=True, slots=True)
class Prefilled:
    """The first word of a server that goes on within the last answer: what follows joins it as it is."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Word that the pictures of the question were left out: the server takes none."""


Piece = str | Thought | Recast | Finish | Usage | Prefilled | Unseen
AsyncResult = AsyncIterator[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Time limits of an answer, in seconds."""

    headers: float = 60
    """From the start of the request to the headers of the response, connecting included."""
    connect: float = 10
    """Until a direct connection stands, its encryption included: a server of plain HTTP never answers to that."""
    silence: float = 60
    """Between two pieces of the answer."""
    answer: float = 600
    """The whole answer, from the start of the request."""
    after_finish: float = 1.0
    """From the word that the answer is complete until nobody waits for the end of the connection any more."""


DEFAULT_TIMEOUTS = Timeouts()


class Generator(Protocol):
    """A writer of answers: any class (or module-level object) with g4f's provider contract."""

    def create_async_generator(self, model: str, messages: Messages, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ANN401  # the contract leaves extras open
        """Give an async generator of pieces; it runs until it is exhausted or closed."""
        ...


class ModelLister(Protocol):
    """Asks an endpoint which models it has."""

    async def __call__(
        self, url: str, *, key: SecretStr, proxy: ProxyURL | None, ssl_context: ssl.SSLContext | None
    ) -> list[str]:
        """Give the models' names, in the server's order. Raises GeneratorProblem, aiohttp.ClientError."""
        ...


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Facts about a model in its server's words; None: it does not tell."""

    context: int | None = None
    """Tokens that it reads."""
    sees_pictures: bool | None = None
    parameters: frozenset[str] | None = None
    """Parameters of a request that it takes."""


class ModelDescriber(Protocol):
    """Asks an endpoint what it tells of a model."""

    async def __call__(
        self, url: str, model: str, *, key: SecretStr, proxy: ProxyURL | None, ssl_context: ssl.SSLContext | None
    ) -> ModelCard:
        """Give what it tells; an empty card where that is nothing."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratorKind:
    """Capabilities and settings of a generator, so that nobody else compares names."""

    name: str
    """As GENERATOR has it."""
    load: Callable[[], Generator]
    """Gives the class. Raises SettingsProblem for an import path that leads to none."""
    url_setting: str
    """Names of the settings that reach it, as the settings have them."""
    model_setting: str
    key_setting: str
    more_variables: tuple[str, ...] = ()
    """Other variables that can be the reason where it fails."""
    isolated: bool = False
    """Somebody else's class: it runs in a thread of its own, gets g4f's arguments, and its limits are kept for it."""
    limits_answers: bool = True
    """Its server keeps MAX_TOKENS; else answers are counted and ended here."""
    server_limit: int = 0
    """Tokens at which its server ends an answer, whatever it is asked for; 0: none that is known."""
    has_default_model: bool = False
    """The default of its model setting counts; else only a model that somebody named does."""
    may_be_embedded: bool = False
    """Without an address the program's own model answers in its place."""
    sends_pictures: bool = False
    """Its requests can hold pictures; whether its model sees them is another matter."""
    lister: ModelLister | None = None
    """Asks for the models of an endpoint; None: this kind has no list."""
    describer: ModelDescriber | None = None
    """Asks what an endpoint tells of a model; None: this kind tells nothing."""
    needs_url: str = ""
    """An example of the address without which it cannot work; empty: it has one of its own."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that reach it, for whoever has to look at them."""
        return (self.url_setting.upper(), self.model_setting.upper(), self.key_setting.upper(), *self.more_variables)
