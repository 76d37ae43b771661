"""Telegram as the people in a scene see it: they write, press and read, over the playground's own HTTP interface."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from playground.server import Playground

Json = dict[str, Any]
ANNA = 1001
BOT = 7000000001
BORIS = 1002
PATIENCE = 60.0
"""Seconds until a scene that waits has failed; generous, because machines are slow at times."""


@dataclass
class Seen:
    """One state of one message, when it was seen, on the clock of `time.monotonic`."""

    at: float
    kind: str
    chat: int
    message: Json


@dataclass
class Telegram:
    """Everything the people see, kept up to date from the event stream."""

    url: str
    session: aiohttp.ClientSession
    chats: dict[int, dict[int, Json]] = field(default_factory=dict)
    all_drafts: dict[tuple[int, int, int], Json] = field(default_factory=dict)
    history: list[Seen] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    playground: Playground | None = None
    """Set where it runs in this process."""

    async def follow(self, ready: asyncio.Event) -> None:
        """Read events until cancelled."""
        world = await self.world()
        for chat in world["chats"]:
            self.chats[chat["id"]] = {message["message_id"]: message for message in chat["messages"]}
        events = f"{self.url}/events?since={world['seq']}"
        limit = aiohttp.ClientTimeout(total=None)
        async with self.session.get(events, timeout=limit, read_bufsize=2**22) as response:
            ready.set()
            async for line in response.content:
                if line.startswith(b"data:"):
                    await self._take(json.loads(line[5:]))

    async def _take(self, event: Json) -> None:
        async with self.changed:
            kind, chat = event["type"], event.get("chat_id", 0)
            messages = self.chats.setdefault(chat, {})
            if kind in {"message", "edited"}:
                messages[event["message"]["message_id"]] = event["message"]
                self.history.append(Seen(time.monotonic(), kind, chat, event["message"]))
            elif kind == "deleted":
                for message_id in event["message_ids"]:
                    messages.pop(message_id, None)
            elif kind == "draft":
                self.all_drafts[chat, event["topic"], event["draft"]["draft_id"]] = event["draft"]
                self.history.append(Seen(time.monotonic(), kind, chat, event["draft"]))
            elif kind == "draft_gone":
                self.all_drafts.pop((chat, event["topic"], event["draft_id"]), None)
            assert kind != "reset", "the observer fell behind the event stream"
            self.changed.notify_all()

    @property
    def drafts(self) -> dict[tuple[int, int], Json]:
        """The newest draft of each chat and topic."""
        return {(chat, topic): draft for (chat, topic, _), draft in self.all_drafts.items()}

    async def standing_drafts(self) -> list[Json]:
        """Every draft that stands on somebody's screen now, ghosts beside a message included."""
        async with self.session.get(f"{self.url}/drafts") as response:
            found: list[Json] = await response.json()
            return found

    async def world(self) -> Json:
        async with self.session.get(f"{self.url}/world") as response:
            world: Json = await response.json()
            return world

    async def until_confirmed(self, token: str) -> None:
        """Wait until the bot has confirmed every update that it was handed."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.session.get(f"{self.url}/bot{token}/getWebhookInfo") as response:
                    if (await response.json())["result"]["pending_update_count"] == 0:
                        return
                await asyncio.sleep(0.05)

    async def calls(self, since: int = 0) -> list[Json]:
        async with self.session.get(f"{self.url}/calls?since={since}") as response:
            answer = await response.json()
            calls: list[Json] = answer["calls"] if isinstance(answer, dict) else answer
            return calls

    async def post(self, path: str, **body: Any) -> Json:
        async with self.session.post(f"{self.url}/{path}", json=body) as response:
            answer: Json = await response.json()
            assert response.status == 200, f"{path}: {answer}"
            return answer

    async def send(self, text: str, *, by: int = ANNA, chat: int | None = None, **more: Any) -> Json:
        """Write a message. Gives it (the first, where the app split it)."""
        answer = await self.post(f"people/{by}/send", chat_id=chat or by, text=text, **more)
        message: Json = answer["message"]
        return message

    async def press(self, message: Json, label: str, *, by: int = ANNA, chat: int | None = None) -> Json:
        """Press the button whose label contains `label`."""
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        button = next((button for row in rows for button in row if label in button["text"]), None)
        assert button is not None, f"there is no button {label!r} under {message}"
        return await self.post(
            f"people/{by}/press", chat_id=chat or by, message_id=message["message_id"], data=button["callback_data"]
        )

    async def fault(self, **fault: Any) -> None:
        await self.post("faults", **fault)

    def faults_left(self) -> int:
        """How many planned faults no call has met yet."""
        assert self.playground is not None
        return len(self.playground._faults._faults)

    async def no_faults(self) -> None:
        """Forget the faults that have not come yet, and end all holds."""
        async with self.session.delete(f"{self.url}/faults") as response:
            assert response.status == 200

    async def group(self) -> int:
        """The id of the group that stands in every new playground."""
        group: int = next(chat["id"] for chat in (await self.world())["chats"] if chat["type"] != "private")
        return group

    def said(self, chat: int = ANNA) -> list[Json]:
        """The bot's messages in a chat, oldest first."""
        return [message for _, message in sorted(self.chats.get(chat, {}).items()) if _by_bot(message)]

    def texts(self, chat: int = ANNA) -> list[str]:
        return [words_of(message) for message in self.said(chat)]

    async def until(self, what: Callable[[], Any], *, seconds: float = PATIENCE, why: str = "") -> Any:
        """Wait until `what` is true of what the people see, and give its value."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                return await self.changed.wait_for(what)
        except TimeoutError:
            shown = {chat: self.texts(chat) for chat in self.chats}
            raise AssertionError(f"it never came to that {why}; the bot said: {shown}") from None

    async def reads(self, text: str, *, chat: int = ANNA, seconds: float = PATIENCE) -> Json:
        """Wait for a message of the bot with this text in it."""

        def found() -> Json | None:
            return next((message for message in self.said(chat) if text in words_of(message)), None)

        message: Json = await self.until(found, seconds=seconds, why=f"(waited for {text!r})")
        return message

    async def reads_answer(self, text: str, *, chat: int = ANNA, seconds: float = PATIENCE) -> Json:
        """Wait for a whole answer: the text, without a Stop button."""

        def found() -> Json | None:
            return next((m for m in self.said(chat) if text in words_of(m) and not is_being_written(m)), None)

        message: Json = await self.until(found, seconds=seconds, why=f"(waited for the answer {text!r})")
        return message

    async def reads_buttons(self, text: str, expected: list[str], *, chat: int = ANNA) -> Json:
        """Wait for a message with this text in it, and exactly these buttons under it."""

        def found() -> Json | None:
            return next((m for m in self.said(chat) if text in m.get("text", "") and labels(m) == expected), None)

        message: Json = await self.until(found, why=f"(waited for {text!r} with {expected})")
        return message


def words_of(message: Json) -> str:
    """The text of a message, or what stands under its picture or file."""
    return str(message.get("text") or message.get("caption") or "")


def labels(message: Json) -> list[str]:
    """What stands on the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def is_being_written(message: Json) -> bool:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return any(button.get("callback_data", "").startswith("stop:") for row in rows for button in row)


def _by_bot(message: Json) -> bool:
    return bool(message.get("from", {}).get("id") == BOT)


@asynccontextmanager
async def watched(url: str) -> AsyncIterator[Telegram]:
    """Follow a playground's events for the length of a scene."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        telegram = Telegram(url, session)
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            following = group.create_task(telegram.follow(ready))
            await ready.wait()
            try:
                yield telegram
            finally:
                following.cancel()
