"""The twelve failures: each is provoked, lasts for the length of a block, and Anna, the administrator, meets it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.failures.evidence import Provoke, Provoking, Standing
from tests.failures.link import link_to
from tests.harness.databases import running_postgresql
from tests.harness.local_proxy import closed_port, reserved_port
from tests.harness.program_process import READY, Program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Slowly
from tests.harness.telegram_people import ANNA, words_of
from tests.harness.wire_server import CERTIFICATE, Exchange, serve, server_tls

EXPIRED = CERTIFICATE.with_name("expired.pem")
SMALL_CONTEXT = 1024
"""Tokens of a server that was started with less than CONTEXT_TOKENS says."""
PATIENCE = 60.0
"""Seconds until a scene that waits has failed: alerts wait for ten, retries for some more."""


@asynccontextmanager
async def wrong_key(scene: Scene) -> Provoking:
    """The server of the model does not know OPENAI_API_KEY."""
    error = {"message": "Incorrect API key provided: sk-prod-0123456789abcdef.", "code": "invalid_api_key"}
    async with _refusing(lambda _: (401, error)) as settings, _running(scene, settings) as standing:
        await _asks(scene, "What is the capital of France?")
        await scene.telegram.reads("(error")
        yield standing


@asynccontextmanager
async def model_down(scene: Scene) -> Provoking:
    """Nobody listens where the model's server should be."""
    with closed_port() as port:
        async with _running(scene, {"AURA_URL": f"http://127.0.0.1:{port}"}) as standing:
            for number, question in enumerate(("What is the capital of France?", "Hello?", "Are you there?"), 1):
                await _asks(scene, question)
                await _failed(scene, number)
            await scene.telegram.reads("I will tell you")
            yield standing


@asynccontextmanager
async def context_too_small(scene: Scene) -> Provoking:
    """The server reads less than CONTEXT_TOKENS says, and refuses a long question."""

    def judge(sent: Any) -> tuple[int, dict[str, str]] | None:
        tokens = sum(len(message["content"]) for message in sent["messages"]) // 4
        said = f"This model's maximum context length is {SMALL_CONTEXT} tokens, but the request has {tokens} tokens."
        return (400, {"message": said, "code": "context_length_exceeded"}) if tokens > SMALL_CONTEXT else None

    async with _refusing(judge) as settings, _running(scene, settings) as standing:
        await _asks(scene, "Please summarise: " + "The quick brown fox jumps over the lazy dog. " * 90)
        await scene.telegram.reads("(error")
        yield standing


