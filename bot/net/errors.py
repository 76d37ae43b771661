"""Translation of a connection's exceptions: a proxy that refuses or fails, TLS that is not trusted, nobody there."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http import HTTPStatus

import aiohttp_socks

from bot.errors import CertificateRefused, GeneratorProblem, GeneratorUnreachable, ProxyRefused, ProxyUnreachable

MAX_CAUSES = 10
"""Steps along an exception's causes: a chain may be a circle."""
MAX_REASON_LENGTH = 200
"""Characters of a foreign reason that are kept."""
PLAIN_ANSWER = "WRONG_VERSION_NUMBER"
"""OpenSSL's reason where a server answers in plain text."""
_LOGIN_REFUSED = re.compile(r"^407\b|\bacceptable\b|username\b", re.IGNORECASE)
"""Words of python-socks and httpcore about a refused login, for which they have no code of their own."""


def proxy_problem(error: BaseException) -> GeneratorProblem:
    """Translate what a proxy's failure raises: ProxyRefused, or ProxyUnreachable."""
    if any(isinstance(cause, (OSError, aiohttp_socks.ProxyConnectionError)) for cause in causes(error)):
        return ProxyUnreachable("no connection to the proxy").because("cause-no-proxy")
    words = str(error)
    code = getattr(error, "error_code", None)
    if code == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or (code is None and _LOGIN_REFUSED.search(words)):
        return ProxyRefused("the proxy does not accept the user name and password").because("cause-proxy-login")
    return ProxyUnreachable(f"the proxy failed: {_short(words) or type(error).__name__}")


def connection_problem(error: BaseException) -> GeneratorProblem:
    """Translate what a connection that could not be made raises."""
    refused = certificate_problem(error)
    if refused is not None:
        return refused
    if any(isinstance(cause, socket.gaierror) for cause in causes(error)):
        unknown = GeneratorUnreachable("no connection: the name of the server does not resolve")
        return unknown.because("cause-unknown-name", _place(error))
    return GeneratorUnreachable("no connection: nobody listens there").because("cause-nobody-listens", _place(error))


def certificate_problem(error: BaseException) -> GeneratorProblem | None:
    """Find TLS among an exception's causes, with its reason: an unknown issuer, another name, a date in the past."""
    for cause in causes(error):
        secure = getattr(cause, "certificate_error", cause)  # aiohttp's own class is an SSLError without the reason
        if isinstance(secure, ssl.SSLCertVerificationError):
            why = getattr(secure, "verify_message", "") or getattr(secure, "reason", "") or secure
            return CertificateRefused(_short(str(why)))
        if isinstance(secure, ssl.SSLError):
            why = getattr(secure, "reason", "") or getattr(getattr(secure, "os_error", None), "reason", "") or secure
            plain = "; is its address http:// instead of https://?" if why == PLAIN_ANSWER else ""
            return GeneratorUnreachable(f"no encrypted connection: {_short(str(why))}{plain}")
    return None


def _place(error: BaseException) -> str:
    """Give the host and port that could not be connected to, where the error knows them."""
    host, port = getattr(error, "host", None), getattr(error, "port", None)
    return _short(f"{host}:{port}") if isinstance(host, str) and isinstance(port, int) else ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Give the error and what it came from, `MAX_CAUSES` steps at the most."""
    cause: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _short(words: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(printable.split())[:MAX_REASON_LENGTH]
