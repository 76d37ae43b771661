from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import aiohttp_socks
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey

from bot.errors import (
    CertificateRefused,
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
    ProxyRefused,
    ProxyUnreachable,
    QuestionTooLong,
)
from bot.generators.error_classifier import classify, error_text, one_line
from bot.generators.errors import from_status, from_words, retry_after, translate, translated


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("Incorrect API key provided: sk-x. You can find your API key at https://x", GeneratorRefused),
        ("You didn't provide an API key", GeneratorRefused),
        ("invalid_api_key", GeneratorRefused),
        ("The model `gpt-9` does not exist or you do not have access to it.", GeneratorRefused),
        ("You exceeded your current quota, please check your plan and billing details.", GeneratorRefused),
        ("Rate limit reached for gpt-4 in organization x", GeneratorBusy),
        ("That model is currently overloaded with other requests", GeneratorBusy),
        ("The server is busy, try again later", GeneratorBusy),
        ("no free slots", GeneratorBusy),
        ("This model's maximum context length is 8192 tokens. However, you requested 9000", QuestionTooLong),
        ("the request exceeds the available context size", QuestionTooLong),
        ("context_length_exceeded", QuestionTooLong),
        ("Prompt is too long", QuestionTooLong),
    ],
)
def test_words_tell_what_has_gone_wrong(words: str, error: type[GeneratorProblem]) -> None:
    assert type(classify(words)) is error
    assert type(from_status(500, words)) is error


@pytest.mark.parametrize("words", ["Internal Server Error", "Error", "", "fetch failed", "Unexpected token < in JSON"])
def test_words_that_say_nothing_leave_it_to_the_status(words: str) -> None:
    assert classify(words) is None
    assert type(from_status(500, words)) is GeneratorBroken
    assert type(from_words(words)) is GeneratorBroken


def test_busy_words_say_when_to_come_back() -> None:
    assert [
        getattr(classify(f"Rate limit. Please try again in {time}."), "retry_after", 0) for time in ("20s", "6ms")
    ] == [
        20,
        0.006,
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "no", "code": "bad"}}, "no (bad)"),
        ({"error": "no"}, "no"),
        ({"object": "error", "message": "no", "code": 40303}, "no"),
        ({"detail": {"error": "no"}}, "no"),
        ({"detail": "no"}, "no"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ([1, {"error": "no"}], "no"),
        ({"message": "no", "code": 3}, "no"),
        ({"choices": [], "message": "yes"}, None),
        ({"error": None, "choices": []}, None),
        ([1, 2], None),
        ("text", None),
    ],
)
def test_error_bodies_of_every_shape_are_read(body: object, words: str | None) -> None:
    assert error_text(body) == words


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
    later = {"Retry-After": format_datetime(now + timedelta(seconds=90)), "Date": format_datetime(now)}
    assert retry_after({"Retry-After": "30"}) == 30
    assert retry_after(later) == 90
    assert retry_after({"Retry-After": format_datetime(now)}) == 0
    assert [retry_after(headers) for headers in ({}, {"Retry-After": "soon"}, {"Retry-After": "-1"})] == [None] * 3
    assert retry_after({"Retry-After": "99999999999"}) == 86_400


def _raised(cause: BaseException, error: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), GeneratorSilent),
        (httpx.ReadTimeout(""), GeneratorSilent),
        (ConnectionResetError(), GeneratorBroken),
        (httpx.RemoteProtocolError(""), GeneratorBroken),
        (_raised(socket.gaierror(-2, "x"), httpx.ConnectError("")), GeneratorUnreachable),
        (ssl.SSLCertVerificationError("self-signed"), CertificateRefused),
        (httpx.ProxyError("407 Proxy Authentication Required"), ProxyRefused),
        (httpx.UnsupportedProtocol(""), GeneratorRefused),
        (ExceptionGroup("several", [TimeoutError(), ValueError()]), GeneratorSilent),
        (KeyError("choices"), GeneratorBroken),
        (RuntimeError("Response 429: rate limit reached"), GeneratorBusy),
    ],
)
def test_every_library_speaks_our_language(error: BaseException, kind: type[GeneratorProblem]) -> None:
    assert type(translate(error)) is kind


@pytest.mark.parametrize(
    ("phrase", "read"),
    [(b"Schl\xfcssel ung\xfcltig", "Schlüssel ungültig"), ("Ключ неверен".encode(), "Ключ неверен")],
)
def test_a_reason_phrase_is_read_in_either_encoding(phrase: bytes, read: str) -> None:
    assert str(from_status(500, phrase.decode("utf-8", "surrogateescape"))) == f"500 {read}"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Incorrect API key provided: sk-SECRET123. You can find", "Incorrect API key provided: ***. You can find"),
        ("Incorrect API key provided: abc123def", "Incorrect API key provided: ***"),
        ("token sk-proj-ab12_cd-ef34 expired", "token *** expired"),
        ("gsk_0123456789abcdef", "***"),
        ("AIzaSyA1234567890abcdefghijklmno is not valid", "*** is not valid"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***"),
        ("Bearer authentication is required", "Bearer authentication is required"),
        ("api key: please check it", "api key: please check it"),
        ("scikit sk-learn, task-runner-2000", "scikit sk-learn, task-runner-2000"),
    ],
)
def test_a_key_that_the_server_echoes_is_blotted_out(words: str, shown: str) -> None:
    assert one_line(words) == shown


def test_what_is_ours_already_stays_as_it_is() -> None:
    problem = GeneratorBusy(retry_after=3)
    assert translate(problem) is problem


def test_the_words_of_strangers_lose_secrets_and_line_ends() -> None:
    with pytest.raises(GeneratorBroken) as caught, translated(["sk-secret", ""]):
        raise RuntimeError("key sk-secret\nat line 1" + "x" * 1000)
    assert str(caught.value).startswith("RuntimeError: key *** at line 1xxx")
    assert len(str(caught.value)) <= 300
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("make", [asyncio.CancelledError, GeneratorExit, KeyboardInterrupt])
def test_cancelling_and_closing_pass(make: Callable[[], BaseException]) -> None:
    with pytest.raises(type(make())), translated():
        raise make()


@pytest.mark.parametrize("port", [407, 44071, 8080])
def test_a_port_says_nothing_about_a_login(port: int) -> None:
    refused = ConnectionRefusedError(111, f"Connect call failed ('127.0.0.1', {port})")
    key = ConnectionKey("username.example", port, False, False, None, None, None)
    assert type(translate(aiohttp.ClientProxyConnectionError(key, refused))) is ProxyUnreachable
    unreachable = aiohttp_socks.ProxyConnectionError(111, f"Could not connect to proxy username.example:{port}")
    assert type(translate(unreachable)) is ProxyUnreachable
