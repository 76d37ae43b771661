"""Locks are installed by several pips, each with a part of the packages, and none is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "requirements"
PIN = re.compile(r"^[A-Za-z0-9._-]+==", re.MULTILINE)
PIP = """
import os, sys
if sys.argv[1:3] == ["-m", "pip"]:
    *arguments, file = sys.argv[3:]
    name = f"{os.environ['SEEN']}/{os.getpid()}"
    open(name, "w").write(" ".join(arguments) + chr(10) + open(file).read())
    sys.exit("broken==1" in open(file).read())
"""


def install(*arguments: str, seen: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with an interpreter whose pip only notes what it was given."""
    stand_in = seen.parent / "python"
    stand_in.write_text(f"#!{sys.executable}\n{PIP}", encoding="utf-8")
    stand_in.chmod(0o755)
    run = f"import runpy, sys; sys.executable = {str(stand_in)!r}; sys.argv = sys.argv[1:];"
    run += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", run, str(FOLDER / "install.py"), *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={"SEEN": str(seen)},
    )


@pytest.fixture
def seen(tmp_path: Path) -> Path:
    folder = tmp_path / "seen"
    folder.mkdir()
    return folder


def test_every_package_of_a_lock_is_given_to_one_pip_with_all_its_hashes(seen: Path) -> None:
    lock = (FOLDER / "run.txt").read_text("utf-8")
    assert install(str(FOLDER / "run.txt:2"), "--", "--quiet", "install", seen=seen).returncode == 0
    given = [file.read_text("utf-8").partition("\n") for file in seen.iterdir()]
    assert [arguments for arguments, _, _ in given] == ["--quiet install --requirement"] * 2
    parts = [part for _, _, part in given]
    assert sorted("".join(parts).splitlines()) == sorted(lock.splitlines())
    counts = sorted(len(PIN.findall(part)) for part in parts)
    assert counts[1] - counts[0] <= 1, "both have as much to do"
    assert all(part[0].isalnum() and part.count("--hash=") > len(PIN.findall(part)) for part in parts)


def test_a_pip_that_fails_fails_the_whole(seen: Path, tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("fine==1 \\\n    --hash=sha256:00\nbroken==1 \\\n    --hash=sha256:00\n", encoding="utf-8")
    assert install(f"{lock}:2", "--", "install", seen=seen).returncode == 1
    assert len(list(seen.iterdir())) == 2, "the other one comes to its end"
