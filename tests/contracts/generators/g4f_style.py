"""A generator as somebody else writes it, for g4f's contract: it knows nothing of this program."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator

import aiohttp


class ResponseType:
    pass


class HiddenResponse(ResponseType):
    def __str__(self) -> str:
        return ""


class FinishReason(HiddenResponse):
    def __init__(self, reason: str) -> None:
        self.reason = reason


class Usage(HiddenResponse):
    pass


class JsonResponse(ResponseType):
    def __str__(self) -> str:
        return "{'choices': [{'delta': {'content': 'Hello'}}]}"


class Reasoning(ResponseType):
    def __init__(self, token: str) -> None:
        self.token = token

    def __str__(self) -> str:
        return self.token


class Sources(ResponseType):
    def __str__(self) -> str:
        return "\n> [0] https://example.org"


class Backend:
    """Posts the messages and passes on what comes, as the smallest of g4f's providers do."""

    working = True

    @classmethod
    async def create_async_generator(
        cls, model: str, messages: list[dict[str, str]], proxy: str | None = None, base_url: str = "", **_: object
    ) -> AsyncIterator[object]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{base_url}/backend", json={"model": model, "messages": messages}, proxy=proxy) as response,
        ):
            response.raise_for_status()
            decoder = codecs.getincrementaldecoder("utf-8")("ignore")
            async for chunk in response.content.iter_any():
                if text := decoder.decode(chunk):
                    yield text


class Talkative:
    """Yields everything that g4f's providers may yield."""

    @staticmethod
    async def create_async_generator(model: str, messages: list[dict[str, str]]) -> AsyncIterator[object]:
        yield Reasoning(f"{model} reads {len(messages)}")
        yield Usage()
        yield JsonResponse()
        yield None
        yield Reasoning("")
        yield "Hello"
        yield Sources()
        yield FinishReason("length")


class Coroutine:
    """Gives its generator from a coroutine, with an error that tells a secret."""

    @classmethod
    async def create_async_generator(cls, *, api_key: str = "", **_: object) -> AsyncIterator[str]:
        return cls._pieces(api_key)

    @staticmethod
    async def _pieces(api_key: str) -> AsyncIterator[str]:
        yield "Hel"
        raise RuntimeError(f"the account of {api_key} is out of luck")


NOT_ONE = object()
