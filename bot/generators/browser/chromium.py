"""Selenium's part of the browser step. Everything here blocks: it runs in a thread (browser.py)."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import GeneratorBroken, GeneratorProblem, GeneratorSilent, GeneratorUnreachable, ProxyUnreachable
from bot.generators.error_classifier import one_line

if TYPE_CHECKING:  # Selenium is an optional package
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.remote.webdriver import WebDriver

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root, and in most containers, Chromium does not start with it
    "--disable-dev-shm-usage",  # containers have a small /dev/shm
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTLE_DELAY = 1.0
"""Seconds in which no cookie changes: then the page's scripts have set theirs."""
SETTLE_TIMEOUT = 15.0
"""Seconds that a loaded page gets for its scripts (and for a check of the browser, as Cloudflare has it)."""
POLL_INTERVAL = 0.2
REAP_TIMEOUT = 10.0
"""Seconds that a killed process gets to be gone."""
READY = """return document.readyState === 'complete' && document.body !== null
    && !document.body.classList.contains('no-js') && !document.title.startsWith('Just a moment')"""


@dataclass(frozen=True, slots=True)
class BrowserPage:
    """Cookies that a page gave the browser, and the browser's name for itself."""

    cookies: dict[str, str]
    user_agent: str


def read_page(driver: WebDriver, url: str, limit: float) -> BrowserPage:
    """Open `url` and read what belongs to its host, once its scripts have come to rest.

    Raises GeneratorSilent after `limit` seconds and GeneratorUnreachable where the page cannot be opened.
    """
    with _told(limit):
        driver.get(url)
        _wait_until_settled(driver, min(limit, SETTLE_TIMEOUT))
        user_agent = str(driver.execute_script("return navigator.userAgent"))
        host = urlsplit(url).hostname or ""
        cookies = {str(cookie["name"]): str(cookie["value"]) for cookie in _cookies(driver) if _is_for(cookie, host)}
    return BrowserPage(cookies, user_agent)


class Chromium:
    """A headless Chromium for one page; it dies with the reading, at the latest when it is killed."""

    def __init__(self, browser: str, driver: str, arguments: Sequence[str] = ()) -> None:
        self._browser = browser
        self._driver = driver
        self._arguments = (*FLAGS, *arguments)
        self._service: Service | None = None
        self._killed = False

    def read(self, url: str, limit: float) -> BrowserPage:
        """Start, read the page, and be gone again. Raises as `read_page` does."""
        with tempfile.TemporaryDirectory(prefix="aura-browser-", ignore_cleanup_errors=True) as profile:
            try:
                with _told(limit):
                    driver = self._start(profile, limit)
                return read_page(driver, url, limit)
            finally:
                self.kill()
                self._reap()

    def kill(self) -> None:
        """End the browser and its driver at once. May be called from another thread, and more than once."""
        self._killed = True
        process: subprocess.Popen[bytes] | None = getattr(self._service, "process", None)
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the driver leads a process group, Chromium is in it

    def _reap(self) -> None:
        """Wait until the killed driver is gone, and close what was connected to it."""
        process: subprocess.Popen[bytes] | None = getattr(self._service, "process", None)
        if process is not None:
            process.communicate(timeout=REAP_TIMEOUT)

    def _start(self, profile: str, limit: float) -> WebDriver:
        from selenium.webdriver.chrome.options import Options  # noqa: PLC0415  # an optional package
        from selenium.webdriver.chrome.service import Service  # noqa: PLC0415  # the same

        options = Options()
        options.binary_location = self._browser
        options.page_load_strategy = "eager"  # a picture that never loads must not hold the page
        for argument in (*self._arguments, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        self._service = Service(self._driver, popen_kw={"start_new_session": True})
        self._service.start()
        if self._killed:
            raise GeneratorSilent("the browser step was given up")
        driver = _connect(self._service.service_url, options, limit)
        driver.set_page_load_timeout(limit)
        plain = str(driver.execute_script("return navigator.userAgent")).replace("HeadlessChrome", "Chrome")
        command = {"cmd": "Network.setUserAgentOverride", "params": {"userAgent": plain}}
        driver.execute("executeCdpCommand", command)
        return driver


def _connect(address: str, options: Options, limit: float) -> WebDriver:
    """Begin a session with the driver: never through a proxy of the environment, and no call without a limit."""
    from selenium.webdriver.chrome.remote_connection import ChromeRemoteConnection  # noqa: PLC0415  # an optional package
    from selenium.webdriver.common.proxy import Proxy, ProxyType  # noqa: PLC0415  # the same
    from selenium.webdriver.remote.client_config import ClientConfig  # noqa: PLC0415  # the same
    from selenium.webdriver.remote.webdriver import WebDriver  # noqa: PLC0415  # the same

    direct = ClientConfig(address, proxy=Proxy({"proxyType": ProxyType.DIRECT}), timeout=math.ceil(limit))
    return WebDriver(ChromeRemoteConnection(address, client_config=direct), options=options)


def _wait_until_settled(driver: WebDriver, limit: float) -> None:
    """Wait until the page is there and no cookie changes any more; a page that never rests is taken as it is."""
    end = time.monotonic() + limit
    before: object = None
    since = time.monotonic()
    while time.monotonic() < end:
        now = (bool(driver.execute_script(READY)), sorted((str(c["name"]), str(c["value"])) for c in _cookies(driver)))
        if now != before:
            before, since = now, time.monotonic()
        elif now[0] and time.monotonic() - since >= SETTLE_DELAY:
            return
        time.sleep(POLL_INTERVAL)


def _cookies(driver: WebDriver) -> list[dict[str, object]]:
    return list(driver.get_cookies())


def _is_for(cookie: Mapping[str, object], host: str) -> bool:
    """Tell whether a cookie belongs to the host: the page may have led elsewhere."""
    domain = str(cookie.get("domain", "")).lstrip(".").strip("[]")
    return not domain or host == domain or host.endswith(f".{domain}")


@contextmanager
def _told(limit: float) -> Iterator[None]:
    """Say in our words what Selenium says."""
    from selenium.common.exceptions import TimeoutException, WebDriverException  # noqa: PLC0415  # an optional package
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  # comes with Selenium

    try:
        yield
    except TimeoutException:
        raise GeneratorSilent(f"the page did not load within {limit:g} s") from None
    except WebDriverException as error:
        raise _problem(error.msg or type(error).__name__) from None
    except (HTTPError, OSError) as error:  # the driver is gone: it died, or it was killed because nobody waits
        raise GeneratorBroken(f"the browser went away: {type(error).__name__}") from None


def _problem(words: str) -> GeneratorProblem:
    said = one_line(words)
    if "ERR_PROXY" in words or "ERR_TUNNEL" in words or "ERR_SOCKS" in words:
        return ProxyUnreachable(f"the browser gets nowhere through the proxy: {said}")
    if "net::ERR_" in words:
        return GeneratorUnreachable(f"the browser cannot open the page: {said}")
    return GeneratorBroken(f"the browser failed: {said}")
