"""What Telegram does to the bot: floods, broken calls, outages of all calls, updates that are none."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.updates.webhook import webhook_path
from tests.chaos.floods import FloodWatch
from tests.chaos.malformed import FRESH_IDS, raw_update, unreadable_fields, webhook_body
from tests.end_to_end.test_webhook import BOT, SECRET
from tests.harness.telegram_people import Telegram
from tests.soak.counting import Interruptions
from tests.soak.playground_process import PlaygroundProcess

BOTHER = (0.3, 1.5)
"""Seconds between two faults of single calls."""
SOUND = (12.0, 25.0)
"""Seconds between two outages of all calls."""
OUTAGE = (2.0, 8.0)
MALFORMED = (1.0, 4.0)
"""Seconds between two updates that are none."""
RENUMBERED_EVERY = 15
"""Every so many of those the ids of updates begin anew."""
RENUMBER_TRIES = 40
"""Looks for a moment in which no update waits."""
ODD_WAITS: tuple[Any, ...] = (0, -5, 1, 2, 1.5, "3", "soon", None, [], {})
"""Values of retry_after. Huge ones are left out: they are kept to within bounds that outlast every run."""
IDS_AHEAD = 1_000
"""Ids that one passes over, so that no true update has the same."""
ENDLESS = 1_000_000
"""Calls that a fault of all calls hits, until it is cleared."""


@dataclass
class TelegramTrouble:
    """Everything that goes wrong at Telegram; each kind by a chance of its own, so that none shifts another."""

    telegram: Telegram
    playground: PlaygroundProcess
    watch: FloodWatch
    interruptions: Interruptions
    chats: Sequence[int]
    seed: str
    webhooks: Sequence[str] = ()
    """Addresses of replicas that take updates; none where they poll."""
    tally: Counter[str] = field(default_factory=Counter)
    _clearing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _can_hand_out_anything: bool = True

    async def bother(self, until: float) -> None:
        """Let single calls fail until then."""
        chance = random.Random(f"{self.seed} calls")
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*BOTHER))
            async with self._clearing:
                await self._hit_a_call(chance)

    async def _hit_a_call(self, chance: random.Random) -> None:
        chat = chance.choice(self.chats)
        what = chance.choice(("hold", "hold the bot", "refuse", "refuse a poll", "after", "before", "send", "error"))
        self.tally["faults of single calls"] += 1
        match what:
            case "hold":
                await self.watch.hold(chat, chance.randint(1, 6))
            case "hold the bot" if chance.random() < 0.3:
                await self.watch.hold(None, chance.randint(1, 3))
            case "refuse":
                method = chance.choice(("sendMessage", "editMessageText"))
                await self.watch.refuse(method, chat, chance.choice(ODD_WAITS))
            case "refuse a poll" if not self.webhooks:
                await self.watch.refuse("getUpdates", None, chance.choice(ODD_WAITS))
            case "after":
                await self.watch.drop("editMessageText", chat, "drop_after")
            case "before":
                await self.watch.drop("sendMessage", chat, "drop_before")
            case "send" if chance.random() < 0.3:
                await self.watch.drop("sendMessage", chat, chance.choice(("drop_after", "stall")))
            case _:
                code = chance.choice((500, 502))
                await self.telegram.fault(
                    kind="error", error_code=code, method="editMessageText", chat_id=chat, count=2
                )

    async def fail(self, until: float) -> None:
        """Let every call fail for some seconds, now and then until then."""
        chance = random.Random(f"{self.seed} outages")
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*SOUND))
            seconds, kind = chance.uniform(*OUTAGE), chance.choice(("silent", "error", "drop_before"))
            self.tally["outages of Telegram"] += 1
            if kind == "silent":
                began = time.monotonic()
                await self.playground.freeze(seconds)
                self.interruptions.note("a silence of Telegram", began, time.monotonic())
                continue
            async with self._clearing:
                for method in (None, "getUpdates"):
                    await self.telegram.fault(kind=kind, error_code=502, method=method, count=ENDLESS)
                await asyncio.sleep(seconds)
                await self.watch.clear()

    async def confuse(self, until: float) -> None:
        """Hand out what is no update, until then."""
        chance = random.Random(f"{self.seed} updates")
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*MALFORMED))
            if self.webhooks and chance.random() < 0.5:
                await self._post(chance.choice(self.webhooks), webhook_body(chance))
            elif not self.webhooks and chance.randrange(RENUMBERED_EVERY) == 0:
                await self._renumber(chance)
            else:
                await self._hand_out(chance)

    async def _hand_out(self, chance: random.Random) -> None:
        known = unreadable_fields(chance)
        self.tally["malformed updates"] += 1
        if self._can_hand_out_anything:
            try:
                following = (await self.telegram.post("updates/ids"))["next_id"] + IDS_AHEAD
                update = raw_update(chance, following)
                await self.telegram.post("updates/raw", update=update, update_id=following)
            except AssertionError:
                self._can_hand_out_anything = False  # this playground knows updates of known kinds only
            else:
                return
        await self.telegram.post("updates", **known)

    async def _renumber(self, chance: random.Random) -> None:
        """Let the ids of updates begin anew, as after a quiet week: no update waits then."""
        begin = chance.randrange(*FRESH_IDS)
        for _ in range(RENUMBER_TRIES):
            try:
                answer = await self.telegram.post("updates/ids", next_id=begin, reading="server", when_empty=True)
            except AssertionError:
                return  # this playground always counts on
            if answer["next_id"] == begin:
                self.tally["ids that begin anew"] += 1
                return
            await asyncio.sleep(0.05)

    async def _post(self, address: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
        self.tally["malformed updates"] += 1
        limit = aiohttp.ClientTimeout(total=3)
        try:
            url = f"http://{address}{webhook_path(BOT, SECRET)}"
            async with self.telegram.session.post(url, data=body, headers=headers, timeout=limit) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError):
            return  # the replica is away, or frozen
