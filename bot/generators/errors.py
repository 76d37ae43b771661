"""The one place where HTTP becomes our errors: clients, proxies, TLS and time limits, each translated once.

    status or words of the server ──▶ from_status, from_words ─┐
    an exception of a library     ──▶ translate ───────────────┴─▶ GeneratorProblem
    around any code               ──▶ translated()

The text of every error made here is one line for the log, without keys and passwords.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import aiohttp_socks
import python_socks
from aiohttp.http_exceptions import HttpProcessingError

from bot.errors import (
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    ProxyRefused,
    ProxyUnreachable,
    QuestionTooLong,
)
from bot.generators.error_classifier import classify, one_line
from bot.net.errors import certificate_problem, connection_problem, proxy_problem
from bot.net.proxy_url import ProxyAddressError

_BY_STATUS: Mapping[int, type[GeneratorProblem]] = {
    401: GeneratorRefused,
    402: GeneratorRefused,
    403: GeneratorRefused,
    407: ProxyRefused,
    413: QuestionTooLong,
}
_FULL = {429, 503, 529}
"""529 is in no standard; several servers say it for a full house."""
_MAX_RETRY_AFTER = 86_400.0


@contextmanager
def translated(secrets: Iterable[str] = ()) -> Iterator[None]:
    """Let nothing but GeneratorProblem out (cancellation and closing pass); foreign words lose the `secrets`."""
    try:
        yield
    except GeneratorProblem:
        raise
    except Exception as error:  # a generator may be anybody's class: whatever it raises has to end here
        problem = translate(error, secrets)
        if _is_ours(error):
            raise problem from error
        raise problem from None  # a foreign error's own text may hold what must not be logged


def translate(error: BaseException, secrets: Iterable[str] = ()) -> GeneratorProblem:
    """Say in our words what has gone wrong."""
    if isinstance(error, GeneratorProblem):
        return error
    if isinstance(error, BaseExceptionGroup):
        return translate(error.exceptions[0], secrets)
    if isinstance(error, OSError) and (refused := certificate_problem(error)) is not None:
        return refused  # through SOCKS, TLS fails within an error of the connection
    for kinds, words_for in _known():
        if isinstance(error, kinds):
            return words_for(error)
    return _from_foreign(error, secrets)


def from_status(status: int, words: str = "", headers: Mapping[str, str] | None = None) -> GeneratorProblem:
    """Judge a status that is no success, with what the server said (reason phrase or body)."""
    said = f"{status} {one_line(words)}".rstrip()
    by_words = classify(words)
    kind = _kind(status, by_words)
    if kind is not GeneratorBusy:
        return kind(said)
    after = retry_after(headers or {})
    hint = by_words.retry_after if isinstance(by_words, GeneratorBusy) else None
    return GeneratorBusy(said, retry_after=hint if after is None else after)


def _kind(status: int, by_words: GeneratorProblem | None) -> type[GeneratorProblem]:
    """Weigh the status against the words: openchat-ui says 500 whatever has happened."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if by_words is not None:
        return type(by_words)
    if status in _FULL:
        return GeneratorBusy
    client_error = status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT
    return GeneratorRefused if client_error else GeneratorBroken


def from_words(words: str) -> GeneratorProblem:
    """Judge an error that came with a status of success."""
    return classify(words) or GeneratorBroken(one_line(words))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, from its number or its date (RFC 9110, 10.2.3); None where there is none."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _MAX_RETRY_AFTER)
    date = _date(value)
    if date is None:
        return None
    now = _date(headers.get("Date", "")) or datetime.now(UTC)
    return min(max((date - now).total_seconds(), 0.0), _MAX_RETRY_AFTER)


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _from_aiohttp(error: BaseException) -> GeneratorProblem:
    assert isinstance(error, aiohttp.ClientResponseError)  # noqa: S101  # narrows what the table has matched
    if isinstance(error, aiohttp.ClientHttpProxyError):
        if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            refused = ProxyRefused("the proxy does not accept the user name and password (407)")
            return refused.because("cause-proxy-login")
        return ProxyUnreachable(f"the proxy answered {error.status} {one_line(error.message)}")
    if isinstance(error.__cause__, HttpProcessingError):  # aiohttp makes a 400 of its own out of what it cannot read
        return GeneratorBroken("the server's HTTP makes no sense")
    return from_status(error.status, error.message, error.headers)


def _from_httpx(error: Any) -> GeneratorProblem:  # noqa: ANN401  # its HTTPStatusError
    return from_status(error.response.status_code, error.response.reason_phrase, error.response.headers)


def _from_foreign(error: BaseException, secrets: Iterable[str]) -> GeneratorProblem:
    """Judge an error of somebody else's class by its words."""
    words = str(error)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    if isinstance(error, json.JSONDecodeError):
        words = "not JSON"
    said = one_line(f"{type(error).__name__}: {words}")
    by_words = classify(words)
    if isinstance(by_words, GeneratorBusy):
        return GeneratorBusy(said, retry_after=by_words.retry_after)
    return type(by_words)(said) if by_words is not None else GeneratorBroken(said)


def _is_ours(error: BaseException) -> bool:
    """Tell whether the error comes from a library that we call ourselves, with arguments that hold no secrets."""
    return isinstance(error, (aiohttp.ClientError, *_of_httpx("HTTPError"), aiohttp_socks.ProxyError, OSError))


def _always(kind: type[GeneratorProblem], words: str, key: str) -> Callable[[BaseException], GeneratorProblem]:
    return lambda _: kind(words).because(key)


def _of_httpx(name: str) -> tuple[type[BaseException], ...]:
    """Give an error of httpx where somebody has imported it: most runs do without, and without its memory."""
    httpx = sys.modules.get("httpx")
    return () if httpx is None else (getattr(httpx, name),)


def _known() -> tuple[tuple[tuple[type[BaseException], ...], Callable[[BaseException], GeneratorProblem]], ...]:
    """Translations of known errors; the first row that matches counts."""
    return (
        ((aiohttp.ClientResponseError,), _from_aiohttp),
        ((*_of_httpx("HTTPStatusError"),), _from_httpx),
        (
            (TimeoutError, *_of_httpx("TimeoutException"), aiohttp_socks.ProxyTimeoutError),
            _always(GeneratorSilent, "a time limit passed", "cause-time-limit"),
        ),
        (
            (
                *_of_httpx("ProxyError"),
                aiohttp.ClientProxyConnectionError,
                aiohttp_socks.ProxyError,
                aiohttp_socks.ProxyConnectionError,
                python_socks.ProxyError,
                python_socks.ProxyConnectionError,
            ),
            proxy_problem,
        ),
        (
            (
                aiohttp.InvalidURL,
                aiohttp.NonHttpUrlClientError,
                *_of_httpx("InvalidURL"),
                *_of_httpx("UnsupportedProtocol"),
            ),
            _always(GeneratorRefused, "this is not the address of a server", "cause-no-address"),
        ),
        ((ProxyAddressError,), lambda error: GeneratorRefused(str(error))),
        ((aiohttp.ClientConnectorError, *_of_httpx("ConnectError"), ssl.SSLError, socket.gaierror), connection_problem),
        (
            (aiohttp.ClientError, *_of_httpx("TransportError"), OSError),
            _always(GeneratorBroken, "the connection broke", "cause-connection-broke"),
        ),
    )
