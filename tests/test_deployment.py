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


YAML_FILES = [ROOT / "compose.yaml", ROOT / "deploy" / "alerts.yaml", *(ROOT / ".github" / "workflows").glob("*.yml")]


@pytest.mark.parametrize("file", YAML_FILES, ids=lambda file: file.name)
def test_no_plain_value_of_a_yaml_file_has_what_ends_it(file: Path) -> None:
    """`: ` in a value without quotes makes the whole file unreadable, ` #` cuts the value off."""
    block, wrong = 0, []
    for line in file.read_text(encoding="utf-8").splitlines():
        depth = len(line) - len(line.lstrip())
        if block and (depth >= block or not line.strip()):
            continue  # inside a value of several lines everything is text
        block = 0
        found = re.match(r"(\s*(?:- )?)[\w$.-]+:\s+(.+)$", line)
        if found is None:
            continue
        value = re.sub(r"\s+#.*$", "", found[2])
        if re.fullmatch(r"[|>][+-]?", value):
            block = len(found[1]) + 1
        elif value[0] not in "\"'{[&*" and ": " in value:
            wrong.append(line)
    assert wrong == []


def named(compose: str, section: str) -> set[str]:
    """The names that a section at the end of compose.yaml declares."""
    body = re.search(rf"^{section}:\n((?:  .*\n?|\n)+)", compose, re.MULTILINE)
    assert body is not None
    return set(re.findall(r"^  ([\w-]+):", body[1], re.MULTILINE))


def test_the_compose_file_uses_only_what_it_declares_and_what_is_there() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    services = named(compose, "services")
    listed = [name for line in re.findall(r"volumes: \[(.+)\]", compose) for name in re.findall(r'"([^"]+)"', line)]
    volumes = {source for source in (one.partition(":")[0] for one in listed) if not source.startswith(".")}
    assert volumes == named(compose, "volumes"), "no volume is missing, none is left over"
    assert [one for one in listed if one.startswith(".") and not (ROOT / one.partition(":")[0]).exists()] == []
    secrets = {name for line in re.findall(r"secrets: \[(.+)\]", compose) for name in line.split(", ")}
    assert secrets == named(compose, "secrets")
    mounted = set(re.findall(r"/run/secrets/(\w+)", compose))
    assert mounted <= secrets
    waited_for = {name for line in re.findall(r"depends_on: \[(.+)\]", compose) for name in line.split(", ")}
    assert waited_for <= services


def test_the_proxy_of_the_replicas_asks_each_at_its_port() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    caddy = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    replicas = {name for name in named(compose, "services") if name.startswith("replica-")}
    port = re.search(r"LISTEN: 0\.0\.0\.0:(\d+)", compose)
    assert port is not None
    assert set(re.findall(r"(replica-\d+):(\d+)", caddy)) == {(name, port[1]) for name in replicas}
    assert "health_uri /readyz" in caddy
    assert set(re.findall(r"\{\$(\w+)\}", caddy)) <= set(re.findall(r"^      (\w+): ", compose, re.MULTILINE))


def test_workflows_call_targets_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    files = [*(ROOT / ".github" / "workflows").glob("*.yml"), ROOT / ".ci" / "run"]
    called = {name for file in files for name in re.findall(r"\bmake ([a-z-]+)$", file.read_text(), re.MULTILINE)}
    assert called
    assert called <= targets
