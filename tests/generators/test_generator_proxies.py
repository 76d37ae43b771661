from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CertificateRefused, GeneratorProblem, GeneratorRefused, ProxyRefused, ProxyUnreachable
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Messages, Timeouts
from bot.generators.factory import kind_of
from bot.net.connections import tunnel
from bot.net.proxy_url import ProxyAddressError, ProxyURL, parse_proxy
from tests.contracts.generators.kinds import OURS, PATIENT, Kind
from tests.harness.local_proxy import LocalProxy, closed_port, local_proxy
from tests.harness.wire_server import Exchange, WireServer, client_tls, serve, server_tls

HELLO: Messages = [{"role": "user", "content": "Hello"}]
ANNA = {"user": "anna", "password": "p@ss/w:rd%"}

TRIAL = Timeouts(headers=4, silence=4)
"""Short for a trial, long for a direct answer on this machine."""

own_kinds = pytest.mark.parametrize("kind", OURS, ids=str)
schemes = pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
targets = pytest.mark.parametrize("encrypted", [False, True], ids=["to http", "to https"])


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example", ProxyURL("http", "proxy.example", 80)),
        ("HTTPS://proxy.example/", ProxyURL("https", "proxy.example", 443)),
        ("socks5://proxy.example", ProxyURL("socks5", "proxy.example", 1080)),
        ("socks5h://u:p@10.0.0.1:9050", ProxyURL("socks5", "10.0.0.1", 9050, "u", "p")),
        (" http://u:p%40%2F@[2001:DB8::1]:3128 ", ProxyURL("http", "2001:db8::1", 3128, "u", "p@/")),
        ("http://прокси.рф:3128", ProxyURL("http", "xn--h1adldfi.xn--p1ai", 3128)),
        ("http://u:пароль@host", ProxyURL("http", "host", 80, "u", "пароль")),
        ("http://only-user@host", ProxyURL("http", "host", 80, "only-user")),
        ("http://my_proxy:1", ProxyURL("http", "my_proxy", 1)),
    ],
)
def test_an_address_is_read(text: str, proxy: ProxyURL) -> None:
    assert parse_proxy(text) == proxy
    assert parse_proxy(proxy.url) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proxy.example:3128",
        "socks4://h",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:99999",
        "http://h:port",
        "http://[::1",
        "http://u:secret#x@h",
        "http://h/path",
        "http://h?x",
        "http://a b",
        "http://.",
        "http://:secret@h",
        "socks5://u@h",
        "socks5://u:сеcret@h",
        f"socks5://u:{'secret' * 50}@h",
        "http://u:secret%0D%0AHost:x@h",
        "http://a%3Ab:secret@h",
    ],
)
def test_what_is_no_address_is_refused_with_an_example_and_without_the_secret(text: str) -> None:
    with pytest.raises(ProxyAddressError) as caught:
        parse_proxy(text)
    assert "socks5://user:password@proxy.example:1080" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_password_is_never_shown() -> None:
    proxy = parse_proxy("socks5://anna:hunter2@[::1]:1080")
    for shown in (str(proxy), repr(proxy), f"{proxy}", proxy.shown, repr({"proxy": proxy}), proxy.address):
        assert "hunter2" not in shown
    assert proxy.shown == "socks5://anna:***@[::1]:1080"


@pytest.mark.parametrize(
    "text", ["http://u:p#x@h:80", "http://u:p/x@h:80", "socks5://u:p?x@h", "http://u:#@[::1]:3128"]
)
def test_a_mark_in_a_password_is_told_with_how_to_write_it(text: str) -> None:
    with pytest.raises(ProxyAddressError, match="%2F %3F %23"):
        parse_proxy(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for whole in (text, f"http://{text}", f"socks5://u:p@{text}"):
        try:
            proxy = parse_proxy(whole)
        except ProxyAddressError:
            continue
        assert parse_proxy(proxy.url) == proxy


def saying(kind: Kind) -> Any:  # a script
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("through"))
        await kind.finish(exchange)

    return script


@asynccontextmanager
async def server_of(kind: Kind, *, encrypted: bool = False, host: str = "127.0.0.1") -> AsyncIterator[WireServer]:
    async with serve(saying(kind), tls=server_tls() if encrypted else None, host=host) as server:
        yield server


def client_for(kind: Kind, url: str) -> GeneratorClient:
    config = GeneratorConfig(kind=kind_of(kind.config_kind), url=url, model="some", timeouts=PATIENT)
    return GeneratorClient(config, ssl_context=client_tls())


