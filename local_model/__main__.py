"""The local model as a program of its own: `python -m local_model` serves openchat's `/api/chat`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from local_model.errors import LocalModelError
from local_model.server import LocalModel
from local_model.serving import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local_model", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--model", type=Path, help="a GGUF file; without it the packaged model")
    parser.add_argument("--slots", type=int, help="answers in progress at once")
    parser.add_argument("--context-tokens", type=int, help="tokens of one conversation")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    model = LocalModel(arguments.model, arguments.slots, arguments.context_tokens)
    if model.problem:
        raise LocalModelError(model.problem)
    await serve(model, stop, host=arguments.host, port=arguments.port)


def main() -> int:
    """Serve until a signal comes. Returns the exit status: 0, or 1 with one line of what is wrong."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        asyncio.run(_serve(arguments))
    except LocalModelError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
