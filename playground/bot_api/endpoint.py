"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from email.message import Message as Header
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import BodyPartReader, web
from yarl import URL

from playground.bot_api.bot_methods import allowed_updates
from playground.bot_api.budgets import Budgets, CallCost
from playground.bot_api.call_log import CallLog
from playground.bot_api.faults import Fault, Faults
from playground.bot_api.methods import CALL_COSTS, METHODS, chat_of
from playground.bot_api.parameters import Parameters
from playground.errors import Refusal, bad_request, too_many_requests
from playground.media.upload import Upload, examine
from playground.world.hub import Hub

Json = dict[str, Any]
OnCall = Callable[[str, Mapping[str, Any], bool], None]

MAX_CALL_BYTES: Final = 64 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Dropped(Exception):
    """The connection is to be closed without an answer."""


class OtherAnswer(Exception):
    """A planned answer goes out in the place of the call's own."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.status, self.body = fault.error_code, fault.answer


class BotApi:
    """Answers the bot's calls. `on_call` hears of each: its method, parameters, and whether it was accepted."""

    def __init__(
        self,
        hub: Hub,
        budgets: Budgets,
        faults: Faults,
        calls: CallLog,
        *,
        token: str,
        closing: asyncio.Event,
        on_call: OnCall | None,
    ) -> None:
        self._hub = hub
        self._budgets = budgets
        self._faults = faults
        self._calls = calls
        self._token = token
        self._closing = closing
        self._on_call = on_call

    async def handle(self, request: web.BaseRequest, token: str, name: str) -> web.StreamResponse:
        """Answer one request."""
        try:
            self._check_token(token)
            parameters = await _read(request)
            result = await self._call(name, parameters)
        except Refusal as refusal:
            return _refused(refusal)
        except Dropped:
            return _hang_up(request)
        except OtherAnswer as other:
            return web.Response(body=other.body, status=other.status, content_type="application/json")
        body = ('{"ok":true,"result":' + _ENCODE(result) + "}").encode(errors="replace")
        return web.Response(body=body, content_type="application/json")

    def _check_token(self, token: str) -> None:
        identity, _, secret = token.partition(":")
        if not identity.isdecimal() or not secret:
            raise Refusal(404, "Not Found")
        if not secrets.compare_digest(token.encode(errors="replace"), self._token.encode()):
            raise Refusal(401, "Unauthorized")

    async def _call(self, name: str, parameters: Parameters) -> Any:  # noqa: ANN401  # any JSON value
        method = name.lower()
        chat_id = chat_of(self._hub, method, parameters)
        fault = self._faults.take(method, chat_id)
        code, ok = None, False
        try:
            if fault is not None:
                await self._before(fault)
            result = await self._act(method, parameters, chat_id)
            ok = True
        except Refusal as refusal:
            code = refusal.code
            raise
        finally:
            self._calls.add(self._hub.clock(), name, parameters.values, code, ok=ok)
            if self._on_call is not None:
                self._on_call(name, parameters.values, ok)
        if fault is not None:
            await self._after(fault)
        return result

    async def _before(self, fault: Fault) -> None:
        if fault.kind == "error":
            raise fault.refusal()
        if fault.kind == "drop_before":
            raise Dropped
        if fault.kind == "answer" and not fault.acts:
            raise OtherAnswer(fault)
        if fault.kind == "delay":
            await self._pause(fault.seconds)

    async def _after(self, fault: Fault) -> None:
        if fault.kind == "stall":
            await self._pause(None)
            raise Dropped
        if fault.kind == "drop_after":
            raise Dropped
        if fault.kind == "answer":
            raise OtherAnswer(fault)

    async def _pause(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _act(self, method: str, parameters: Parameters, chat_id: int | None) -> Any:  # noqa: ANN401  # JSON
        if method == "getupdates":
            return await self._hub.updates.get(
                parameters.integer("offset"),
                parameters.integer("limit"),
                0 if self._closing.is_set() else parameters.integer("timeout"),
                allowed_updates(parameters),
            )
        return self.act(method, parameters, chat_id)

    def act(self, method: str, parameters: Parameters, chat_id: int | None) -> Any:  # noqa: ANN401  # any JSON value
        """Do what a method does, within the budgets. Raises Refusal."""
        act = METHODS.get(method)
        if act is None:
            raise Refusal(404, "Not Found: method not found")
        wait = self._budgets.admit(CALL_COSTS.get(method, CallCost.NOTHING), chat_id, self._hub.clock())
        if wait:
            raise too_many_requests(wait)
        return act(self._hub, parameters)

    def answered_webhook(self, name: str, values: Mapping[str, Any]) -> None:
        """Do what the bot wrote into its answer to a webhook; nobody hears of its result."""
        parameters = Parameters(values)
        method = name.lower()
        code = None
        try:
            self.act(method, parameters, chat_of(self._hub, method, parameters))
        except Refusal as refusal:
            code = refusal.code
        self._calls.add(self._hub.clock(), name, values, code, ok=code is None)

    def file(self, token: str, path: str) -> web.StreamResponse:
        """Answer a download."""
        try:
            self._check_token(token)
        except Refusal as refusal:
            return _refused(refusal)
        kept = self._hub.files.at(path)
        if kept is None:
            return _refused(Refusal(404, "Not Found"))
        return web.Response(body=kept[1], content_type="application/octet-stream")


def _refused(refusal: Refusal) -> web.Response:
    answer: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    headers = {}
    if refusal.parameters:
        answer["parameters"] = refusal.parameters
        if "retry_after" in refusal.parameters:
            # json.dumps leaves nothing in it that could end a header's line.
            headers["Retry-After"] = json.dumps(refusal.parameters["retry_after"])
    body = _ENCODE(answer).encode(errors="replace")
    return web.Response(body=body, status=refusal.code, content_type="application/json", headers=headers)


def _hang_up(request: web.BaseRequest) -> web.Response:
    """Close the connection; what is returned has nowhere to go."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _read(request: web.BaseRequest) -> Parameters:
    """Return a request's parameters: those of the query string, and those of its body over them."""
    values: dict[str, Any] = dict(request.query) if request.query_string else {}
    if not request.can_read_body:
        return Parameters(values)
    if (request.content_length or 0) > MAX_CALL_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    kind = request.content_type
    if kind == "multipart/form-data":
        return await _read_multipart(request, values)
    body = await request.content.read()
    if kind == "application/json":
        values.update(_json_object(body))
    elif kind == "application/x-www-form-urlencoded":
        try:
            # yarl decodes in C, twenty times as fast as urllib does for a long Cyrillic text.
            values.update(URL.build(path="/", query_string=body.decode("ascii"), encoded=True).query)
        except UnicodeDecodeError:
            raise bad_request("strings must be encoded in UTF-8") from None
    return Parameters(values)


def _json_object(body: bytes) -> Json:
    try:
        decoded = json.loads(body) if body.strip() else {}
    except ValueError:
        raise bad_request("can't parse JSON") from None
    if not isinstance(decoded, dict):
        raise bad_request("object expected")
    return decoded


async def _read_multipart(request: web.BaseRequest, values: dict[str, Any]) -> Parameters:
    files: dict[str, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        name = part.name or ""
        content = await _read_part(part)
        if part.filename is None:
            values[name] = content.decode("utf-8", "replace")
        else:
            header = Header()
            header["Content-Type"] = part.headers.get("Content-Type", "")
            mime_type = header.get_content_type() if header["Content-Type"] else ""
            files[name] = await examine(Upload(unquote(part.filename), mime_type, content))
    return Parameters(values, files)


async def _read_part(part: BodyPartReader) -> bytes:
    """Read one part whole; aiohttp's own `read` stops at a megabyte."""
    content = bytearray()
    while chunk := await part.read_chunk(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_CALL_BYTES:
            raise Refusal(413, "Request Entity Too Large")
    return bytes(content)
