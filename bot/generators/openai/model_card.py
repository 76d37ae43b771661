"""Facts about a model that a server of OpenAI's protocol tells: in its list, or as llama.cpp's `/props`.

The protocol has no field for it, so each server has its own: vLLM and SGLang `max_model_len`, OpenRouter
`context_length`, `architecture.input_modalities` and `supported_parameters`, Groq `context_window`, Mistral and LM
Studio `max_context_length`, Mistral `capabilities.vision`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from contextlib import suppress
from dataclasses import replace

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.errors import GeneratorProblem
from bot.generators.contract import ModelCard
from bot.generators.openai.endpoint_memory import MAX_CONTEXT, MIN_CONTEXT
from bot.generators.openai.model_list import LIST_TIMEOUT, fetch, list_addresses
from bot.generators.options import Options
from bot.net.connections import Route
from bot.net.proxy_url import ProxyURL

_CONTEXTS = ("max_model_len", "context_length", "context_window", "max_context_length")
_VISION = {"image", "vision", "multimodal"}


async def read_card(
    url: str, model: str, *, key: SecretStr, proxy: ProxyURL | None, ssl_context: ssl.SSLContext | None
) -> ModelCard:
    """Ask what the server tells of a model; an empty card where it tells nothing."""
    route, options = Route(url, proxy, ssl_context), Options(url=url, key=key)
    with suppress(TimeoutError, GeneratorProblem, aiohttp.ClientError, OSError):
        async with asyncio.timeout(LIST_TIMEOUT):
            for address in list_addresses(route.url):
                card = listed_card(_parsed(await fetch(replace(route, url=address), options)), model)
                if card != ModelCard():
                    return card
            return props_card(_parsed(await fetch(replace(route, url=_props_address(route.url)), options)))
    return ModelCard()


def listed_card(body: object, model: str) -> ModelCard:
    """Read the entry of a model, or of the only one, in a list of models."""
    entries = body.get("data") if isinstance(body, dict) else body
    known = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    named = [one for one in known if one.get("id") == model] or (known if len(known) == 1 else [])
    if not named:
        return ModelCard()
    entry = named[0]
    contexts = (_context(entry.get(name)) for name in _CONTEXTS)
    return ModelCard(
        context=next((one for one in contexts if one is not None), None),
        sees_pictures=_sight(entry),
        parameters=_words(entry.get("supported_parameters")),
    )


def props_card(body: object) -> ModelCard:
    """Read llama.cpp's properties."""
    if not isinstance(body, dict):
        return ModelCard()
    settings, modalities = body.get("default_generation_settings"), body.get("modalities")
    vision = modalities.get("vision") if isinstance(modalities, dict) else None
    return ModelCard(
        context=_context(settings.get("n_ctx")) if isinstance(settings, dict) else None,
        sees_pictures=vision if isinstance(vision, bool) else None,
    )


def _props_address(base: str) -> str:
    url = URL(list_addresses(base)[-1])
    return str(url.with_path(url.path.removesuffix("/models").removesuffix("/v1") + "/props"))


def _parsed(body: bytes | None) -> object:
    with suppress(ValueError, RecursionError):
        return json.loads(body or b"null")
    return None


def _context(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if MIN_CONTEXT <= value <= MAX_CONTEXT else None


def _words(value: object) -> frozenset[str] | None:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) and value else None


def _sight(entry: dict[str, object]) -> bool | None:
    architecture, capabilities = entry.get("architecture"), entry.get("capabilities")
    if isinstance(capabilities, dict) and isinstance(vision := capabilities.get("vision"), bool):
        return vision
    modalities = architecture.get("input_modalities") if isinstance(architecture, dict) else None
    words = _words(modalities) or _words(entry.get("input_modalities")) or _words(capabilities)
    return None if words is None else bool(words & _VISION)
