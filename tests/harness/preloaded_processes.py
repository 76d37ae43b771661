"""Processes that have imported the program already: importing costs seconds of CPU, and a crash test starts often.

`python -m tests.harness.preloaded_processes SOCKET` imports everything once and then forks a process for each
connection: the request names its folder, environment and arguments, and brings the file that takes its output. What is
forked is an ordinary process of its own: it is signalled, killed and waited for like any other.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LARGEST_REQUEST = 65_536


@dataclass
class Forked:
    """A process from the nursery; it looks like an `asyncio.subprocess.Process`."""

    pid: int
    stdout: asyncio.StreamReader
    said: asyncio.StreamReader
    connection: asyncio.StreamWriter
    output: asyncio.ReadTransport
    returncode: int | None = None
    waiting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        async with self.waiting:
            if self.returncode is None:
                self.returncode = os.waitstatus_to_exitcode(int(await self.said.readline()))
                self.connection.close()
        return self.returncode


@dataclass(frozen=True)
class Nursery:
    """Where to ask for a process."""

    address: str

    async def start(self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Forked:
        """Run `python -m bot` with these arguments."""
        request = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        read_end, write_end = os.pipe()
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self.address)
            socket.send_fds(connection, [json.dumps(request).encode()], [write_end])
        finally:
            os.close(write_end)
        said, writer = await asyncio.open_connection(sock=connection)
        stdout = asyncio.StreamReader()
        output, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(read_end, "rb", buffering=0)
        )
        return Forked(int(await said.readline()), stdout, said, writer, output)


@contextmanager
def running_nursery() -> Iterator[Nursery]:
    """Start one, and end it with everything that it keeps in memory; its children go on."""
    with tempfile.TemporaryDirectory(prefix="aura-nursery-") as folder:
        address = f"{folder}/socket"
        command = [sys.executable, "-m", "tests.harness.preloaded_processes", address]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == b"ready\n"
                yield Nursery(address)
            finally:
                process.kill()


def main(address: str) -> None:
    """Import the program, then fork a process for each connection until killed."""
    importlib.import_module("bot.app")  # this is what takes so long
    importlib.import_module("bot.command_line.check")

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while listener in select.select([listener, sys.stdin], [], [])[0]:  # whoever started us may be gone
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _keep(connection)
        connection.close()


def _keep(connection: socket.socket) -> None:
    """Start one process, say its id, wait for it, say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, files, _, _ = socket.recv_fds(connection, LARGEST_REQUEST, 1)
    request: dict[str, Any] = json.loads(data)
    child = os.fork()
    if child == 0:
        connection.close()
        _become(request, files[0])
    os.close(files[0])
    try:
        connection.sendall(f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        connection.sendall(f"{status}\n".encode())
    finally:
        os._exit(0)


def _become(request: dict[str, Any], output: int) -> None:
    """Turn this process into `python -m bot …`."""
    status = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        random.seed()
        sys.stdout = os.fdopen(1, "w", buffering=1)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        sys.argv = ["bot", *request["arguments"]]
        runpy.run_module("bot", run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001  # whatever it is, the scene's log shows it
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1])
