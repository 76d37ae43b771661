"""One model that may answer, as `models.toml` or the environment describes it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from bot.generators.client import GeneratorConfig
from bot.net.proxy_url import ProxyURL

Users = Literal["everyone", "admins"]
MAX_MODEL_NAME = 40
"""Characters of an entry's name on a button."""
MAX_SHOWN_NAME = 70
"""Characters of a model's own name that is shown whole: no provider's is longer."""
MAX_MODEL_ID = 200
"""Characters of a model's name at its server: llama.cpp names a model by its file's path."""
TOKENS_OF_A_PRICE = 1_000_000
"""Tokens that a price is for, as every provider states it."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a million tokens, in the owner's currency."""

    input: float
    output: float
    currency: str = "USD"

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """The price of one answer."""
        return (self.input * input_tokens + self.output * output_tokens) / TOKENS_OF_A_PRICE


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model, how it is reached, what it takes, and who may choose it."""

    id: str
    """The name in brackets; empty for the environment's one entry."""
    name: str
    """The name on buttons."""
    config: GeneratorConfig
    key_variable: str = ""
    """The environment variable that has its key."""
    pictures: bool = False
    """It sees pictures, as its owner says."""
    not_taken: frozenset[str] = frozenset()
    """Parameters of a request that it does not take."""
    prices: Prices | None = None
    users: Users = "everyone"
    """Those who may choose it."""
    has_proxy: bool = False
    """It has a proxy setting of its own, which wins over `/proxy`."""
    proxy: ProxyURL | None = None
    """That proxy; None: it is asked directly."""
    listed: tuple[str, ...] = ()
    """Patterns of the models that its endpoint lists and that may be chosen, too; nothing: no other."""
    fallback: str = ""
    """The id of the entry that answers where this one fails."""

    @property
    def is_embedded(self) -> bool:
        """True where the program's own model answers."""
        return self.config.kind.may_be_embedded and not self.config.url

    @property
    def sees_pictures(self) -> bool:
        """True where pictures are sent to it."""
        return self.pictures and self.config.kind.sends_pictures

    def lists(self, name: str) -> bool:
        """Tell whether a model that its endpoint lists may be chosen."""
        return any(fnmatchcase(name, pattern) for pattern in self.listed)

    def route(self, proxy: ProxyURL | None) -> ProxyURL | None:
        """The proxy to ask through, where `proxy` is the bot's."""
        return self.proxy if self.has_proxy else proxy


def shown_name(model: str, longest: int = MAX_SHOWN_NAME) -> str:
    """Give a model's own name as people read it: of a very long one, such as a file's path, the end."""
    return model if len(model) <= longest else f"…{model[1 - min(longest, MAX_MODEL_NAME) :]}"
