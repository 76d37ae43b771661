"""Client for transcription endpoints with OpenAI's protocol: OpenAI, whisper.cpp, speaches and others."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot import __version__
from bot.attachments.problems import (
    AttachmentTooLarge,
    RecordingSilent,
    TranscriptionRefused,
    TranscriptionUnavailable,
)

logger = logging.getLogger(__name__)

MAX_TRANSCRIPT_BYTES = 1024 * 1024
"""An hour of fast speech is some 60 KB."""
MAX_TRANSCRIPT_CHARACTERS = 200_000
"""Longest transcript that is kept."""
TRANSCRIPTION_CONNECT_TIMEOUT = 10.0
"""Seconds until the endpoint has to take the connection."""
NO_KEY = SecretStr("")
_VERSION = re.compile(r"/v\d+[a-z0-9]*(/|$)")
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class TranscriptionEndpoint:
    """Endpoint that transcribes recordings."""

    url: str
    """Base address with or without its version, or the whole address."""
    model: str = "whisper-1"
    key: SecretStr = NO_KEY
    timeout: float = 120.0
    """Seconds for one recording, from the connection to the last byte."""

    @property
    def address(self) -> str:
        """The address to post to."""
        url = URL(self.url)
        path = url.path.rstrip("/").removesuffix("/audio/transcriptions")
        if not _VERSION.search(path):
            path += "/v1"
        return str(url.with_path(f"{path}/audio/transcriptions", keep_query=True))


class TranscriptionSettings(Protocol):
    """The settings that say who hears recordings."""

    @property
    def transcription_url(self) -> str | None:
        """Base address of the endpoint; None: there is none."""
        ...

    @property
    def transcription_model(self) -> str:
        """Name of its model."""
        ...

    @property
    def transcription_key(self) -> SecretStr:
        """Its key, or an empty one."""
        ...

    @property
    def transcription_timeout(self) -> float:
        """Seconds for one recording."""
        ...


class TranscriptionClient:
    """Sends recordings to an endpoint. `connector` makes the connection of a request, for example through a proxy."""

    def __init__(
        self, endpoint: TranscriptionEndpoint, connector: Callable[[], aiohttp.BaseConnector] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._connector = connector

    async def transcribe(self, content: bytes, *, filename: str) -> str:
        """Transcribe a recording; `filename` tells its format by its ending.

        Raises TranscriptionUnavailable, TranscriptionRefused, AttachmentTooLarge, RecordingSilent.
        """
        timeout = aiohttp.ClientTimeout(total=self._endpoint.timeout, sock_connect=TRANSCRIPTION_CONNECT_TIMEOUT)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=self._connector() if self._connector is not None else None,
                    headers=self._headers(),
                    timeout=timeout,
                ) as session,
                session.post(
                    self._endpoint.address, data=self._form(content, filename), allow_redirects=False
                ) as answer,
            ):
                _check_status(answer.status, len(content))
                body = await _read(answer)
        except TimeoutError:
            raise TranscriptionUnavailable(f"no transcript within {self._endpoint.timeout:g} s") from None
        except aiohttp.ClientError as error:
            raise TranscriptionUnavailable(type(error).__name__) from error
        return _text_of(body)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"aura-telegram/{__version__}"}
        if key := self._endpoint.key.get_secret_value():
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _form(self, content: bytes, filename: str) -> aiohttp.FormData:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=filename, content_type="application/octet-stream")
        form.add_field("model", self._endpoint.model)
        form.add_field("response_format", "json")
        return form


def transcription_client(settings: TranscriptionSettings) -> TranscriptionClient | None:
    """The client that the settings ask for. None: recordings are not heard."""
    if settings.transcription_url is None:
        return None
    return TranscriptionClient(
        TranscriptionEndpoint(
            settings.transcription_url,
            settings.transcription_model,
            settings.transcription_key,
            timeout=settings.transcription_timeout,
        )
    )


def _check_status(status: int, size: int) -> None:
    if status == HTTPStatus.OK:
        return
    logger.warning("The transcription endpoint answered %s to %s bytes", status, size)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise AttachmentTooLarge(f"HTTP {status}", megabytes=round(size / 1024 / 1024, 1))
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TranscriptionUnavailable(f"HTTP {status}")
    raise TranscriptionRefused(f"HTTP {status}")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_TRANSCRIPT_BYTES:
            raise TranscriptionUnavailable("the transcript does not end")
    return bytes(body)


def _text_of(body: bytes) -> str:
    """The transcript. Servers answer with status 200 and an error, too."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise TranscriptionUnavailable("the endpoint sent something else than JSON") from None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise TranscriptionUnavailable("the endpoint sent no text")
    if not text.strip():
        raise RecordingSilent("nothing was heard")
    return text[:MAX_TRANSCRIPT_CHARACTERS]
