"""The files that installations start from agree with the program."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
UNIT = ROOT / "deploy" / "aura.service"


def test_the_image_copies_every_folder_of_the_program() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = set(re.findall(r"^COPY (\w+) /app/\1$", dockerfile, re.MULTILINE))
    assert copied == {"bot", "handlers", "local_model", "playground"}
    admitted = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert copied <= admitted
    assert not any(name.startswith((".env", "secrets")) for name in admitted)


def test_the_compose_file_sets_only_settings_that_exist() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    used = set(re.findall(r"^ {2}([A-Z_]+): ", compose, re.MULTILINE))
    assert {name.removesuffix("_FILE").lower() for name in used} <= set(Settings.model_fields)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(
        UNIT.read_text(encoding="utf-8").replace("/srv/aura/.venv/bin/python", "/bin/true"), encoding="utf-8"
    )
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "aura.service" in line]) == (0, [])


@pytest.mark.parametrize("place", ["Makefile", "Dockerfile", ".github/workflows/image.yml"])
def test_whatever_installs_from_the_locks_takes_wheels_with_their_hashes_alone(place: str) -> None:
    said = (ROOT / place).read_text(encoding="utf-8").replace("\\\n", " ")
    installing = [line for line in said.splitlines() if "--require-hashes" in line and "pip-audit" not in line]
    assert installing
    assert all("--only-binary=:all:" in line for line in installing)


def test_known_weaknesses_of_the_locked_packages_are_looked_for() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert re.search(r"pip-audit.* --require-hashes -r requirements/run\.txt", workflow)


def test_the_service_makes_files_for_its_owner_alone() -> None:
    assert re.search(r"^UMask=0077$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_everything_that_the_image_copies_is_there_and_admitted() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    admitted = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    sources = [
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    ]
    assert sources
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert [name for name in sources if not any(name == one or name.startswith(f"{one}/") for one in admitted)] == []
