"""What the page's tests are told with: the playground as a process, and somebody who looks at it in Chromium."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

Json = dict[str, Any]
T = TypeVar("T")

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = shutil.which("chromium")
CHROMEDRIVER: Final = shutil.which("chromedriver")
MISSING: Final = "needs Chromium: apt-get install chromium chromium-driver"
TOKEN: Final = "7000000001:page"
PATIENCE: Final = 60.0
SENT_WITHOUT_TEXT: Final = {"document", "photo", "video", "voice", "audio", "sticker", "location", "poll"}
FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--window-size=1200,900",
    "--use-fake-device-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip


class Server:
    """The playground as a process of its own, with the bot's and the people's side at hand."""

    def __init__(self, keep: Path | None = None, port: int = 0) -> None:
        command = [sys.executable, "-m", "playground", "--port", str(port), "--token", TOKEN]
        if keep:
            command += ["--keep", str(keep)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self.port = httpx.URL(self.url).port or 0
        self._http = httpx.Client(base_url=self.url, timeout=PATIENCE)
        self._offset = 0

    def stop(self) -> None:
        """End the process."""
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)

    def bot(self, method: str, **parameters: Any) -> Any:  # any JSON value
        """Call the Bot API."""
        answer = self._http.post(f"/bot{TOKEN}/{method}", json=parameters).json()
        assert answer["ok"], answer
        return answer["result"]

    def upload(self, method: str, files: dict[str, bytes], **parameters: Any) -> Any:  # any JSON value
        """Call the Bot API with files, as a form."""
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        answer = self._http.post(f"/bot{TOKEN}/{method}", data=texts, files=files).json()
        assert answer["ok"], answer
        return answer["result"]

    def file(self, file_id: str) -> bytes:
        """Fetch a file as the page does."""
        response = self._http.get(f"/files/{file_id}")
        assert response.is_success, response.text
        return response.content

    def say(self, chat_id: int, text: str, **parameters: Any) -> int:  # any JSON value
        """Let the bot send a text; returns the message's id."""
        identity: int = self.bot("sendMessage", chat_id=chat_id, text=text, **parameters)["message_id"]
        return identity

    def people(self, path: str, **body: Any) -> Any:  # any JSON value
        """Do what a person's app would do."""
        response = self._http.post(path, json=body)
        assert response.is_success, response.text
        return response.json()

    def get(self, path: str) -> Any:  # any JSON value
        """Read something of the people's side."""
        response = self._http.get(f"/{path}")
        assert response.is_success, response.text
        return response.json()

    def person(self, name: str = "Carol", language: str = "en") -> int:
        """Let a new person appear, who has opened the bot."""
        identity: int = self.people("/people", first_name=name, username=None, language_code=language)["id"]
        self.people(f"/people/{identity}/start")
        return identity

    def update(self, kind: str, chat_id: int) -> Json:
        """Wait for the bot's next update of a kind from a chat."""
        while True:
            for update in self.bot("getUpdates", offset=self._offset, timeout=20):
                self._offset = update["update_id"] + 1
                found: Json = update.get(kind, {})
                of_chat = found.get("message", found).get("chat", {}).get("id") == chat_id
                if of_chat and (kind != "message" or said(found)):
                    return found


def said(message: Json) -> bool:
    """Return whether a message is something that a person said beyond opening the bot."""
    return not SENT_WITHOUT_TEXT.isdisjoint(message) or message.get("text", "/start") != "/start"


class Page:
    """The page at an address, as somebody looks at it."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, person: int, chat: int | str | None = None) -> None:
        """Open the page as a person, in a chat (their own with the bot) or a topic ("chat/topic")."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}/#{person}/{chat or person}")
        self.see("#conversation #composer > *")

    def wait(self, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
        """Wait until something is so, and return it."""
        ignored = (StaleElementReferenceException, NoSuchElementException)
        waiting = WebDriverWait(self.driver, seconds, poll_frequency=0.05, ignored_exceptions=ignored)
        return waiting.until(lambda _driver: condition())

    def all(self, selector: str) -> list[WebElement]:
        """Return what is visible of a selector."""
        return [element for element in self.driver.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]

    def see(self, selector: str, text: str = "") -> WebElement:
        """Wait for a visible element with a text."""
        return self.wait(lambda: next(iter([found for found in self.all(selector) if text in found.text]), None))  # type: ignore[return-value]  # until never returns None

    def gone(self, selector: str, text: str = "") -> None:
        """Wait until no such element is visible."""
        self.wait(lambda: not [found for found in self.all(selector) if text in found.text])

    def bubble(self, message_id: int, inside: str = ".text") -> WebElement:
        """Wait for a message."""
        return self.see(f"[data-message-id='{message_id}'] {inside}")

    def texts(self) -> list[str]:
        """Return the texts of the messages that are shown."""
        return [
            str(text) for text in self.js("return [...document.querySelectorAll('li .text')].map(n => n.textContent)")
        ]

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def write(self, text: str) -> None:
        """Type into the message box and send."""
        self.see("#text").send_keys(text, Keys.ENTER)

    def menu(self, message_id: int, entry: str) -> None:
        """Open a message's menu and choose an entry."""
        ActionChains(self.driver).context_click(self.bubble(message_id)).perform()
        self.see(".menu [role=menuitem]", entry).click()

    def js(self, script: str, *arguments: Any) -> Any:  # any JSON value
        """Look at the page from inside."""
        return self.driver.execute_script(script, *arguments)

    def look(self, *, dark: bool = False, width: int = 0, height: int = 780) -> None:
        """Use a dark or light system, and a phone of some width (0: a desktop)."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        if width:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        else:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def complaints(self) -> list[str]:
        """Return what the browser complained of: errors of scripts, policy violations, failed requests."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it untyped
        return [str(entry["message"]) for entry in log if entry["level"] == "SEVERE"]


class Reader(Page):
    """Somebody who looks at the page of a playground."""

    def __init__(self, driver: webdriver.Chrome, server: Server) -> None:
        super().__init__(driver, server.url)
        self.server = server


@contextlib.contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """Yield a browser that reaches nothing but this machine."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER)) as driver:
        yield driver


@contextlib.contextmanager
def somebody_reading() -> Iterator[Reader]:
    """Yield a reader with a playground and a browser."""
    server = Server()
    try:
        with chromium() as driver:
            yield Reader(driver, server)
    finally:
        server.stop()
