"""How long a newcomer waits: from `make run` to the first character of the first answer, in a fresh clone and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks.report import say

ROOT = Path(__file__).resolve().parents[2]
PERSON = 1001
ADDRESS = "127.0.0.1:8099"
PATIENCE = 600.0
"""Seconds until the first start has failed: packages may come slowly."""


def main() -> int:
    """Measure both; packages are downloaded as on a new machine, except for what pip has cached."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for name in ("a fresh clone", "the prepared machine"):
            page, answer = _start(clone)
            say(f"{name}: page after {page:.1f} s, first character of the first answer after {answer:.1f} s")
            for left in clone.glob("aura-playground*"):
                left.unlink()
    return 0


def _start(clone: Path) -> tuple[float, float]:
    """Run `make run`, ask, and stop it. Gives the seconds until the page is there, and until the answer begins."""
    began = time.monotonic()
    environment = {**os.environ, "PLAYGROUND_LISTEN": ADDRESS}
    with subprocess.Popen(["make", "run"], cwd=clone, env=environment, stderr=subprocess.DEVNULL) as process:
        with httpx.Client(base_url=f"http://{ADDRESS}", timeout=5) as http:
            _until(lambda: http.get("/world").is_success)
            page = time.monotonic() - began
            http.post(f"/people/{PERSON}/send", json={"chat_id": PERSON, "text": "Hello, who are you?"})
            _until(lambda: _answered(http.get("/world").json()))
            answer = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
    return page, answer


def _answered(world: dict[str, Any]) -> bool:
    chat = next(chat for chat in world["chats"] if chat["id"] == PERSON)
    return any(message["from"]["is_bot"] for message in chat["messages"])


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):  # nobody listens yet
            if happened():
                return
        time.sleep(0.02)
    raise TimeoutError("the program did not start")


if __name__ == "__main__":
    sys.exit(main())
