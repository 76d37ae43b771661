"""The engine's own process: loads the model and serves it on loopback until its standard input closes.

Started as a script by engine.py, with one line of JSON (`EngineOptions`) on standard input; answers with one line of
JSON after MARK. It is a process because xllamacpp holds Python's global lock while it loads, which would freeze the bot
for seconds or minutes, and because a model that does not fit into memory ends its process.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from xllamacpp import CommonParams

MARK = "\x1eaura-engine "
"""Starts the lines that are meant for the bot, among what the engine prints."""
BATCH = 64
"""Tokens of a prompt that are read in one go; in between others write on, and a question can be given up."""
_NICE = 2
_SPIN = "500"
"""Rounds that an idle OpenMP thread spins. With libgomp's own figure a busy machine makes answers ten times slower."""
_SHORTEST_REUSE = 64
_SAME_START = 0.001
_PR_SET_PDEATHSIG = 1


class EngineOptions(TypedDict):
    """Options of the engine, sent as one line of JSON."""

    parent: int
    """Process id of the bot."""
    model: str
    slots: int
    context_tokens: int
    """Tokens for each slot."""
    threads: int
    cache_mib: int
    """Memory for the state of conversations that have no slot just now."""
    key: str
    """API key of the engine, so that nobody else on the machine uses it."""


def main() -> int:
    """Serve until the bot closes standard input or dies."""
    _yield_to_the_bot()
    line = sys.stdin.readline()
    if not line:
        return 1  # the bot has died before it said what to serve
    options: EngineOptions = json.loads(line)
    if os.getppid() != options["parent"]:
        return 1  # it died before its death would have been noticed
    try:
        from xllamacpp import Server  # noqa: PLC0415  # a missing library is reported like every other failure
    except ImportError as error:
        _say(failed=_import_reason(error))
        return 1
    try:
        server = Server(_parameters(options))
    except Exception as error:  # noqa: BLE001  # whatever it is, the bot has to hear of it
        _say(failed=str(error))
        return 1
    try:
        _say(url=server.listening_address)
        sys.stdin.read()
    finally:
        os._exit(0)  # the engine's threads keep nothing that has to be saved, and would keep the process


def _parameters(options: EngineOptions) -> CommonParams:
    from xllamacpp import CommonParams  # noqa: PLC0415  # as above

    parameters = CommonParams()
    parameters.model.path = options["model"]
    parameters.hostnames, parameters.port, parameters.api_keys = ["127.0.0.1"], 0, [options["key"]]
    parameters.n_parallel = options["slots"]
    parameters.n_ctx = options["slots"] * options["context_tokens"]
    parameters.n_threads_http = options["slots"] + 4
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = options["threads"]
    parameters.n_batch = parameters.n_ubatch = BATCH
    # A history whose oldest message has fallen out of the window is moved, not read again.
    parameters.n_cache_reuse, parameters.slot_prompt_similarity = _SHORTEST_REUSE, _SAME_START
    parameters.cache_ram_mib = options["cache_mib"]
    parameters.fit_params = False
    parameters.prefill_assistant = True  # an answer that has the last word is gone on with
    parameters.enable_reasoning = 0
    parameters.ui = False
    parameters.verbosity = 1
    return parameters


def _yield_to_the_bot() -> None:
    """Ignore signals, lower the priority, and die with the bot, even while the model loads."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    os.environ.setdefault("GOMP_SPINCOUNT", _SPIN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _import_reason(error: ImportError) -> str:
    if "libgomp" in str(error):
        return "the system library libgomp1 is missing: apt-get install libgomp1"
    return f"the engine xllamacpp cannot be used ({error}): `make install` in a clone, else install the program again"


def _say(**message: str) -> None:
    # The engine's logger may have left a line unfinished.
    os.write(1, f"\n{MARK}{json.dumps(message)}\n".encode())


if __name__ == "__main__":
    sys.exit(main())
