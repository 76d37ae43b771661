from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import BrowserMissing, GeneratorSilent, GeneratorUnreachable, ProxyRefused, ProxyUnreachable
from bot.generators.aura import Aura
from bot.generators.browser import chromium as chromium_step
from bot.generators.browser.chromium import FLAGS
from bot.generators.browser.session_args import MAX_REMEMBERED_ROUTES, BrowserSessions, get_args_from_browser
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Messages, Timeouts
from bot.generators.factory import kind_of
from bot.net.connections import Route
from bot.net.proxy_url import parse_proxy
from tests.harness.local_proxy import LocalProxy, closed_port, local_proxy
from tests.harness.wire_server import Exchange, WireServer, client_tls, serve

HELLO: Messages = [{"role": "user", "content": "Hello"}]
ANNA = {"user": "anna", "password": "p@ss:word"}
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",)
PAGE = b"""<!doctype html><title>Chat</title><body class="no-js"><script>
setTimeout(() => { document.cookie = "script=set later"; document.body.classList.remove("no-js"); }, 300);
</script></body>"""

chromium = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="no browser here: apt-get install chromium chromium-driver",
)
pytest.importorskip("selenium", reason="no Selenium here: make browser")


class Site:
    """A page that sets cookies, and a chat that answers those who bring them."""

    def __init__(self) -> None:
        self.round = 1
        """Cookies of earlier rounds are not let in."""
        self.opened = 0
        self.asked: list[dict[str, str]] = []
        self.agents: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path == "/api/chat":
            await self._chat(exchange)
        elif request.path == "/":
            self.opened += 1
            self.agents.append(request.headers["user-agent"])
            cookie = f"server=round{self.round}; HttpOnly; Path=/"
            await exchange.reply(PAGE, Content_Type="text/html", Set_Cookie=cookie)
        else:
            await exchange.reply(b"", "404 Not Found")

    async def _chat(self, exchange: Exchange) -> None:
        headers = exchange.request.headers
        self.asked.append(headers)
        if f"server=round{self.round}" not in headers.get("cookie", ""):
            await exchange.reply(b"", "403 Forbidden")
            return
        await exchange.chunked()
        await exchange.chunk(b"welcome")
        await exchange.end()


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def server(site: Site) -> AsyncIterator[WireServer]:
    async with serve(site) as running:
        yield running


@pytest.fixture(autouse=True)
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the browsers of this test keep what they know while they run."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def nothing_left(profiles: Path) -> bool:
    """Whether the browser of this test is gone, with all that it wrote."""
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return str(profiles) not in running and not list(profiles.iterdir())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # other processes set no event
            await asyncio.sleep(0.05)


def client_for(url: str) -> GeneratorClient:
    config = GeneratorConfig(
        kind=kind_of("aura"), url=url, browser=True, timeouts=Timeouts(headers=30, silence=30, answer=90)
    )
    return GeneratorClient(config, browser_arguments=OFFLINE, ssl_context=client_tls())


async def ask(client: GeneratorClient, proxy: str | None = None) -> str:
    pieces = client.answer(HELLO, temperature=0.5, max_tokens=9, proxy=proxy)
    return "".join([str(piece) async for piece in pieces])


@chromium
async def test_cookies_of_server_and_script_are_read_and_used_until_they_are_refused(
    site: Site, server: WireServer, profiles: Path
) -> None:
    client = client_for(server.url)
    assert await ask(client) == "welcome"
    assert await ask(client) == "welcome"
    assert site.opened == 1, "the browser opens once"
    assert set(site.asked[0]["cookie"].split("; ")) == {"server=round1", "script=set later"}
    assert site.asked[0]["user-agent"] == site.agents[0]
    assert "Headless" not in site.agents[0]

    site.round = 2
    assert await ask(client) == "welcome", "what is refused is read anew"
    assert site.opened == 2
    await until(lambda: nothing_left(profiles))


@chromium
@pytest.mark.parametrize(
    ("kind", "login"),
    [("http", {}), ("http", ANNA), ("https", ANNA), ("socks5", ANNA)],
    ids=["http without password", "http", "https", "socks5"],
)
async def test_the_browser_goes_through_the_same_proxy(
    site: Site, server: WireServer, kind: str, login: dict[str, str]
) -> None:
    async with local_proxy(kind, **login) as proxy:
        assert await ask(client_for(server.url), proxy.url) == "welcome"
        here = server.url.partition("://")[2]
        assert proxy.seen.count(here) >= 2, "once for the page, once for the question"
        assert proxy.refused == 0
    assert site.opened == 1


@chromium
@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_refuses_the_browser_is_told_apart(server: WireServer, kind: str) -> None:
    async with local_proxy(kind, **ANNA) as proxy:
        wrong = LocalProxy(kind, "anna", "wrong", port=proxy.port)
        with pytest.raises(ProxyRefused):
            await ask(client_for(server.url), wrong.url)


@chromium
async def test_a_proxy_that_is_not_there_is_told_apart(server: WireServer) -> None:
    with closed_port() as port, pytest.raises(ProxyUnreachable):
        await ask(client_for(server.url), f"http://127.0.0.1:{port}")


@chromium
async def test_a_page_that_is_not_there_is_unreachable() -> None:
    async with serve(Exchange.wait_gone) as gone:
        url = gone.url
    with pytest.raises(GeneratorUnreachable):
        await ask(client_for(url))


