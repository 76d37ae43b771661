"""Client of the engine's OpenAI-compatible HTTP: counts tokens, and streams an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

from local_model.errors import LocalModelError

DONE = "[DONE]"
_TIMEOUTS = httpx.Timeout(connect=5, read=120, write=30, pool=30)
"""Seconds. The engine says something at least every 30 s while it works (SSE comments)."""


class EngineClient:
    """A client of one engine; `key` is what the engine was told to ask for."""

    def __init__(self, key: str) -> None:
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"},
            timeout=_TIMEOUTS,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
            trust_env=False,  # a proxy for the rest of the world
            verify=False,  # noqa: S501  # plain HTTP on loopback: loading certificates takes time for nothing
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def count_tokens(self, engine: str, text: str) -> int:
        """Count as the model itself does (llama.cpp's `/tokenize`). Raises LocalModelError."""
        body = {"content": text, "add_special": False}
        try:
            response = await self._http.post(f"{engine}/tokenize", json=body)
            if not response.is_success:
                raise LocalModelError(_reason(response.content))
            return len(response.json()["tokens"])
        except (httpx.TransportError, ValueError, KeyError) as error:
            raise LocalModelError(f"the engine failed ({type(error).__name__})") from error

    @asynccontextmanager
    async def answer(self, engine: str, request: dict[str, Any]) -> AsyncGenerator[AsyncGenerator[str]]:
        """Ask for an answer; entered when the engine has accepted it, gives its text piece by piece.

        Leaving closes the connection, which ends the generation. Raises LocalModelError, while reading too.
        """
        asking = self._http.stream("POST", f"{engine}/v1/chat/completions", json=request)
        try:
            async with asking as response:
                if not response.is_success:
                    raise LocalModelError(_reason(await response.aread()))
                async with aclosing(_pieces(EventSource(response))) as pieces:
                    yield pieces
        except httpx.TransportError as error:
            raise LocalModelError(f"the engine failed ({type(error).__name__})") from error


async def _pieces(events: EventSource) -> AsyncGenerator[str]:
    try:
        async for event in events.aiter_sse():
            if event.data == DONE:
                return
            if piece := piece_of(event.data):
                yield piece
    except (httpx.TransportError, SSEError) as error:
        raise LocalModelError(f"the engine failed ({type(error).__name__})") from error
    raise LocalModelError("the engine broke off")


def piece_of(data: str) -> str:
    """Take the text out of one event; empty where it carries none. Raises LocalModelError for an error event."""
    try:
        event = json.loads(data)
        if "error" in event:
            raise LocalModelError(_message(event))
        choices = event.get("choices") or [{}]
        return str(choices[0].get("delta", {}).get("content") or "")
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise LocalModelError("the engine sent what makes no sense") from error


def _reason(body: bytes) -> str:
    try:
        return _message(json.loads(body))
    except (ValueError, TypeError, LookupError):
        return "the engine failed"


def _message(body: dict[str, Any]) -> str:
    error = body["error"]
    said = str(error["message"])
    return f"context too long: {said}" if error.get("type") == "exceed_context_size_error" else said
