"""The command line: `python -m bot [run | playground | model | check | setup | backup | restore | move]`."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from bot import __version__
from bot.errors import Problem
from bot.settings import read_settings
from bot.telegram.lazy_models import import_aiogram

Run = Callable[[], Coroutine[Any, Any, int]]

DESCRIPTION = "Aura for Telegram: an AI chat bot that writes its answers live."
COMMANDS = {
    "run": "run the bot: on Telegram with BOT_TOKEN, else in the playground",
    "playground": "run the bot in the playground, whatever BOT_TOKEN says",
    "model": "serve the embedded model alone (openchat's /api/chat)",
    "check": "try each part with these settings, and say what to do where one does not work",
    "setup": "ask for token, admin and model, try them, and write .env",
    "backup": "copy the database into a new file, while the bot runs or not",
    "restore": "put a backup into the place of the database of a stopped bot",
    "move": "copy the database of a stopped bot into an empty one (SQLite, PostgreSQL)",
}
OPERANDS = {"backup": "FILE", "restore": "FILE", "move": "URL"}
"""Names of what some commands want to be told."""
MAX_PORT = 65_535


def main() -> int:
    """Run one command. Returns the exit status: 0, or 1 with one clear line of what is wrong."""
    os.umask(0o077)  # the database holds conversations: what is made here is its owner's alone
    called = Path(sys.argv[0]).name
    prog = "python -m bot" if called == "__main__.py" else called
    parser = argparse.ArgumentParser(prog=prog, description=DESCRIPTION, epilog="Without a command: run.")
    parser.add_argument("--version", action="version", version=f"Aura for Telegram {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, explanation in COMMANDS.items():
        command_parser = commands.add_parser(name, help=explanation)
        if name in OPERANDS:
            command_parser.add_argument("operand", metavar=OPERANDS[name])
        if name == "model":
            command_parser.add_argument("--port", type=_port, default=0, help="0: any free one")
    given = parser.parse_args()
    command = given.command or "run"
    try:
        return uvloop.run(_load(command, _operands(command, given))())
    except Problem as problem:
        print(problem, file=sys.stderr)  # noqa: T201  # the command line's own word
        return 1
    except KeyboardInterrupt:
        return 130


def _operands(command: str, given: argparse.Namespace) -> list[Any]:
    """Give what a command is told beside the settings."""
    if command == "model":
        return [given.port]
    return [given.operand] if command in OPERANDS else []


def _port(text: str) -> int:
    """Read the number of a port. Raises argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"write a number from 0 to {MAX_PORT}")
    return int(text)


def _load(command: str, operands: Sequence[Any]) -> Run:
    """Import what runs a command. What is imported stays, so no garbage is looked for in it meanwhile or later."""
    gc.disable()
    import_aiogram()
    run = _import_command(command)
    gc.freeze()
    gc.enable()
    return run if command == "setup" else partial(run, read_settings(), *operands)


def _import_command(command: str) -> Callable[..., Coroutine[Any, Any, int]]:
    """Import what this command needs, and nothing else."""
    if command == "setup":
        from bot.command_line import setup  # noqa: PLC0415  # as said

        return setup.run
    if command == "check":
        from bot.command_line import check  # noqa: PLC0415  # the same

        return check.run
    if command in {"backup", "restore", "move"}:
        from bot.operating import copies  # noqa: PLC0415  # the same

        return {"backup": copies.back_up, "restore": copies.restore, "move": copies.move}[command]
    from bot import app  # noqa: PLC0415  # the same

    return {"run": app.run, "playground": app.run_in_playground, "model": app.serve_model}[command]


if __name__ == "__main__":
    sys.exit(main())
