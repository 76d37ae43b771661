"""Build and run the Dockerfile with Docker's own engine."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "aura-telegram:test"
BASE = "debian:12-slim"


def missing() -> str:
    """Say what this machine lacks; empty: nothing."""
    if shutil.which("docker") is None:
        return "there is no docker"
    running = subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    if not running:
        return "docker's engine does not run"
    pulled = subprocess.run(["docker", "pull", "--quiet", BASE], capture_output=True, check=False).returncode == 0
    return "" if pulled else f"docker cannot fetch {BASE}"


def build() -> None:
    subprocess.run(["docker", "build", "--tag", IMAGE, str(ROOT)], check=True, stdout=sys.stderr)


class Container:
    """A container on this machine's network, with one folder as /data."""

    def __init__(self, data: Path, environment: Mapping[str, str], log: Path) -> None:
        self._data = data
        self._environment = environment
        self._log = log
        self._id = ""

    def start(self) -> None:
        variables = [f"--env={name}={value}" for name, value in self._environment.items()]
        options = ["--detach", "--init", "--network=host", f"--volume={self._data}:/data", *variables]
        self._id = _output("run", *options, IMAGE)

    def runs(self) -> bool:
        return _output("inspect", "--format={{.State.Running}}", self._id) == "true"

    def healthy(self) -> bool:
        """Run the HEALTHCHECK once."""
        check = ["docker", "exec", self._id, "python", "-m", "bot.healthcheck"]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    def end(self, sign: signal.Signals) -> None:
        """Stop it as an engine does (SIGTERM), or kill it; keep its log; remove it."""
        _output("kill" if sign is signal.SIGKILL else "stop", self._id)
        with self._log.open("ab") as log:
            subprocess.run(["docker", "logs", self._id], check=True, stdout=log, stderr=subprocess.STDOUT)
        _output("rm", self._id)


def _output(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()
