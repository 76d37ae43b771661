"""The way of a request: TLS, and the proxy it goes through."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import aiohttp
import certifi
from aiohttp_socks import ProxyConnector, ProxyType

from bot.net.proxy_url import ProxyURL


class Routing(TypedDict, total=False):
    """The part of an aiohttp request that says through which proxy it goes."""

    proxy: str
    proxy_headers: Mapping[str, str]
    headers: Mapping[str, str]


@functools.cache
def default_context() -> ssl.SSLContext:
    """Trust what the system trusts and what certifi brings: a slim system has no certificates of its own.

    Made once, because reading the certificates takes some 80 ms; never changed afterwards.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@functools.cache
def _empty_context() -> ssl.SSLContext:
    """Trust nobody: for connections that speak no TLS. Made once, because even an empty one takes 0.2 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def tunnel(
    proxy: ProxyURL, context: ssl.SSLContext | None = None, *, limit: int = 100, keep_alive: float = 15.0
) -> aiohttp.TCPConnector:
    """Make an aiohttp connector that takes every connection through `proxy`, of whatever kind, names included.

    An http or https proxy is asked with CONNECT, which many allow for TLS alone: right for Telegram, and for SOCKS.
    """
    context = context or default_context()
    return ProxyConnector(
        host=proxy.host,
        port=proxy.port,
        proxy_type=ProxyType.SOCKS5 if proxy.scheme == "socks5" else ProxyType.HTTP,
        username=proxy.user or None,
        password=proxy.password or None,
        rdns=True,
        proxy_ssl=context if proxy.scheme == "https" else None,
        ssl=context,
        limit=limit,
        keepalive_timeout=keep_alive,
    )


@dataclass(frozen=True, slots=True)
class Route:
    """The way to `url`: directly or through `proxy`, with the certificates that `context` trusts."""

    url: str
    proxy: ProxyURL | None = None
    context: ssl.SSLContext | None = None

    @property
    def encrypted(self) -> bool:
        """True when the request itself goes over TLS."""
        return self.url.lower().startswith("https:")

    @property
    def tls(self) -> ssl.SSLContext:
        """The given context, or the default one; where no TLS is spoken, an empty one that trusts nobody."""
        if self.context is not None:
            return self.context
        if self.encrypted or (self.proxy is not None and self.proxy.scheme == "https"):
            return default_context()
        return _empty_context()

    @property
    def origin(self) -> str:
        """The server: the address without its path."""
        return "/".join(self.url.split("/", 3)[:3])

    def connector(self, *, keep_alive: float = 15.0) -> aiohttp.TCPConnector:
        """Make the aiohttp connector; SOCKS is a matter of the connector, HTTP proxies of the request.

        It sets no limit: answers in progress have one. Idle connections stay open for `keep_alive` seconds.
        """
        proxy = self.proxy
        if proxy is None or proxy.scheme != "socks5":
            return aiohttp.TCPConnector(ssl=self.tls, limit=0, keepalive_timeout=keep_alive)
        return tunnel(proxy, self.tls, limit=0, keep_alive=keep_alive)

    def routing(self) -> Routing:
        """Give the aiohttp request's arguments. The proxy's password goes to the proxy alone, never to the server."""
        proxy = self.proxy
        if proxy is None or proxy.scheme == "socks5":
            return {}
        if proxy.authorization is None:
            return {"proxy": proxy.address}
        credentials = {"Proxy-Authorization": proxy.authorization}
        if self.encrypted:
            return {"proxy": proxy.address, "proxy_headers": credentials}
        return {"proxy": proxy.address, "headers": credentials}
