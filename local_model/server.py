"""The embedded server: openchat-ui's `POST /api/chat` in front of a model that runs on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from aiohttp import hdrs, web

from local_model.chat_request import ChatRequest, fit_to_context, parse_request
from local_model.engine import Engine
from local_model.engine_process import EngineOptions
from local_model.errors import LocalModelError
from local_model.model_file import ModelFile, find_model, human_name
from local_model.sampling import SamplingStyle, completion_request, sampling_style

logger = logging.getLogger(__name__)

DEFAULT_CONTEXT_TOKENS = 8192
PACKAGED_CONTEXT_TOKENS = 2048
"""Tokens: reading more takes the packaged model longer than it makes its answers better."""
MAX_SLOTS = 16
MAX_WAITING_PER_SLOT = 16
"""Questions that may wait for each slot before one is turned away."""
LOAD_TIMEOUT = 600.0
"""Seconds that a question waits for the model."""
WRITE_TIMEOUT = 60.0
"""Seconds that a client may take to read a piece."""
MAX_BODY_BYTES = 4 << 20
MAX_CACHE_MIB = 256
_FEW_CORES = 2


class LocalModel:
    """A model on this machine behind `/api/chat`.

    `model` is a GGUF file, None the packaged SmolLM2; `slots` bounds the answers in progress at once (None: what suits
    the cores; 16 at most); `context_tokens` is what one conversation may take (None: 2048 for the packaged model, else
    8192; never more than the model was trained for); with `seed` the same question gets the same answer.
    """

    def __init__(
        self,
        model: Path | None = None,
        slots: int | None = None,
        context_tokens: int | None = None,
        *,
        seed: int | None = None,
    ) -> None:
        self.packaged = model is None
        self.slots = min(slots or _suitable_slots(packaged=self.packaged), MAX_SLOTS)
        self.context_tokens = context_tokens or (PACKAGED_CONTEXT_TOKENS if self.packaged else DEFAULT_CONTEXT_TOKENS)
        self.name = "SmolLM2-135M-Instruct" if model is None else human_name(model)
        self.url = ""
        self._style: SamplingStyle = sampling_style(packaged=self.packaged)
        self._seed = seed
        self._key = secrets.token_urlsafe(24)
        from local_model.engine_client import EngineClient  # noqa: PLC0415  # httpx, for whoever has no other model

        self._client = EngineClient(self._key)
        self._problem = ""
        self._engine: Engine | None = None
        try:
            self._engine = self._make_engine(find_model(model))
        except LocalModelError as problem:
            self._problem = str(problem)
        self._free = asyncio.Semaphore(self.slots)
        self._waiting = 0
        self._runner = self._make_runner()

    @property
    def problem(self) -> str:
        """The reason why no question can ever be answered; empty where the model file is there."""
        return self._problem

    @property
    def ready(self) -> bool:
        """True once the model has been loaded."""
        return self._engine is not None and self._engine.ready

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen at once, and load the model meanwhile. Returns the base URL; raises OSError where it cannot listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{'127.0.0.1' if host in {'', '0.0.0.0'} else host}:{self._runner.addresses[0][1]}"  # noqa: S104  # compared, not listened on
        if self._engine is not None:
            self._engine.launch()
        else:
            logger.error("No local model: %s", self._problem)
        return self.url

    async def stop(self) -> None:
        """End everything at once, answers in progress included."""
        if self._engine is not None:
            await self._engine.stop()
        await self._runner.cleanup()
        await self._client.aclose()

    def _make_engine(self, file: ModelFile) -> Engine:
        self.context_tokens = min(self.context_tokens, file.trained_context or self.context_tokens)
        cores = _cores()
        options = EngineOptions(
            parent=os.getpid(),
            model=str(file.path.absolute()),
            slots=self.slots,
            context_tokens=self.context_tokens,
            # One core stays with the bot; where there are two at the most, the engine's low priority has to do.
            threads=cores if cores <= _FEW_CORES else cores - 1,
            cache_mib=0 if self._seed is not None else MAX_CACHE_MIB,
            key=self._key,
        )
        return Engine(options, self.name, file.size)

    def _make_runner(self) -> web.AppRunner:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_route("*", "/api/chat", self._chat)
        app.router.add_get("/healthz", self._health)
        app.on_response_prepare.append(_without_content_type)
        # A handler ends when its client goes away, and the generation with it.
        return web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)

    async def _health(self, _request: web.Request) -> web.Response:
        if self.ready:
            return web.Response(text="ready")
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=self._problem or "loading")

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = parse_request(await _body(request))
            async with self._slot():
                return await self._answer(request, asked)
        except LocalModelError as problem:
            logger.warning("No answer: %s", problem)
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, reason=problem.reason, text="Error")

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[None]:
        """One of the places for answers in progress; whoever came first gets it first."""
        if self._free.locked() and self._waiting >= self.slots * MAX_WAITING_PER_SLOT:
            raise LocalModelError(f"busy: {self._waiting} questions are waiting, try again later")
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()

    async def _answer(self, request: web.Request, asked: ChatRequest) -> web.StreamResponse:
        """Pass the answer on as it is written. Raises LocalModelError where the engine refuses the question."""
        engine = await self._engine_url()
        model_input = await fit_to_context(
            asked,
            system=self._style.system_prompt,
            context=self.context_tokens,
            count=lambda text: self._client.count_tokens(engine, text),
        )
        wanted = completion_request(model_input, self._style, temperature=asked.temperature, seed=self._seed)
        async with self._client.answer(engine, wanted) as pieces:
            response = web.StreamResponse()
            await response.prepare(request)
            try:
                async for piece in pieces:
                    async with asyncio.timeout(WRITE_TIMEOUT):
                        await response.write(piece.encode())
            except (LocalModelError, OSError) as error:
                logger.warning("An answer was broken off: %s", error)
                # A chunked answer that ends properly would pass for a whole one.
                if request.transport is not None:
                    request.transport.abort()
            return response

    async def _engine_url(self) -> str:
        if self._engine is None:
            raise LocalModelError(self._problem)
        return await self._engine.url(LOAD_TIMEOUT)


async def _without_content_type(_request: web.Request, response: web.StreamResponse) -> None:
    """A stream says nothing of its type, as openchat-ui's does not; aiohttp would make one up."""
    if not isinstance(response, web.Response):
        del response.headers[hdrs.CONTENT_TYPE]


async def _body(request: web.Request) -> bytes:
    if request.method != "POST":
        raise LocalModelError("bad request: only POST")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise LocalModelError("bad request: the request is too large") from None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _suitable_slots(*, packaged: bool) -> int:
    """Two answers side by side always; the packaged model takes little enough memory for more where there are cores."""
    return min(max(_cores(), 2), 4) if packaged else 2