@asynccontextmanager
async def disk_full(scene: Scene) -> Provoking:
    """The disk with the database has no room left."""
    with _small_disk(scene.folder) as (folder, fill):
        async with _running(scene, {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/aura.db"}) as standing:
            await _asks(scene, "What is the capital of France?")
            await scene.telegram.reads_answer("You said")
            fill(standing.program)
            await _asks(scene, "And of Italy?")
            await scene.telegram.reads("I will tell you", seconds=PATIENCE)
            yield standing


@asynccontextmanager
async def database_gone(scene: Scene) -> Provoking:
    """PostgreSQL is stopped."""
    with running_postgresql() as server:
        async with _running(scene, {"DATABASE_URL": server.new_database()}) as standing:
            await _asks(scene, "What is the capital of France?")
            await scene.telegram.reads_answer("You said")
            with server.stopped():
                await _asks(scene, "And of Italy?")
                await scene.telegram.reads("I will tell you", seconds=PATIENCE)
                yield standing


@asynccontextmanager
async def telegram_unreachable(scene: Scene) -> Provoking:
    """The way to Telegram breaks."""
    async with link_to(scene.telegram.url) as link, _running(scene, {"TELEGRAM_API_URL": link.url}) as standing:
        await _asks(scene, "What is the capital of France?")
        await scene.telegram.reads_answer("You said")
        await link.cut()
        await _asks(scene, "And of Italy?")
        await standing.program.says("cannot be reached", seconds=PATIENCE)
        yield standing


@asynccontextmanager
async def flood(scene: Scene) -> Provoking:
    """Telegram wants a pause in the middle of an answer."""
    scene.generator.script = script = Slowly("Paris is the capital of France. It lies on the Seine", ", and so on.")
    async with _running(scene) as standing:
        await _asks(scene, "Tell me about the capital of France")
        await scene.telegram.reads("It lies on the Seine")
        await scene.telegram.fault(kind="hold", chat_id=ANNA, retry_after=300)
        script.more.set()
        await standing.program.says("wants a pause", seconds=PATIENCE)
        yield standing


@asynccontextmanager
async def proxy_dead(scene: Scene) -> Provoking:
    """Nobody listens where the proxy to the model should be."""
    with closed_port() as port:
        async with _running(scene, {"PROXY": f"socks5://127.0.0.1:{port}"}) as standing:
            await _asks(scene, "What is the capital of France?")
            await scene.telegram.reads("(error", seconds=PATIENCE)
            yield standing


@asynccontextmanager
async def broken_persona_file(scene: Scene) -> Provoking:
    """A quotation mark is missing in the file of personas."""
    (scene.folder / "personas.toml").write_text('[pirate]\nname = "Pirate\nprompt = "Arr."\n', encoding="utf-8")
    async with _running(scene, {"PERSONAS_FILE": "personas.toml"}, ready="") as standing:
        await _asks(scene, "What is the capital of France?")
        await standing.program.ends(seconds=PATIENCE)
        yield standing


@asynccontextmanager
async def expired_certificate(scene: Scene) -> Provoking:
    """The certificate of the model's server has expired."""

    async def nobody_comes_so_far(exchange: Exchange) -> None:
        await exchange.reply(b"Paris")

    async with serve(nobody_comes_so_far, tls=server_tls(EXPIRED)) as server:
        settings = {"AURA_URL": server.url, "SSL_CERT_FILE": str(EXPIRED)}
        async with _running(scene, settings) as standing:
            await _asks(scene, "What is the capital of France?")
            await scene.telegram.reads("(error", seconds=PATIENCE)
            yield standing


@asynccontextmanager
async def webhook_refused(scene: Scene) -> Provoking:
    """The web server before the bot hands nothing on."""

    async def not_found(exchange: Exchange) -> None:
        await exchange.reply(b"<h1>404 Not Found</h1>", status="404 Not Found")

    with reserved_port() as port:
        async with serve(not_found) as proxy:
            address = f"127.0.0.1:{port}"
            settings = {"WEBHOOK_URL": proxy.url, "WEBHOOK_SECRET": "a-secret-of-the-scene", "LISTEN": address}
            async with _running(scene, settings) as standing:
                await _asks(scene, "What is the capital of France?")
                await scene.telegram.reads("I will tell you", seconds=PATIENCE)
                yield standing


@asynccontextmanager
async def two_instances(scene: Scene) -> Provoking:
    """The bot was moved to another machine, and the old one still runs."""
    other = scene.folder / "other machine"
    other.mkdir()
    async with _running(scene) as standing, Scene(other, scene.telegram, scene.generator, scene.nursery).program():
        await standing.program.says("Another instance", seconds=PATIENCE)
        await _asks(scene, "What is the capital of France?")
        await scene.telegram.reads("I will tell you", seconds=PATIENCE)
        yield standing


FAILURES: dict[str, Provoke] = {
    one.__name__: one
    for one in (
        wrong_key,
        model_down,
        context_too_small,
        disk_full,
        database_gone,
        telegram_unreachable,
        flood,
        proxy_dead,
        broken_persona_file,
        expired_certificate,
        webhook_refused,
        two_instances,
    )
}


@asynccontextmanager
async def _running(
    scene: Scene, settings: dict[str, str] | None = None, *, ready: str = READY
) -> AsyncIterator[Standing]:
    """Run the program as an operator does."""
    whole = {"PROBE_GENERATOR": "true", **(settings or {})}
    async with scene.program(ready=ready, **whole) as program:
        yield Standing(program, whole)


async def _asks(scene: Scene, question: str) -> None:
    await scene.telegram.send(question)


async def _failed(scene: Scene, times: int) -> None:
    await scene.telegram.until(
        lambda: sum("(error" in words_of(message) for message in scene.telegram.said()) == times, seconds=PATIENCE
    )


Judge = Callable[[Any], tuple[int, dict[str, str]] | None]
"""Gives the status and the error with which an endpoint refuses a request. None: it answers."""


@asynccontextmanager
async def _refusing(judge: Judge) -> AsyncIterator[dict[str, str]]:
    """Run an OpenAI-compatible endpoint. Gives the settings that lead to it."""

    async def answer(exchange: Exchange) -> None:
        refusal = judge(exchange.request.json)
        if refusal is not None:
            status, error = refusal
            reason = {400: "Bad Request", 401: "Unauthorized"}[status]
            await exchange.reply(json.dumps({"error": error}).encode(), status=f"{status} {reason}")
            return
        chunk = {"choices": [{"delta": {"content": "Paris."}, "finish_reason": "stop"}]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
        await exchange.reply(body, Content_Type="text/event-stream")

    async with serve(answer) as server:
        yield {
            "GENERATOR": "openai",
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": "sk-prod-0123456789abcdef",
            "OPENAI_MODEL": "gpt-4o-mini",
        }


@contextmanager
def _small_disk(folder: Path) -> Iterator[tuple[Path, Callable[[Program], None]]]:
    """Give a folder on a small disk, and what fills it; where none can be mounted, a limit on files stands for it."""
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield disk, _forbid_writing
        return

    def fill(_program: Program) -> None:
        with (disk / "backup.tar").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                return  # it is full

    try:
        yield disk, fill
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _forbid_writing(program: Program) -> None:
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
