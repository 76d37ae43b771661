"""A proxy's address as a value: read once, checked once, and never shown with its password."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

import idna

Scheme = Literal["http", "https", "socks5"]

SCHEMES: dict[str, Scheme] = {"http": "http", "https": "https", "socks5": "socks5", "socks5h": "socks5"}
"""Schemes that may stand before `://`. Names are always resolved by the proxy, so `socks5h` is the same as `socks5`."""

DEFAULT_PORTS: dict[Scheme, int] = {"http": 80, "https": 443, "socks5": 1080}
PROXY_EXAMPLE = "socks5://user:password@proxy.example:1080"
MAX_SOCKS_CREDENTIAL = 255
"""Bytes of a user name or password: RFC 1929 gives their length one byte."""


class ProxyAddressError(ValueError):
    """Not the address of a proxy. The text says why, with an example, and never repeats what was written."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; write it like {PROXY_EXAMPLE} (http, https or socks5)")


@dataclass(frozen=True, slots=True)
class ProxyURL:
    """A proxy's address, with our name and password there. `str()` and `repr()` hide the password, `url` does not."""

    scheme: Scheme
    host: str
    """In ASCII: a name (international ones in Punycode) or an IP address without brackets."""
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """The URL without user and password: `socks5://[::1]:1080`."""
        return f"{self.scheme}://{self._place}"

    @property
    def url(self) -> str:
        """The whole URL, password included: for connecting only."""
        if not self.user:
            return self.address
        return f"{self.scheme}://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{self._place}"

    @property
    def shown(self) -> str:
        """The URL for people and logs: `socks5://user:***@[::1]:1080`."""
        return f"{self.scheme}://{quote(self.user, safe='')}:***@{self._place}" if self.user else self.address

    @property
    def authorization(self) -> str | None:
        """The value of a Proxy-Authorization header (RFC 7617, in UTF-8), or None without a user."""
        if not self.user:
            return None
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"ProxyURL({self.shown!r})"


def parse_proxy(text: str) -> ProxyURL:
    """Read `scheme://[user:password@]host[:port]`. Raises ProxyAddressError, whose text can be shown to a person."""
    text = text.strip()
    scheme = SCHEMES.get(text.partition("://")[0].lower()) if "://" in text else None
    if scheme is None:
        raise ProxyAddressError("a proxy's address begins with http://, https:// or socks5://")
    _, _, rest = text.partition("://")
    if any(mark in rest.removesuffix("/") for mark in "/?#"):
        raise ProxyAddressError("nothing may follow the port, and / ? # in a password are written %2F %3F %23")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ProxyAddressError("the port is not a number from 1 to 65535, or an address is badly written") from None
    if port == 0:
        raise ProxyAddressError("the port is not a number from 1 to 65535")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    _check_credentials(scheme, user, password)
    return ProxyURL(scheme, _host(parts.hostname or ""), port or DEFAULT_PORTS[scheme], user, password)


def as_proxy(proxy: ProxyURL | str | None) -> ProxyURL | None:
    """Take a proxy in any of the ways callers have it; an empty text is none."""
    return (parse_proxy(proxy) if proxy else None) if isinstance(proxy, str) else proxy


def _host(host: str) -> str:
    if not host:
        raise ProxyAddressError("the host is missing")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass  # a name, then
    try:
        return host if host.isascii() and _is_name(host) else idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ProxyAddressError("the host is neither a name nor an IP address") from None


def _is_name(host: str) -> bool:
    """Tell whether an ASCII host can be looked up; wider than IDNA, because local names have underscores."""
    labels = host.rstrip(".").split(".")
    return all(0 < len(label) <= 63 and label.replace("-", "a").replace("_", "a").isalnum() for label in labels)  # noqa: PLR2004  # RFC 1035


def _check_credentials(scheme: Scheme, user: str, password: str) -> None:
    if not user and password:
        raise ProxyAddressError("there is a password but no user name")
    if any(ord(character) < 32 or ord(character) == 127 for character in user + password):  # noqa: PLR2004  # ASCII's control characters
        raise ProxyAddressError("the user name or password has a control character")
    if scheme != "socks5":
        if ":" in user:
            raise ProxyAddressError("a user name cannot hold a colon")  # RFC 7617
        return
    if user and not password:
        raise ProxyAddressError("SOCKS5 wants a password with the user name")
    for credential in (user, password):
        if not credential.isascii() or len(credential) > MAX_SOCKS_CREDENTIAL:
            raise ProxyAddressError("SOCKS5 user names and passwords are up to 255 ASCII characters")
