"""The command line: `python -m bot [run | playground | model | check]`."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app, check
from bot.errors import Problem
from bot.settings import read_settings

COMMANDS = {
    "run": (app.run, "run the bot: on Telegram with BOT_TOKEN, else in the playground"),
    "playground": (app.run_in_playground, "run the bot in the playground, whatever BOT_TOKEN says"),
    "model": (app.serve_model, "serve the embedded model alone (openchat's /api/chat)"),
    "check": (check.run, "say of each part whether it works with these settings"),
}


def main() -> int:
    """Run one command. Returns the exit status: 0, or 1 with one clear line of what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, (_, explanation) in COMMANDS.items():
        commands.add_parser(name, help=explanation)
    command = parser.parse_args().command or "run"
    try:
        return asyncio.run(COMMANDS[command][0](read_settings()))
    except Problem as problem:
        print(problem, file=sys.stderr)  # noqa: T201  # the command line's own word
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
