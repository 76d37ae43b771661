"""Supervisor of the engine's process: starts it, starts it again, and gives its address."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO

from local_model import engine_process
from local_model.engine_process import MARK, EngineOptions
from local_model.errors import LocalModelError

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL = 2.0
"""Seconds between two lines about a model that is still loading."""
_STOP_TIMEOUT = 5.0
_RESTART_DELAY = 1.0
"""Seconds before an engine that has died is started again."""
_MAX_OUTPUT_LINES = 20
_OUT_OF_MEMORY = ("bad_alloc", "failed to allocate", "cannot allocate memory", "out of memory")


class Engine:
    """One model in one process. What blocks happens in a thread of its own; an engine that dies is started again."""

    def __init__(self, options: EngineOptions, name: str, size: int) -> None:
        self._options = options
        self._name = name
        self._size = size
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._address: Future[str] = Future()
        self._process: subprocess.Popen[str] | None = None
        self._supervisor = threading.Thread(target=self._supervise, name="local-model", daemon=True)

    @property
    def ready(self) -> bool:
        """True once the model has been loaded."""
        return self._address.done() and self._address.exception() is None

    def launch(self) -> None:
        """Begin to load the model."""
        self._supervisor.start()

    async def url(self, wait_limit: float) -> str:
        """Tell where the engine listens, once the model is there; wait `wait_limit` seconds for it.

        Raises LocalModelError where the model cannot be loaded, or not in time.
        """
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._address)), wait_limit)
        except TimeoutError:
            raise LocalModelError("busy: the model is currently loading, try again") from None

    async def stop(self) -> None:
        """End the process at once, whatever it does."""
        with self._lock:
            self._stopped.set()
            if self._process is not None:
                self._process.kill()
        if self._supervisor.is_alive():
            await asyncio.to_thread(self._supervisor.join, _STOP_TIMEOUT)

    def _supervise(self) -> None:
        while self._run_once() and not self._stopped.wait(_RESTART_DELAY):
            pass

    def _run_once(self) -> bool:
        """Run the process to its end. Says whether to start it again: after a success that nobody has ended."""
        address = self._address
        try:
            process = self._spawn()
        except OSError as error:
            address.set_exception(LocalModelError(f"the engine cannot be started: {error.strerror}"))
            return False
        if process is None:
            address.set_exception(LocalModelError("the local model has been stopped"))
            return False
        with process:
            reason = self._listen(process, address)
        if self._stopped.is_set():
            if not address.done():
                address.set_exception(LocalModelError("the local model has been stopped"))
            return False
        if address.done():
            logger.error("%s: the engine has ended (%s); starting it again", self._name, reason)
            self._address = Future()
            return True
        logger.error("%s cannot be loaded: %s", self._name, reason)
        address.set_exception(LocalModelError(f"{self._name} cannot be loaded: {reason}"))
        return False

    def _spawn(self) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopped.is_set():
                return None
            # -P: the script's own folder holds modules that no other package should find.
            command = [sys.executable, "-P", str(Path(engine_process.__file__))]
            self._process = subprocess.Popen(  # noqa: S603  # this package's own script
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            return self._process

    def _listen(self, process: subprocess.Popen[str], address: Future[str]) -> str:
        """Send the options and read what the process prints until it ends. Returns why it has ended, in one line."""
        assert process.stdin is not None  # noqa: S101  # as spawned
        assert process.stdout is not None  # noqa: S101  # as spawned
        output: deque[str] = deque(maxlen=_MAX_OUTPUT_LINES)
        began = time.monotonic()
        logger.info("Loading %s …", self._name)
        loaded = threading.Event()
        reporter = threading.Thread(target=self._report_progress, args=(process.pid, loaded), daemon=True)
        reporter.start()
        failed = ""
        try:
            self._send_options(process.stdin)
            for line in process.stdout:
                said = _message(line)
                failed = said.get("failed", failed)
                if "url" in said:
                    loaded.set()
                    logger.info("%s is ready in %.1f s", self._name, time.monotonic() - began)
                    address.set_result(said["url"])
                elif not said and line.strip():
                    output.append(line.strip())
                    logger.debug("engine: %s", line.strip())
        except OSError as error:
            failed = f"{error.strerror}"
        finally:
            loaded.set()
            reporter.join()
        return exit_reason(process.wait(), failed, output)

    def _send_options(self, stdin: IO[str]) -> None:
        """Write the options. Unread bytes of a process that has ended must not raise again when stdin is closed."""
        try:
            stdin.write(json.dumps(self._options) + "\n")
            stdin.flush()
        except BrokenPipeError:
            with suppress(BrokenPipeError):
                stdin.close()
            raise

    def _report_progress(self, pid: int, loaded: threading.Event) -> None:
        """Log how much of the file is in memory: the engine itself does not say how far it is."""
        while not loaded.wait(PROGRESS_INTERVAL):
            share = min(_resident_bytes(pid) / max(self._size, 1), 0.99)
            logger.info("Loading %s … %.0f %%", self._name, share * 100)


def exit_reason(code: int, failed: str, output: Iterable[str]) -> str:
    """Say in one line why the process has ended: from its status, its own word and what the engine printed."""
    printed = [_without_origin(line) for line in output]
    if any(sign in line.lower() for line in printed for sign in _OUT_OF_MEMORY):
        return "out of memory"
    errors = [
        line.removeprefix("error loading model: ") for line in printed if line.startswith("error loading model: ")
    ]
    if errors:
        return errors[0]
    if code < 0:
        killed = code == -getattr(signal, "SIGKILL", 9)
        return "killed, probably because the memory is full" if killed else f"it crashed (signal {-code})"
    return failed or (printed[-1] if printed else f"it ended with status {code}")


def _without_origin(line: str) -> str:
    """Cut the time stamp, the level and the function that llama.cpp's log puts before its words."""
    head, level, rest = line.partition(" E ")
    return rest.partition(": ")[2] if level and head.replace(".", "").isdigit() else line


def _message(line: str) -> dict[str, str]:
    _, mark, message = line.partition(MARK)
    said: dict[str, str] = json.loads(message) if mark else {}
    return said


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0  # no /proc here, or the process has just ended
    return pages * os.sysconf("SC_PAGE_SIZE")
