"""Calls refused with 429: those that were planned, and those that the budgets should have prevented."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.harness.telegram_people import Json, Telegram
from tests.soak.counting import Interruptions

SOON = 1.0
"""Seconds between two looks at the calls; the playground keeps the newest 10,000."""


@dataclass
class Hold:
    """A chat (None: the whole bot) that was put into flood control on purpose."""

    chat: int | None
    began: float
    ended: float

    def explains(self, chat: int | None, at: float) -> bool:
        """Tell whether it refused a call. Calls that name no chat, as answers to buttons, break no budget."""
        return (chat is None or self.chat in (None, chat)) and self.began <= at <= self.ended


@dataclass
class FloodWatch:
    """Follows the calls, and tells a planned 429 from a breach. Its clock is the playground's: `time.monotonic`."""

    telegram: Telegram
    interruptions: Interruptions
    holds: list[Hold] = field(default_factory=list)
    errors: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    """Single 429s that are planned, by method and chat."""
    drops: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    """Calls that will be done and not answered, by method and chat."""
    planned: int = 0
    breaches: list[tuple[float, str, int | None]] = field(default_factory=list)
    calls: int = 0
    _newest: int = 0

    async def hold(self, chat: int | None, seconds: float) -> None:
        """Put a chat or the bot in flood control."""
        began = time.monotonic()
        await self.telegram.fault(kind="hold", chat_id=chat, retry_after=seconds)
        self.holds.append(Hold(chat, began, time.monotonic() + seconds))

    async def refuse(self, method: str, chat: int | None, retry_after: Any) -> None:
        """Answer one call with a 429 that says anything."""
        self.errors[method.lower(), chat] += 1
        try:
            await self.telegram.fault(
                kind="error", error_code=429, method=method, chat_id=chat, retry_after=retry_after
            )
        except AssertionError:
            self.errors[method.lower(), chat] -= 1  # this playground knows whole numbers only

    async def drop(self, method: str, chat: int | None, kind: str) -> None:
        """Do one call, or (`drop_before`) not, and answer nothing."""
        if kind != "drop_before" and method == "sendMessage":
            self.drops[method.lower(), chat] += 1
        await self.telegram.fault(kind=kind, method=method, chat_id=chat)

    async def clear(self) -> None:
        """Forget all faults that have not come yet."""
        await self.telegram.no_faults()
        now = time.monotonic()
        for hold in self.holds:
            hold.ended = min(hold.ended, now)
        await self.look()  # what was planned has come by now, or never will
        self.errors.clear()
        self.drops.clear()

    async def follow(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(SOON)

    async def look(self) -> None:
        """Take note of the newest calls."""
        for call in await self.telegram.calls(self._newest):
            if call["seq"] > self._newest:
                self._newest = call["seq"]
                self.calls += 1
                self._take(call)

    def _take(self, call: Json) -> None:
        method, chat = call["method"].lower(), call["parameters"].get("chat_id")
        key = (method, chat)
        if call["ok"] and self.drops[key]:
            self.drops[key] -= 1
            self.interruptions.note("a send never answered", call["time"], chat=chat)
        if call["error_code"] != 429:
            return
        if any(hold.explains(chat, call["time"]) for hold in self.holds):
            self.planned += 1
            return
        planned = next((one for one in (key, (method, None)) if self.errors[one]), None)
        if planned is None:
            self.breaches.append((call["time"], method, chat))
        else:
            self.errors[planned] -= 1
            self.planned += 1

    def lines(self, since: float) -> list[str]:
        """What there is to say of it; times count from `since`."""
        chats = {chat for _, _, chat in self.breaches}
        shown = ", ".join(f"{at - since:.1f} s {method} in {chat}" for at, method, chat in self.breaches[:20])
        return [
            f"429s that a budget should have prevented {len(self.breaches)} in {len(chats)} chats"
            f" (planned {self.planned}, of {self.calls} calls)" + (f": {shown}" if shown else "")
        ]
