"""The browser step: cookies and user agent, read with a real browser once and used until they are not let in any more.

    get_args_from_browser ─▶ a WebDriver of the caller's (left open), or ─▶ read_page, in a thread
                             Chromium, through the relay (relay.py) where there is a proxy

Selenium is an optional package; everything of it is imported where it is used.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit

from bot import __version__
from bot.errors import BrowserMissing, GeneratorProblem, GeneratorSilent
from bot.generators.browser.chromium import BrowserPage, Chromium, read_page
from bot.net.connections import Route
from bot.net.proxy_relay import ProxyRelay
from bot.net.proxy_url import ProxyURL, as_proxy
from bot.runtime.installation import command_for

BROWSER_TIMEOUT = 90.0
"""Seconds for the whole browser step: start, page, cookies."""
MAX_REMEMBERED_ROUTES = 8
"""Routes whose session arguments are remembered."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVERS = ("chromedriver", "chromium.chromedriver")

T = TypeVar("T")


class SessionArgs(TypedDict):
    """Arguments of `aiohttp.ClientSession(**args)`."""

    cookies: dict[str, str]
    headers: dict[str, str]


async def get_args_from_browser(
    url: str,
    webdriver: Any = None,  # noqa: ANN401  # a Selenium WebDriver; Selenium need not be installed
    proxy: ProxyURL | str | None = None,
    *,
    browser: bool = False,
    route: Route | None = None,
    arguments: Sequence[str] = (),
    limit: float = BROWSER_TIMEOUT,
) -> SessionArgs:
    """Read cookies (httpOnly too) and the user agent of a page.

    A `webdriver` is used as it is and left open; with `browser` a headless Chromium is opened, through `proxy`, and
    closed again, `arguments` being more of its flags; without either these are plain default headers. Selenium works
    in a thread, never on the event loop. Raises BrowserMissing, GeneratorSilent after `limit` seconds, and
    GeneratorUnreachable (ProxyUnreachable, ProxyRefused) where the page cannot be opened.
    """
    route = route or Route(url.rstrip("/"), as_proxy(proxy))
    if webdriver is not None:
        page = await _in_thread(lambda: read_page(webdriver, route.url, limit), limit, stop=lambda: None)
    elif browser:
        page = await _with_chromium(route, arguments, limit)
    else:
        return SessionArgs(cookies={}, headers=_headers(route.url, f"aura-telegram/{__version__}"))
    return SessionArgs(cookies=page.cookies, headers=_headers(route.url, page.user_agent))


class BrowserSessions:
    """Remembers what the browser read for each route (server and proxy), and opens one browser at a time."""

    def __init__(self, *, arguments: Sequence[str] = (), limit: float = BROWSER_TIMEOUT) -> None:
        self._arguments = arguments
        self._limit = limit
        self._remembered: OrderedDict[tuple[str, ProxyURL | None], SessionArgs] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def get(self, route: Route, webdriver: object = None) -> tuple[SessionArgs, bool]:
        """Give a route's session arguments, and whether they were read just now. Raises as the browser step does."""
        asked_at = self._remembered.get(_place(route))
        if asked_at is not None:
            return asked_at, False
        async with self._one_at_a_time:
            if (args := self._remembered.get(_place(route))) is not None:
                return args, True  # somebody else's browser has just read them
            args = await get_args_from_browser(
                route.url, webdriver, browser=True, route=route, arguments=self._arguments, limit=self._limit
            )
            self._remembered[_place(route)] = args
            while len(self._remembered) > MAX_REMEMBERED_ROUTES:
                self._remembered.popitem(last=False)
        return args, True

    def forget(self, route: Route) -> None:
        """The server does not let these arguments in any more: the next request reads new ones."""
        self._remembered.pop(_place(route), None)

    def clear(self) -> None:
        """Forget everything."""
        self._remembered.clear()


def find_programs() -> tuple[str, str]:
    """Find Chromium and its driver. Raises BrowserMissing, which names the package and what installs it."""
    if importlib.util.find_spec("selenium") is None:
        raise BrowserMissing(f"the Python package selenium is missing: {command_for('browser')} installs it")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = next(filter(None, map(shutil.which, DRIVERS)), None)
    if browser is None or driver is None:
        raise BrowserMissing(
            "chromium or its driver is missing: "
            f"apt-get install chromium chromium-driver (and {command_for('browser')})"
        )
    return browser, driver


def _place(route: Route) -> tuple[str, ProxyURL | None]:
    return route.url, route.proxy


async def _with_chromium(route: Route, arguments: Sequence[str], limit: float) -> BrowserPage:
    browser, driver = find_programs()
    async with AsyncExitStack() as stack:
        relay: ProxyRelay | None = None
        flags = list(arguments)
        if route.proxy is not None:
            relay = await stack.enter_async_context(ProxyRelay(route))
            # Without the second flag Chromium would go to this machine's own addresses past the proxy.
            flags += [f"--proxy-server=http://127.0.0.1:{relay.port}", "--proxy-bypass-list=<-loopback>"]
        chromium = Chromium(browser, driver, flags)
        try:
            page = await _in_thread(lambda: chromium.read(route.url, limit), limit, stop=chromium.kill)
        except GeneratorProblem:
            if relay is not None and relay.failure is not None:
                raise relay.failure from None
            raise
        if relay is not None and relay.failure is not None:
            raise relay.failure
        return page


async def _in_thread(work: Callable[[], T], limit: float, *, stop: Callable[[], None]) -> T:
    """Run what blocks in a thread; when nobody waits for it any more, or for too long, `stop` ends it."""
    future = asyncio.get_running_loop().run_in_executor(None, work)
    future.add_done_callback(_retrieve)
    try:
        async with asyncio.timeout(limit):
            return await asyncio.shield(future)
    except TimeoutError:
        stop()
        raise GeneratorSilent(f"the browser step took longer than {limit:g} s") from None
    except asyncio.CancelledError:
        stop()
        raise


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Look at the outcome, so that one that nobody waits for is not reported as forgotten."""
    if not future.cancelled():
        future.exception()


def _headers(url: str, user_agent: str) -> dict[str, str]:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return {
        "Accept": "*/*",
        "Accept-Language": "en-US,en;q=0.9",
        "Origin": origin,
        "Referer": f"{origin}{parts.path}/",
        "User-Agent": user_agent,
    }
