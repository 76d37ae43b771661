"""The people's side over HTTP: JSON requests, the world as a snapshot, and the event stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from playground.bot_api.budgets import Budgets
from playground.bot_api.call_log import CallLog
from playground.bot_api.command_menus import menus
from playground.bot_api.faults import Faults
from playground.errors import Impossible
from playground.media.upload import UNKNOWN_TYPE
from playground.people_api.group_actions import GroupActions
from playground.people_api.person_actions import PersonActions
from playground.world.event_stream import EventStream
from playground.world.hub import Hub
from playground.world.update_faults import UPDATE_FAULT_KINDS
from playground.world.update_queue import OFFSET_READINGS

Json = dict[str, Any]

MAX_BODY_BYTES: Final = 96 * 1024 * 1024
MAX_NUMBER_DIGITS: Final = 18
MAX_SNAPSHOT_MESSAGES: Final = 300
"""Newest messages of each chat in a snapshot."""
KEEP_ALIVE_INTERVAL: Final = 15.0
"""Seconds between two comments on a silent event stream, so that neither end takes it for dead."""
SHOWN_TYPES: Final = frozenset(
    {
        "image/jpeg", "image/png", "image/gif", "image/webp", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/x-wav",
        "audio/wav", "audio/flac", "audio/webm", "audio/aac", "video/mp4", "video/webm",
    }
)  # fmt: skip
"""Types of files that the page shows or plays; none of them holds scripts."""
PERSON_ACTIONS: Final = frozenset(
    {"forward", "edit", "delete", "stop_draft", "start", "block", "unblock", "deactivate", "react"}
)
CHAT_ACTIONS: Final = frozenset(
    {"add_bot", "remove_bot", "restrict_bot", "migrate", "admins", "join", "leave", "delete", "title", "pin", "service"}
)
TOPIC_ACTIONS: Final = frozenset({"close", "reopen", "rename", "delete"})


class PeopleApi:
    """Answers the page and the tests."""

    def __init__(self, hub: Hub, budgets: Budgets, faults: Faults, calls: CallLog, closing: asyncio.Event) -> None:
        self._hub = hub
        self._budgets = budgets
        self._faults = faults
        self._calls = calls
        self._closing = closing
        self.people = PersonActions(hub)
        self.groups = GroupActions(hub)

    async def handle(self, request: web.BaseRequest, path: list[str]) -> web.StreamResponse:
        """Answer one request."""
        if request.method == "GET":
            return await self._read(request, path)
        try:
            body = await _body(request)
            result = await self._act(request.method, path, body)
        except Impossible as impossible:
            return web.json_response({"error": str(impossible)}, status=impossible.status)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            return web.json_response({"error": f"wrong or missing field: {error}"}, status=400)
        return web.json_response(result)

    async def _read(self, request: web.BaseRequest, path: list[str]) -> web.StreamResponse:
        if path == ["world"]:
            return web.json_response(self.world())
        if path == ["drafts"]:
            return web.json_response(self.drafts())
        if path == ["events"]:
            return await self._stream(request)
        if path == ["calls"]:
            return web.json_response(self._calls.since(_number(request.query.get("since"), 0)))
        if len(path) == 2 and path[0] == "files":  # noqa: PLR2004  # files/<id>
            return self._file(path[1])
        return web.json_response({"error": "not found"}, status=404)

    def world(self) -> Json:
        """Return everything there is, as of the event `seq`."""
        hub = self._hub
        hub.expire()
        world = hub.world
        offset = hub.wall() - hub.clock()
        bot = world.bot
        return {
            "seq": hub.events.last,
            "boot": hub.events.boot,
            "bot": {
                **world.bot_user(),
                "name": bot.first_name,
                "can_read_all_group_messages": bot.can_read_all_group_messages,
            },
            "people": [person.user() for person in world.people.values()],
            "chats": [
                world.page_chat(chat, messages=MAX_SNAPSHOT_MESSAGES, wall_offset=offset)
                for chat in world.chats.values()
            ],
            "commands": menus(world),
        }

    def drafts(self) -> list[Json]:
        """Return the drafts that stand now, with the seconds that each has left."""
        self._hub.expire()
        now = self._hub.clock()
        return [
            {"chat_id": chat.id, **draft.shown(), "seconds_left": draft.until - now}
            for chat in self._hub.world.chats.values()
            for draft in chat.drafts.values()
        ]

    def _file(self, file_id: str) -> web.Response:
        kept = self._hub.files.get(file_id)
        if kept is None:
            return web.json_response({"error": "no such file"}, status=404)
        # Whatever it is, it is never a document of the page's origin: pictures and recordings stand inside the page.
        headers = {
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        }
        kind = kept[0]["mime_type"]
        return web.Response(body=kept[1], content_type=kind if kind in SHOWN_TYPES else UNKNOWN_TYPE, headers=headers)

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        events = self._hub.events
        given = request.headers.get("Last-Event-ID") or request.query.get("since")
        seen = _number(given, events.last)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        try:
            await response.prepare(request)
            await response.write(_hello(events))
            while not self._closing.is_set():
                news = events.since(seen)
                if news is None:
                    news = [{"seq": events.last, "type": "reset"}]
                if news:
                    seen = news[-1]["seq"]
                    await response.write(b"".join(map(_framed, news)))
                    continue
                await events.wait(seen, KEEP_ALIVE_INTERVAL)
                if events.last == seen:
                    await response.write(b": still here\n\n")
        except ConnectionResetError:
            return response
        return response

    async def _act(self, method: str, path: list[str], body: Json) -> Any:  # noqa: ANN401  # any JSON value
        if path == ["faults"]:
            return self.fault(body) if method == "POST" else self.no_faults()
        if method != "POST":
            raise Impossible("method not allowed", 405)
        match path:
            case ["people"]:
                return self.people.join_telegram(body)
            case ["people", user, "press" | "send" as action]:
                act_in_time: Callable[[int, Json], Awaitable[Json]] = getattr(self.people, action)
                return await act_in_time(int(user), body)
            case ["people", user, action] if action in PERSON_ACTIONS:
                self.people.person(int(user))
                act: Callable[[int, Json], Json] = getattr(self.people, action)
                return act(int(user), body)
            case ["chats", *rest]:
                return self._act_on_chat(rest, body)
            case _:
                return self._act_on_world(path, body)

    def _act_on_chat(self, path: list[str], body: Json) -> Json:
        if not path:
            return self.groups.create(body)
        chat = self.people.chat(int(path[0]))
        match path[1:]:
            case ["topics"]:
                return self.groups.open_topic(chat, body)
            case ["topics", topic, action] if action in TOPIC_ACTIONS:
                on_topic: Callable[..., Json] = getattr(self.groups, action + "_topic")
                return on_topic(chat, int(topic), body)
            case [action] if action in CHAT_ACTIONS:
                if chat.private:
                    raise Impossible("a private chat")
                on_chat: Callable[..., Json] = getattr(self.groups, action)
                return on_chat(chat, body)
            case _:
                raise Impossible("not found", 404)

    def _act_on_world(self, path: list[str], body: Json) -> Json:
        match path:
            case ["bot"]:
                return self._change_bot(body)
            case ["links"]:
                self._hub.events.publish("link", url=str(body["url"]))
                return {"ok": True}
            case ["updates"]:
                for kind, payload in body.items():
                    self._hub.updates.put(kind, payload)
                return {"ok": True}
            case ["updates", "raw"]:
                return {"update_id": self._hub.updates.put_raw(body["update"], _update_id(body))}
            case ["updates", "ids"]:
                return self._renumber(body)
            case _:
                raise Impossible("not found", 404)

    def _renumber(self, body: Json) -> Json:
        """Let the next update have the id `next_id`, and offsets above all ids be read in one of two ways.

        `when_empty`: only where no update waits, as at Telegram, which begins anew after a quiet week.
        """
        reading = body.get("reading")
        if reading is not None and reading not in OFFSET_READINGS:
            raise Impossible(f"reading: one of {', '.join(OFFSET_READINGS)}")
        if body.get("when_empty") and self._hub.updates.pending:
            return {"next_id": self._hub.updates.next_id}
        self._hub.updates.renumber(int(body.get("next_id", self._hub.updates.next_id)), reading)
        return {"next_id": self._hub.updates.next_id}

    def _change_bot(self, body: Json) -> Json:
        """Change what BotFather would: privacy mode (and whether mentions pass it), topics in private chats."""
        bot = self._hub.world.bot
        bot.can_read_all_group_messages = bool(body.get("can_read_all_group_messages", bot.can_read_all_group_messages))
        bot.has_topics_enabled = bool(body.get("has_topics_enabled", bot.has_topics_enabled))
        self._hub.mentions_pass = bool(body.get("mentions_pass", self._hub.mentions_pass))
        self._hub.persistence.mark_world()
        return {"ok": True}

    def fault(self, body: Json) -> Json:
        """Plan a fault, or put a chat (or the bot) in flood control. Raises Impossible for an unknown kind."""
        if body.get("kind") == "hold":
            self._hold(body)
        elif body.get("kind") in UPDATE_FAULT_KINDS:
            self._hub.updates.faults.add(body)
        else:
            self._faults.add(body)
        return {"ok": True}

    def _hold(self, body: Json) -> None:
        """Put a chat, the bot, or (`of`: "drafts") the drafts and chat actions of a chat in flood control."""
        chat_id = int(body["chat_id"]) if body.get("chat_id") is not None else None
        seconds, now = float(body.get("retry_after", 3)), self._hub.clock()
        if body.get("of") == "drafts":
            self._budgets.hold_drafts(int(body["chat_id"]), seconds, now)
        else:
            self._budgets.hold(chat_id, seconds, now)

    def no_faults(self) -> Json:
        """Plan no faults any more and end all holds."""
        self._faults.clear()
        self._hub.updates.faults.clear()
        self._budgets.release()
        return {"ok": True}


def _hello(events: EventStream) -> bytes:
    return f"retry: 500\ndata: {json.dumps({'type': 'hello', 'boot': events.boot, 'seq': events.last})}\n\n".encode()


def _framed(event: Json) -> bytes:
    return f"id: {event['seq']}\ndata: {json.dumps(event)}\n\n".encode()


def _number(given: str | None, otherwise: int) -> int:
    """Return a number of an event or a call; what is none stands for `otherwise`."""
    return int(given) if given and given.isdecimal() and len(given) <= MAX_NUMBER_DIGITS else otherwise


def _update_id(body: Json) -> int | None:
    """Return the id that confirms a raw update: the given one, else its own, None where it has none."""
    if body.get("update_id") is not None:
        return int(body["update_id"])
    own = body["update"].get("update_id") if isinstance(body["update"], dict) else None
    return own if type(own) is int else None


async def _body(request: web.BaseRequest) -> Json:
    raw = bytearray()
    async for part in request.content.iter_any():
        raw += part
        if len(raw) > MAX_BODY_BYTES:
            raise Impossible("too large", 413)
    if not raw.strip():
        return {}
    body = json.loads(raw)
    if not isinstance(body, dict):
        raise Impossible("an object is expected")
    return body