@chromium
async def test_a_page_that_never_comes_ends_with_the_limit_and_the_event_loop_goes_on(profiles: Path) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    async with serve(Exchange.wait_gone) as server:
        beating = asyncio.ensure_future(beat())
        with pytest.raises(GeneratorSilent):
            await get_args_from_browser(server.url, browser=True, arguments=OFFLINE, limit=3)
        beating.cancel()
        assert beats > 50
    await until(lambda: nothing_left(profiles))


@chromium
async def test_stopping_ends_the_browser(profiles: Path) -> None:
    async with serve(Exchange.wait_gone) as server:
        asking = asyncio.ensure_future(ask(client_for(server.url)))
        await until(lambda: bool(server.exchanges))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(lambda: nothing_left(profiles))


@chromium
async def test_a_webdriver_of_the_caller_is_used_as_it_is_and_left_open(site: Site, server: WireServer) -> None:
    driver = await asyncio.to_thread(_own_webdriver)
    try:
        pieces = Aura.create_async_generator("openchat_3.6", HELLO, url=server.url, webdriver=driver)
        assert [piece async for piece in pieces] == ["welcome"]
        assert "HeadlessChrome" in site.asked[0]["user-agent"], "nothing of it was changed"
        assert await asyncio.to_thread(lambda: driver.title) == "Chat"
    finally:
        await asyncio.to_thread(driver.quit)


def _own_webdriver() -> Any:
    from selenium import webdriver  # noqa: PLC0415  # an optional package
    from selenium.webdriver.chrome.service import Service  # noqa: PLC0415  # the same

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (*FLAGS, *OFFLINE):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


class Recorded:
    """A WebDriver whose page has led to another site, with cookies that HTTP libraries like to quote."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def get(self, url: str) -> None:
        self.urls.append(url)

    def execute_script(self, script: str) -> object:
        return "Agent/1.0" if "userAgent" in script else True

    def get_cookies(self) -> list[dict[str, object]]:
        return [
            {"name": "a", "value": 'x"y,z=/ä', "domain": ".127.0.0.1"},
            {"name": "b", "value": "elsewhere", "domain": "login.example"},
            {"name": "c", "value": "plain"},
        ]


@pytest.mark.usefixtures("hasty")
async def test_cookies_of_other_sites_stay_there_and_ours_go_out_as_they_are(site: Site, server: WireServer) -> None:
    driver = Recorded()
    with pytest.raises(aiohttp.ClientResponseError):
        async for _ in Aura.create_async_generator("m", HELLO, url=server.url, webdriver=driver):
            pass
    sent = site.asked[0]
    assert driver.urls == [server.url]
    assert sent["cookie"].encode("latin-1").decode() == 'a=x"y,z=/ä; c=plain'
    assert sent["user-agent"] == "Agent/1.0"


@pytest.mark.parametrize("missing", ["chromium", "chromedriver"])
async def test_a_missing_browser_names_the_package(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in {"chromium", "chromedriver"} - {missing}:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrowserMissing, match="apt-get install chromium chromium-driver"):
        await get_args_from_browser("http://127.0.0.1:1", browser=True)


def test_a_missing_selenium_names_what_installs_it() -> None:
    program = """
import asyncio, sys
sys.modules["selenium"] = None
from bot.errors import BrowserMissing
from bot.net.proxy_url import parse_proxy
from bot.generators.factory import kind_of
from bot.generators.client import GeneratorConfig, GeneratorClient
try:
    asyncio.run(GeneratorClient(GeneratorConfig(kind=kind_of("aura"), url="http://127.0.0.1:1", browser=True)).probe())
except BrowserMissing as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "the Python package selenium is missing: make browser installs it\n"


async def test_without_a_browser_nothing_is_opened() -> None:
    args = await get_args_from_browser("https://chat.example/base/")
    assert args["cookies"] == {}
    assert args["headers"]["Origin"] == "https://chat.example"
    assert args["headers"]["User-Agent"].startswith("aura-telegram/")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorded page has no scripts to wait for."""
    monkeypatch.setattr(chromium_step, "SETTLE_DELAY", 0.0)


@pytest.mark.usefixtures("hasty")
async def test_questions_side_by_side_read_a_page_once() -> None:
    sessions, driver, route = BrowserSessions(), Recorded(), Route("http://h")
    got = await asyncio.gather(*(sessions.get(route, driver) for _ in range(4)))
    assert driver.urls == ["http://h"]
    assert [args["headers"]["User-Agent"] for args, _ in got] == ["Agent/1.0"] * 4


@pytest.mark.usefixtures("hasty")
async def test_what_was_read_through_one_proxy_is_not_used_through_another() -> None:
    sessions, driver = BrowserSessions(), Recorded()
    routes = [Route("http://h", parse_proxy(proxy)) for proxy in ("http://one", "http://other", "http://one")]
    assert [(await sessions.get(route, driver))[1] for route in routes] == [True, True, False]


@pytest.mark.usefixtures("hasty")
async def test_what_is_remembered_is_bounded() -> None:
    sessions, driver = BrowserSessions(), Recorded()
    for number in range(MAX_REMEMBERED_ROUTES + 1):
        await sessions.get(Route(f"http://h{number}"), driver)
    assert not (await sessions.get(Route("http://h1"), driver))[1]
    assert (await sessions.get(Route("http://h0"), driver))[1], "the oldest had to go"
