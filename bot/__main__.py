"""The command line: `python -m bot [run | playground | model | check | setup]`."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from bot import __version__
from bot.errors import Problem
from bot.settings import read_settings
from bot.telegram.lazy_models import import_aiogram

Run = Callable[[], Coroutine[Any, Any, int]]

COMMANDS = {
    "run": "run the bot: on Telegram with BOT_TOKEN, else in the playground",
    "playground": "run the bot in the playground, whatever BOT_TOKEN says",
    "model": "serve the embedded model alone (openchat's /api/chat)",
    "check": "try each part with these settings, and say what to do where one does not work",
    "setup": "ask for token, admin and model, try them, and write .env",
}


def main() -> int:
    """Run one command. Returns the exit status: 0, or 1 with one clear line of what is wrong."""
    os.umask(0o077)  # the database holds conversations: what is made here is its owner's alone
    called = Path(sys.argv[0]).name
    prog = "python -m bot" if called == "__main__.py" else called
    parser = argparse.ArgumentParser(prog=prog, description=__doc__, epilog="Without a command: run.")
    parser.add_argument("--version", action="version", version=f"Aura for Telegram {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, explanation in COMMANDS.items():
        commands.add_parser(name, help=explanation)
    command = parser.parse_args().command or "run"
    try:
        return uvloop.run(_load(command)())
    except Problem as problem:
        print(problem, file=sys.stderr)  # noqa: T201  # the command line's own word
        return 1
    except KeyboardInterrupt:
        return 130


def _load(command: str) -> Run:
    """Import what runs a command. What is imported stays, so no garbage is looked for in it meanwhile or later."""
    gc.disable()
    import_aiogram()
    from bot import app, check, setup  # noqa: PLC0415  # after the line above

    gc.freeze()
    gc.enable()
    if command == "setup":
        return setup.run
    runs = {"run": app.run, "playground": app.run_in_playground, "model": app.serve_model, "check": check.run}
    return partial(runs[command], read_settings())


if __name__ == "__main__":
    sys.exit(main())
