"""The models that an endpoint of OpenAI's protocol lists (`GET /v1/models`)."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import replace
from http import HTTPStatus

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.errors import GeneratorBroken, GeneratorSilent
from bot.generators.deadline import Deadline
from bot.generators.errors import from_status
from bot.generators.http import error_words, read_whole
from bot.generators.openai.generator import authorization, endpoints
from bot.generators.options import Options
from bot.net.connections import Route
from bot.net.proxy_url import ProxyURL

LIST_TIMEOUT = 15.0
"""Seconds for the whole list; nobody waits for it."""
MAX_LIST_BYTES = 4 << 20
"""Bytes of a list: that of the largest provider has some hundred KB."""
MAX_LISTED_MODELS = 1000
"""Models of one endpoint that are read."""
_MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


async def list_models(
    url: str, *, key: SecretStr, proxy: ProxyURL | None, ssl_context: ssl.SSLContext | None
) -> list[str]:
    """Ask for the names, in the server's order. Raises GeneratorProblem, aiohttp.ClientError."""
    route, options = Route(url, proxy, ssl_context), Options(url=url, key=key)
    try:
        async with asyncio.timeout(LIST_TIMEOUT):
            for address in list_addresses(route.url):
                body = await fetch(replace(route, url=address), options)
                if body is not None:
                    return _names(body)
    except TimeoutError:
        raise GeneratorSilent("its list of models did not come in time") from None
    raise GeneratorBroken("it lists no models")


def list_addresses(base: str) -> list[str]:
    """Give the addresses of the list, the likeliest first."""
    whole = [URL(one) for one in endpoints(base)]
    return [str(one.with_path(one.path.removesuffix("/chat/completions") + "/models")) for one in whole]


async def fetch(route: Route, options: Options) -> bytes | None:
    """Give the body of the list. None: there is none at this address."""
    deadline = Deadline(options.timeouts)
    async with (
        aiohttp.ClientSession(connector=route.connector(), headers=authorization(route.url, options)) as session,
        session.get(route.url, allow_redirects=False, **route.routing()) as response,
    ):
        if response.status in _MISSING:
            return None
        if response.status != HTTPStatus.OK:
            raise from_status(response.status, await error_words(response, deadline), response.headers)
        try:
            return await read_whole(response, MAX_LIST_BYTES)
        except ValueError as error:
            raise GeneratorBroken("its list of models is too long") from error


def _names(body: bytes) -> list[str]:
    """Read the names, each once; what has none is left out."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise GeneratorBroken("its list of models is no JSON") from None
    entries = found.get("data") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise GeneratorBroken("its list of models has another form")
    names = [one.get("id") for one in entries[:MAX_LISTED_MODELS] if isinstance(one, dict)]
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name.isprintable() and name.strip()))
