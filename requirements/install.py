"""Installs locks by several pips beside each other: while one waits for the network, another unpacks and compiles.

A lock is a complete closure that is installed as it stands, so its parts need to know nothing of one another.
Usage: `python requirements/install.py LOCK[:PARTS] … -- PIP ARGUMENTS`. Ends with the status of a pip that fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path


def parts(lock: str, count: int) -> list[str]:
    """Deal the entries of a lock out; an entry is a pin with its hashes, on lines that are indented."""
    entries: list[str] = []
    for line in lock.splitlines(keepends=True):
        if line[0].isspace():
            entries[-1] += line
        else:
            entries.append(line)
    return ["".join(entries[first::count]) for first in range(count)]


def main(arguments: list[str]) -> int:
    """Install, and wait for the last one."""
    divider = arguments.index("--")
    pip = [sys.executable, "-m", "pip", *arguments[divider + 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for named in arguments[:divider]:
            name, _, count = named.partition(":")
            for part in parts(Path(name).read_text("utf-8"), int(count or 1)):
                file = Path(folder, f"{len(running)}.txt")
                file.write_text(part, "utf-8")
                running.append(subprocess.Popen([*pip, "--requirement", str(file)]))  # noqa: S603  # what it is for
        statuses = [process.wait() for process in running]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