async def ask(client: GeneratorClient, proxy: ProxyURL | str | None) -> str:
    pieces = client.answer(HELLO, temperature=0.5, max_tokens=100, proxy=proxy)
    return "".join([piece async for piece in pieces if isinstance(piece, str)])


@own_kinds
@schemes
@targets
@pytest.mark.parametrize("login", [{}, ANNA], ids=["open", "with password"])
async def test_an_answer_comes_through_every_kind_of_proxy(
    kind: Kind, scheme: str, login: dict[str, str], *, encrypted: bool
) -> None:
    async with server_of(kind, encrypted=encrypted) as server, local_proxy(scheme, **login) as proxy:
        assert await ask(client_for(kind, server.url), proxy.url) == "through"
        assert proxy.seen == [server.url.partition("://")[2]]
        assert proxy.refused == 0
        assert not any(name.startswith("proxy-") for name in server.last.request.headers)


@own_kinds
@schemes
@targets
async def test_a_wrong_password_is_told_apart(kind: Kind, scheme: str, *, encrypted: bool) -> None:
    async with server_of(kind, encrypted=encrypted) as server, local_proxy(scheme, **ANNA) as proxy:
        wrong = LocalProxy(scheme, "anna", "hunter2", port=proxy.port)
        with pytest.raises(ProxyRefused) as caught:
            await ask(client_for(kind, server.url), wrong.url)
        assert server.exchanges == []
    assert not caught.value.retryable
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__!r}"


@own_kinds
@schemes
async def test_a_proxy_that_wants_a_password_says_so(kind: Kind, scheme: str) -> None:
    async with server_of(kind) as server, local_proxy(scheme, **ANNA) as proxy:
        with pytest.raises(ProxyRefused):
            await ask(client_for(kind, server.url), LocalProxy(scheme, port=proxy.port).url)


@own_kinds
@schemes
async def test_a_proxy_that_is_not_there_is_unreachable(kind: Kind, scheme: str) -> None:
    async with server_of(kind) as server:
        with closed_port() as port, pytest.raises(ProxyUnreachable) as caught:
            await ask(client_for(kind, server.url), LocalProxy(scheme, port=port).url)
    assert caught.value.retryable


@own_kinds
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_gets_no_further_is_told_apart(kind: Kind, scheme: str) -> None:
    async with local_proxy(scheme) as proxy:
        with closed_port() as port, pytest.raises(ProxyUnreachable):
            await ask(client_for(kind, f"https://localhost:{port}"), proxy.url)


@own_kinds
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_with_an_ipv6_address(kind: Kind, scheme: str) -> None:
    async with server_of(kind, host="::1") as server, local_proxy(scheme, host="::1", **ANNA) as proxy:
        assert await ask(client_for(kind, server.url), proxy.url) == "through"
        assert proxy.seen


