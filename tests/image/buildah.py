"""Build and run the Dockerfile without an engine: buildah, on a Debian of debootstrap's own, as root."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
USER = 10001
BASE = "localhost/base:12"
IMAGE = "localhost/aura-telegram"


def missing() -> str:
    """Say what this machine lacks; empty: nothing."""
    if os.geteuid() != 0:
        return "buildah needs root here"
    absent = [tool for tool in ("buildah", "debootstrap") if shutil.which(tool) is None]
    return f"apt-get install {' '.join(absent)}" if absent else ""


class NoBase(Exception):
    """No Debian could be fetched: that says nothing about the image."""


class Container:
    """The image's own command, as its own user, on this machine's network, with one folder as /data."""

    def __init__(self, buildah: Buildah, data: Path, environment: Mapping[str, str], log: Path) -> None:
        self._buildah = buildah
        self._data = data
        self._environment = environment
        self._log = log
        self._name = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make a new container, as an engine does, and start what the image says."""
        self._name = self._buildah.output("from", "--pull-never", IMAGE)
        self._buildah.run("config", "--volume=/data-", self._name)  # its own volume would cover the folder that we give
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("python", "-m", "bot", "run"),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def healthy(self) -> bool:
        """Run the HEALTHCHECK once; one that takes too long on a busy machine says no."""
        try:
            done = subprocess.run(
                self._command("python", "-m", "bot.healthcheck"), capture_output=True, check=False, timeout=30
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def end(self, sign: signal.Signals) -> None:
        """Send a signal to the program alone, or kill all of it; wait until it is gone; remove the container."""
        assert self._process is not None
        descendants = _descendants(self._process.pid)
        for pid, command in descendants:
            if sign is signal.SIGKILL or "-m bot run" in command:
                _send(pid, sign)
        self._process.wait(timeout=60)
        self._buildah.run("rm", self._name)

    def _command(self, *command: str) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in self._environment.items()]
        volume = f"--volume={self._data}:/data"
        return self._buildah.command("run", "--isolation=chroot", volume, *variables, self._name, "--", *command)


class Buildah:
    """buildah with a store of its own, so that nothing is left in the machine's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def command(self, *arguments: str) -> list[str]:
        store, run = self._folder / "store", self._folder / "run"
        return ["buildah", "--storage-driver=vfs", f"--root={store}", f"--runroot={run}", *arguments]

    def run(self, *arguments: str) -> None:
        subprocess.run(self.command(*arguments), check=True, stdout=sys.stderr)

    def output(self, *arguments: str) -> str:
        return subprocess.run(self.command(*arguments), check=True, stdout=subprocess.PIPE).stdout.decode().strip()

    def build(self) -> None:
        """Build the image from the Dockerfile as it is. Raises NoBase."""
        if BASE not in self.output("images", "--format={{.Name}}:{{.Tag}}").splitlines():
            self._make_base()
        mounts = [f"--volume={source}:{target}:ro" for source, target in self._pip_mounts().items()]
        arguments = ["--isolation=chroot", "--format=docker", f"--build-arg=BASE={BASE}", *mounts, f"--tag={IMAGE}"]
        self.run("bud", *arguments, str(ROOT))

    def _make_base(self) -> None:
        """A Debian in the place of debian:12-slim."""
        debian = self._folder / "debian"
        if not debian.exists():
            made = debian.with_name("debian.part")
            command = ["debootstrap", "--variant=minbase", "bookworm", str(made)]
            for _ in range(2):
                shutil.rmtree(made, ignore_errors=True)
                done = subprocess.run(command, check=False, stdout=sys.stderr)
                if done.returncode == 0:
                    break
            else:
                raise NoBase("debootstrap has failed twice")
            made.rename(debian)
        container = self.output("from", "scratch")
        mounted = self.output("mount", container)
        subprocess.run(["cp", "-a", f"{debian}/.", mounted], check=True)
        self.run("umount", container)
        self.run("commit", "--quiet", container, BASE)
        self.run("rm", container)

    def _pip_mounts(self) -> dict[Path, str]:
        """This machine's way to its package index: its certificate, and pip's settings with the folders they name."""
        settings = dict(
            line.split("=", 1)
            for line in subprocess.run(
                [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
            ).stdout.splitlines()
            if "=" in line
        )
        given = {name.rpartition(".")[2]: value.strip("'") for name, value in settings.items()}
        parser = configparser.RawConfigParser()
        parser["global"] = {
            name: given[name] for name in ("index-url", "extra-index-url", "find-links") if name in given
        }
        mounts: dict[Path, str] = {}
        if CERTIFICATES.exists():
            parser["global"]["cert"] = "/run/ca.crt"
            mounts[CERTIFICATES] = "/run/ca.crt"
        for place in " ".join(parser["global"].values()).split():
            folder = Path(
                place.removeprefix("file://").removesuffix("/simple")
            )  # an index's files lie beside its pages
            if folder.is_absolute() and folder.is_dir():
                mounts[folder] = str(folder)
        file = self._folder / "pip.conf"
        with file.open("w", encoding="utf-8") as written:
            parser.write(written)
        mounts[file] = "/etc/pip.conf"
        return mounts


def _descendants(pid: int) -> list[tuple[int, str]]:
    """Every process below one, youngest last, with its command line."""
    found: list[tuple[int, str]] = []
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], check=True, capture_output=True, text=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    parents = {pid}
    while below := [(int(row[0]), row[2]) for row in rows if int(row[1]) in parents]:
        found += below
        parents = {one for one, _ in below}
    return found


def _send(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
