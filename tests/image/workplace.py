"""A folder for one build: in memory where there is plenty, for a package manager syncs each file, and time for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MIN_MEMORY = 6 * 2**30
"""Bytes of free memory from which on the folder is in it."""
MEMORY_SIZE = "4g"
"""The most that the folder takes of it; a build takes about 1 GB."""
MIN_DISK = 4 * 2**30
"""Bytes that a folder on the disk has to have; without overlays each layer is a whole copy."""


class CannotBuild(Exception):
    """Nothing can be built on this machine, for a reason that says nothing about the image."""


class TimeLimit:
    """Seconds for everything that is done until an image is there."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    def run(
        self,
        command: Sequence[str],
        *,
        stdout: int | IO[Any] | None = None,
        environment: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command, and end all of it when the time is over. Raises CannotBuild then."""
        process = subprocess.Popen(command, stdout=stdout, env=environment, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=max(self._ends - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise CannotBuild(f"this machine did not build it within {self.seconds:.0f} s") from None
        return subprocess.CompletedProcess(command, process.returncode, output)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that is removed afterwards; IMAGE_FOLDER names one that stays, with the base that was made in it."""
    if kept := os.environ.get("IMAGE_FOLDER"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    folder = Path(tempfile.mkdtemp(prefix="aura-image-"))
    try:
        _in_memory(folder)
        yield folder
    finally:
        while subprocess.run(["umount", "-R", "-l", str(folder)], capture_output=True, check=False).returncode == 0:
            pass  # each mount that was put over it
        shutil.rmtree(folder, ignore_errors=True)


def check_space(folder: Path) -> None:
    """Raise CannotBuild where a build would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < MIN_DISK * 0.9:
        raise CannotBuild(f"{folder} has only {free // 2**20} MB left")


def _in_memory(folder: Path) -> None:
    if os.geteuid() != 0 or _free_memory() < MIN_MEMORY:
        return
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEMORY_SIZE},mode=755", "aura-image", str(folder)]
    subprocess.run(mount, capture_output=True, check=False)  # else it stays on the disk


def _free_memory() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), 0)
