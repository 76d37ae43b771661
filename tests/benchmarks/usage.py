"""A table of usage beside what two servers counted: 200 answers, with the program killed again and again.

The servers are scripted, speak OpenAI's protocol and count every token that they read and write. The program is a
process of its own on a local Telegram.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.benchmarks.report import say
from tests.harness.program_process import TOKEN
from tests.harness.scene import Scene, running_telegram
from tests.harness.scripted_generator import Generator
from tests.harness.telegram_people import ANNA, is_being_written

ANSWERS = 200
PEOPLE = 4
ANSWERS_BETWEEN_KILLS = 9
REFUSED_SHARE = 0.05
"""The share of requests that a server refuses before it counts anything; the program asks again."""
CHUNK_DELAY = 0.01
"""Seconds between two tokens."""
PATIENCE = 120.0
NO_LIMITS = {"QUESTIONS_WAITING": "200", "CHAT_QUESTIONS_WAITING": "200"}
"""On a busy machine questions pile up; one that is refused has no tokens to compare."""

Counted = tuple[int, int]
"""Tokens read and written."""


@dataclass
class CountingServer:
    """An endpoint that counts what it does, whether or not anybody reads it to the end."""

    chance: random.Random
    url: str = ""
    whole: list[Counted] = field(default_factory=list)
    """Answers whose usage was sent."""
    cut: list[Counted] = field(default_factory=list)
    """Answers whose reader went away before."""
    refused: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Write a few tokens, then say how many there were."""
        body = await request.json()
        if self.chance.random() < REFUSED_SHARE:
            self.refused += 1
            return web.json_response({"error": {"message": "busy"}}, status=503)
        read = sum(len(str(message["content"]).split()) + 4 for message in body["messages"])
        length, written = self.chance.randint(3, 60), 0
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            for number in range(length):
                delta = {"choices": [{"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": None}]}
                await response.write(_event(delta))
                written += 1
                await asyncio.sleep(CHUNK_DELAY)
            await response.write(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
            usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
            await response.write(_event({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError):
            self.cut.append((read, written))
            raise
        self.whole.append((read, written))
        return response


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


@asynccontextmanager
async def counting_server(seed: int) -> AsyncIterator[CountingServer]:
    """Serve on a free port."""
    server = CountingServer(random.Random(seed))  # the same answers each time
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()


@dataclass(frozen=True)
class Stored:
    """A row of the program's own table."""

    model: str
    tokens: Counted
    estimated: bool
    cut: int


def stored(folder: Path) -> list[Stored]:
    """Read what the program has stored so far."""
    query = "SELECT model, input_tokens, output_tokens, estimated, cut FROM token_usage ORDER BY id"
    with closing(sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True)) as database:
        rows = database.execute(query).fetchall()
    return [Stored(model, (read, written), bool(estimated), cut) for model, read, written, estimated, cut in rows]


async def main() -> int:
    """Play it, print the table. Status 1: something does not agree."""
    with tempfile.TemporaryDirectory() as folder:
        async with counting_server(1) as one, counting_server(2) as two, running_telegram() as telegram:
            scene = Scene(Path(folder), telegram, Generator("http://127.0.0.1:1"))
            kills = await _play(scene, one, two)
            await asyncio.sleep(1)  # for the servers to notice the last reader's end
            return _report(stored(scene.folder), {"One": one, "Two": two}, kills)


async def _play(scene: Scene, one: CountingServer, two: CountingServer) -> int:
    """Let people ask until all answers stand there. Gives the number of kills."""
    file = scene.folder / "models.toml"
    file.write_text(
        f'[one]\nname = "One"\naddress = "{one.url}"\nmodel = "m"\nfallback = "two"\n'
        f'[two]\nname = "Two"\naddress = "{two.url}"\nmodel = "m"\nfallback = "one"\n',
        encoding="utf-8",
    )
    people = [ANNA]
    for number in range(1, PEOPLE):
        person = await scene.telegram.post("people", first_name=f"P{number}", username=f"usage_{number}")
        people.append(person["id"])
    chance, kills, asked = random.Random(3), 0, 0  # the same every time
    while asked < ANSWERS:
        async with scene.program(BOT_TOKEN=TOKEN, MODELS_FILE=str(file), **NO_LIMITS) as program:
            if not asked:
                await scene.telegram.send("/model two", by=people[-1])
            batch = min(ANSWERS_BETWEEN_KILLS, ANSWERS - asked)
            for number in range(asked, asked + batch):
                await scene.telegram.send(
                    f"Question {number} " + "of words " * chance.randint(0, 9), by=people[number % PEOPLE]
                )
                await asyncio.sleep(chance.uniform(0.05, 0.5))
            asked += batch
            if asked < ANSWERS:
                await asyncio.sleep(chance.uniform(0.0, 0.4))
                await program.kill()
                kills += 1
            else:
                await _until_all_stand(scene, people)
    return kills


async def _until_all_stand(scene: Scene, people: list[int]) -> None:
    def standing() -> bool:
        answers = [m for person in people for m in scene.telegram.said(person) if m.get("reply_markup")]
        return len(answers) >= ANSWERS and not any(is_being_written(one) for one in answers)

    await scene.telegram.until(standing, seconds=PATIENCE)


def _report(rows: list[Stored], servers: dict[str, CountingServer], kills: int) -> int:
    """Print the table of both views, and tell what does not agree."""
    say(f"{ANSWERS} answers, {kills} kills, {sum(one.refused for one in servers.values())} requests refused.\n")
    say("| model | answers | tokens stored | the server's for them | its other requests | tokens of those |")
    say("|---|---|---|---|---|---|")
    wrong, apart = [], 0
    for name, server in servers.items():
        own = Counter(row.tokens for row in rows if row.model == name and not row.estimated)
        sent = Counter(server.whole)
        if unknown := own - sent:
            wrong.append(f"{name}: the server knows nothing of {dict(unknown)}")
        others = list((sent - own).elements()) + server.cut
        apart += len(others)
        agreed = own & sent
        say(
            f"| {name} | {own.total()} | {_sum(own)} | {_sum(agreed)} | {len(others)} "
            f"| {sum(read + written for read, written in others)} |"
        )
    cut = sum(row.cut for row in rows)
    say(f"\nOther requests: {apart}, whose figures never came or came too late; the table counts {cut} attempts cut.")
    estimated = sum(row.estimated for row in rows)
    if len(rows) != ANSWERS:
        wrong.append(f"{len(rows)} rows instead of {ANSWERS}")
    if estimated:
        wrong.append(f"{estimated} rows are estimated")
    if cut < apart:
        wrong.append(f"{apart} requests were cut, and only {cut} are counted")
    for line in wrong:
        say(f"WRONG: {line}")
    return 1 if wrong else 0


def _sum(counted: Counter[Counted]) -> int:
    return sum((read + written) * times for (read, written), times in counted.items())
