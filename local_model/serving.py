"""Serve the local model alone, and print how to ask it."""

from __future__ import annotations

import asyncio
import sys

from local_model.server import LocalModel

EXAMPLE = """\
{name} answers at {url}/api/chat

  curl -N {url}/api/chat -H 'Content-Type: application/json' \\
    -d '{{"model": {{"id": "openchat_3.6"}}, "messages": [{{"role": "user", "content": "Hello"}}]}}'

"""


async def serve(model: LocalModel, stop: asyncio.Event, *, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve until `stop` is set, and say where and how to ask. Raises OSError where it cannot listen there."""
    try:
        url = await model.start(host, port)
        sys.stdout.write(EXAMPLE.format(name=model.name, url=url))
        sys.stdout.flush()
        await stop.wait()
    finally:
        await model.stop()
