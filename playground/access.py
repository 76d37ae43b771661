"""Admission of requests: none that a web page of somebody else makes in the same browser.

A page of another origin may send forms, load images and, by DNS rebinding, even read answers. Browsers say where a
request comes from (`Origin`, `Sec-Fetch-Site`) and which name it was addressed to (`Host`); programs send neither of
the first two.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # compared, not listened on
_OWN_SITES: Final = frozenset({"same-origin", "none"})


def is_loopback(host: str) -> bool:
    """Return True for a name or address that never leaves this machine."""
    if host.lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def url_host(host: str) -> str:
    """Return the host that a browser on this machine reaches a listen address by, as it stands in a URL."""
    reached = "127.0.0.1" if host in _WILDCARDS else host
    return f"[{reached}]" if ":" in reached else reached


class AccessPolicy:
    """Admits requests by their headers.

    `listen` is the address that is listened on, `allowed_hosts` are further names that the playground may be reached
    by. Where it listens on every address, this machine's name and any bare address are admitted too: a name that an
    attacker controls is what DNS rebinding needs.
    """

    def __init__(self, listen: str, allowed_hosts: Iterable[str] = ()) -> None:
        self._hosts = LOOPBACK_NAMES | {listen.lower()} | {host.lower() for host in allowed_hosts}
        self._any_address = listen in _WILDCARDS
        if self._any_address:
            self._hosts |= {socket.gethostname().lower()}

    def refusal(self, request: web.BaseRequest) -> str | None:
        """Return why a request is refused, None where it is admitted."""
        authority = request.headers.get("Host", "")
        if not self._knows(authority):
            return "unknown host"
        origin = request.headers.get("Origin")
        if origin is not None and _origin_authority(origin) != authority.lower():
            return "another origin"
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in _OWN_SITES and not _opens_the_page(request):
            return "another site"
        return None

    def _knows(self, authority: str) -> bool:
        try:
            host = urlsplit(f"//{authority}").hostname or ""
        except ValueError:
            return False
        return host in self._hosts or (self._any_address and _address(host) is not None)


def _origin_authority(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    return parts.netloc.lower() if parts.scheme == "http" else ""


def _opens_the_page(request: web.BaseRequest) -> bool:
    """Return True for a link to the page that somebody follows: it does nothing and is read by nobody else."""
    headers = request.headers
    followed = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return followed and request.method == "GET" and request.path in ("/", "/index.html")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
