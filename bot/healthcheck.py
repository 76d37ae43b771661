"""`python -m bot.healthcheck`: asks the running program's `/readyz`, for a container's HEALTHCHECK or a timer.

Imports the standard library alone, because it is started every half minute.
"""

from __future__ import annotations

import http.client
import os
import sys

READY_TIMEOUT = 12.0
"""Seconds; `/readyz` asks Telegram and the database, and gives each of them a few."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # addresses to ask instead, none is bound here


def main() -> int:
    """Print what `/readyz` says. Returns 0 where everything is ready, else 1."""
    host, _, port = os.environ.get("LISTEN", "").strip().rpartition(":")
    host = host.strip("[]")
    if not port.isdigit():
        return _say("LISTEN is not set, so there is nothing to ask", 1)
    connection = http.client.HTTPConnection(EVERYWHERE.get(host, host), int(port), timeout=READY_TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return _say(answer.read(4096).decode(errors="replace"), 0 if answer.status == http.client.OK else 1)
    except (OSError, http.client.HTTPException) as error:
        return _say(f"/readyz does not answer: {error}", 1)
    finally:
        connection.close()


def _say(words: str, status: int) -> int:
    print(words)  # noqa: T201  # the container engine keeps it beside the state
    return status


if __name__ == "__main__":
    sys.exit(main())
