"""The playground as a program of its own.

`python -m playground --port 0 --strict` prints its address, and the token if it drew one.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from playground.errors import WorldFileError
from playground.server import BotProfile, Playground


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one")
    parser.add_argument("--keep", type=Path, help="a file that holds the world over restarts")
    parser.add_argument("--strict", action="store_true", help="enforce the budgets, with 429 for a breach")
    parser.add_argument("--token", help="the only token that is admitted; without it one is drawn and printed")
    parser.add_argument("--allow-host", action="append", default=[], help="a further name that it may be reached by")
    parser.add_argument("--username", default="aura_bot")
    parser.add_argument("--reads-everything", action="store_true", help="privacy mode off")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> int:
    playground = Playground(
        keep=arguments.keep,
        strict=arguments.strict,
        bot_token=arguments.token,
        allowed_hosts=arguments.allow_host,
        profile=BotProfile(username=arguments.username, can_read_all_group_messages=arguments.reads_everything),
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        address = await playground.start(arguments.host, arguments.port)
    except WorldFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror}\n")
        return 1
    sys.stdout.write(address + "\n")
    if arguments.token is None:
        sys.stdout.write(f"token {playground.token}\n")
    sys.stdout.flush()
    await stop.wait()
    await playground.stop()
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sys.exit(asyncio.run(_serve(_arguments())))