@own_kinds
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_with_an_international_name(kind: Kind, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def resolver(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if str(name).startswith("xn--"):
            looked_up.append(name)
            host = "127.0.0.1"
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    async with server_of(kind) as server, local_proxy(scheme) as proxy:
        url = f"{scheme}://прокси.example:{proxy.port}"
        assert await ask(client_for(kind, server.url), url) == "through"
        assert proxy.seen
    assert set(looked_up) == {"xn--h1adldfi.example"}


@own_kinds
async def test_names_are_resolved_by_a_socks_proxy(kind: Kind) -> None:
    async with server_of(kind) as server, local_proxy("socks5") as proxy:
        url = server.url.replace("127.0.0.1", "localhost")
        assert await ask(client_for(kind, url), proxy.url) == "through"
        assert proxy.seen[0].startswith("localhost:")


@own_kinds
async def test_a_certificate_that_nobody_signed_is_refused(kind: Kind) -> None:
    async with server_of(kind, encrypted=True) as server:
        config = GeneratorConfig(kind=kind_of(kind.config_kind), url=server.url, model="some", timeouts=PATIENT)
        client = GeneratorClient(config)
        with pytest.raises(CertificateRefused, match=r"^self.signed certificate") as caught:
            await ask(client, None)
    assert not caught.value.retryable


@own_kinds
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_certificate_is_refused_with_its_reason_through_a_proxy(kind: Kind, scheme: str) -> None:
    async with server_of(kind, encrypted=True) as server, local_proxy(scheme) as proxy:
        config = GeneratorConfig(kind=kind_of(kind.config_kind), url=server.url, model="some", timeouts=PATIENT)
        with pytest.raises(CertificateRefused, match=r"^self.signed certificate"):
            await ask(GeneratorClient(config), proxy.url)


@own_kinds
@pytest.mark.parametrize(
    ("status", "blamed"), [("401 Unauthorized", ProxyRefused), ("502 Bad Gateway", ProxyUnreachable)]
)
async def test_a_trial_blames_the_proxy_for_what_happens_through_it_alone(
    kind: Kind, status: str, blamed: type[GeneratorProblem]
) -> None:
    async with server_of(kind) as server, serve(lambda exchange: exchange.reply(b"", status)) as proxy:
        with pytest.raises(blamed, match=status[:3]):
            await client_for(kind, server.url).probe(proxy=proxy.url)
        assert len(proxy.exchanges) >= 1


@own_kinds
@targets
@pytest.mark.parametrize(("told", "real"), [("http", "socks5"), ("socks5", "http"), ("https", "http")])
async def test_a_trial_blames_a_proxy_that_speaks_another_protocol(
    kind: Kind, told: str, real: str, *, encrypted: bool
) -> None:
    async with server_of(kind, encrypted=encrypted) as server, local_proxy(real) as proxy:
        with pytest.raises(ProxyUnreachable):
            await client_for(kind, server.url).probe(proxy=LocalProxy(told, port=proxy.port).url, timeouts=TRIAL)


@own_kinds
@pytest.mark.parametrize("told", ["http", "socks5"])
async def test_a_trial_blames_a_proxy_that_says_nothing(kind: Kind, told: str) -> None:
    async with server_of(kind) as server, serve(Exchange.wait_gone) as proxy:
        port = int(proxy.url.rpartition(":")[2])
        with pytest.raises(ProxyUnreachable):
            await client_for(kind, server.url).probe(proxy=LocalProxy(told, port=port).url, timeouts=TRIAL)


@own_kinds
async def test_a_trial_blames_the_model_for_what_happens_without_the_proxy_as_well(kind: Kind) -> None:
    async with serve(lambda exchange: exchange.reply(b"", "401 Unauthorized")) as server, local_proxy("http") as proxy:
        with pytest.raises(GeneratorRefused) as caught:
            await client_for(kind, server.url).probe(proxy=proxy.url)
    assert not isinstance(caught.value, ProxyRefused)


@own_kinds
async def test_a_trial_believes_the_proxy_where_there_is_no_direct_way(kind: Kind) -> None:
    with closed_port() as port:
        async with serve(lambda exchange: exchange.reply(b"", "401 Unauthorized")) as proxy:
            with pytest.raises(GeneratorRefused) as caught:
                await client_for(kind, f"http://127.0.0.1:{port}").probe(proxy=proxy.url)
    assert not isinstance(caught.value, ProxyRefused)


@own_kinds
async def test_an_answer_in_progress_stays_on_its_proxy(kind: Kind) -> None:
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("one"))
        await go_on.wait()
        await exchange.chunk(kind.encode("two"))
        await kind.finish(exchange)

    async with serve(script) as server, local_proxy("http") as old, local_proxy("socks5") as new:
        client = client_for(kind, server.url)
        first = client.answer(HELLO, temperature=0.5, max_tokens=100, proxy=old.url)
        assert await anext(first) == "one"
        go_on.set()
        assert await ask(client, new.url) == "onetwo"
        assert [piece async for piece in first if isinstance(piece, str)] == ["two"]
        assert (len(old.seen), len(new.seen)) == (1, 1)


@own_kinds
@schemes
async def test_closing_early_closes_the_connection_through_a_proxy(kind: Kind, scheme: str) -> None:
    async def script(exchange: Exchange) -> None:
        await kind.begin(exchange)
        await exchange.chunk(kind.encode("first"))
        await exchange.wait_gone()

    async with serve(script) as server, local_proxy(scheme) as proxy:
        pieces = client_for(kind, server.url).answer(HELLO, temperature=0.5, max_tokens=100, proxy=proxy.url)
        assert await anext(pieces) == "first"
        await pieces.aclose()
        async with asyncio.timeout(60):
            await server.last.gone.wait()


@schemes
async def test_a_tunnel_takes_any_client_through_any_proxy(scheme: str) -> None:
    async with (
        serve(lambda exchange: exchange.reply(b"through"), tls=server_tls()) as server,
        local_proxy(scheme, user="anna", password="p@ss") as proxy,
        aiohttp.ClientSession(connector=tunnel(parse_proxy(proxy.url), client_tls())) as session,
        session.get(server.url) as response,
    ):
        assert await response.text() == "through"
        assert proxy.seen == [server.url.partition("://")[2]]
