"""Arguments that our own generators understand beside g4f's."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import SecretStr

from bot.generators.browser.session_args import BrowserSessions
from bot.generators.contract import DEFAULT_TIMEOUTS, Timeouts
from bot.generators.openai.endpoint_memory import EndpointMemory
from bot.net.kept_connections import KeptConnections


@dataclass(frozen=True, slots=True)
class Options:
    """The extras of `create_async_generator`, each with its default."""

    url: str
    """The base URL."""
    key: str | SecretStr = ""
    """The API key of the server, or of what is behind it."""
    model_name: str = ""
    context_tokens: int = 8192
    """Tokens that the model can read, answer included."""
    browser: bool = False
    """Cookies and user agent are read with a browser first."""
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    session_args: BrowserSessions | None = None
    """Remembers what the browser read, for the requests after this one."""
    ssl_context: ssl.SSLContext | None = None
    """Certificates to trust, for a server or a proxy with its own."""
    connections: KeptConnections | None = None
    """Connections that stay open for the requests after this one."""
    pictures: tuple[str, ...] = ()
    """`data:` addresses of the pictures whose places the messages have."""
    memory: EndpointMemory | None = None
    """Remembers what the server takes, for the requests after this one."""

    @classmethod
    def of(cls, extras: Mapping[str, Any], url: str) -> Self:
        """Pick the known extras; callers of g4f pass others too, which do no harm."""
        known = cls.__dataclass_fields__
        given = {name: value for name, value in extras.items() if name in known and value is not None}
        return cls(**{"url": url, **given})

    @property
    def secret(self) -> str:
        """The key itself."""
        return self.key.get_secret_value() if isinstance(self.key, SecretStr) else self.key
