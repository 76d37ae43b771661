"""The command line: `python -m bot [run | playground | model | check | setup]`."""

from __future__ import annotations

import gc

gc.disable()  # what is imported stays: looking through it again and again takes a fifth of the start

import argparse  # noqa: E402  # after the line above, like all that follow
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import uvloop  # noqa: E402

from bot import __version__, app, check, setup  # noqa: E402
from bot.errors import Problem  # noqa: E402
from bot.settings import read_settings  # noqa: E402

COMMANDS = {
    "run": (app.run, "run the bot: on Telegram with BOT_TOKEN, else in the playground"),
    "playground": (app.run_in_playground, "run the bot in the playground, whatever BOT_TOKEN says"),
    "model": (app.serve_model, "serve the embedded model alone (openchat's /api/chat)"),
    "check": (check.run, "try each part with these settings, and say what to do where one does not work"),
}


def main() -> int:
    """Run one command. Returns the exit status: 0, or 1 with one clear line of what is wrong."""
    os.umask(0o077)  # the database holds conversations: what is made here is its owner's alone
    called = Path(sys.argv[0]).name
    prog = "python -m bot" if called == "__main__.py" else called
    parser = argparse.ArgumentParser(prog=prog, description=__doc__, epilog="Without a command: run.")
    parser.add_argument("--version", action="version", version=f"Aura for Telegram {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, (_, explanation) in COMMANDS.items():
        commands.add_parser(name, help=explanation)
    commands.add_parser("setup", help="ask for token, admin and model, try them, and write .env")
    command = parser.parse_args().command or "run"
    gc.freeze()
    gc.enable()
    try:
        if command == "setup":
            return uvloop.run(setup.run())
        return uvloop.run(COMMANDS[command][0](read_settings()))
    except Problem as problem:
        print(problem, file=sys.stderr)  # noqa: T201  # the command line's own word
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
