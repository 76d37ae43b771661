"""The bot's update queue: offsets, kinds that it asked for, long polling by one poller at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from playground.errors import Refusal
from playground.world.update_faults import UpdateFaults

Json = dict[str, Any]

MAX_PENDING_UPDATES: Final = 100_000
"""Updates that wait at most; the oldest go first, as Telegram's do after 24 hours."""
MAX_OFFSET_LEAD: Final = 10
"""Ids by which an offset may lie beyond the queue's end before the server takes it for one of the future (tqueue)."""
OffsetReading = Literal["documented", "server"]
"""An offset above all ids: by the documentation it confirms everything below it; the server itself ("Specified from_id
is in the future") confirms nothing, and answers from the queue's head."""
OFFSET_READINGS: Final = get_args(OffsetReading)
MAX_POLL_TIMEOUT: Final = 50
NOT_BY_DEFAULT: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
CONFLICT: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
CONFLICT_SET_WEBHOOK: Final = "Conflict: terminated by setWebhook request"
CONFLICT_WEBHOOK: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class Webhook:
    """Address that updates are delivered to while `url` is not empty, and the last failure."""

    url: str = ""
    secret: str = ""
    connections: int = 40
    last_error: str = ""
    last_error_date: int = 0


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update in the queue: the id that confirms it, and what is handed out, which a scene may make anything."""

    id: int
    update: Any


class UpdateQueue:
    """Updates that the bot has not confirmed yet, oldest first. `changed` is called whenever there is news to keep."""

    def __init__(self, first_id: int = 100_001) -> None:
        self.next_id = first_id
        self.pending: deque[PendingUpdate] = deque(maxlen=MAX_PENDING_UPDATES)
        self.allowed: list[str] = []
        self.webhook = Webhook()
        self.faults = UpdateFaults()
        self.reading: OffsetReading = "documented"
        """Readings of an offset above all ids."""
        self.more = asyncio.Event()
        self.changed: Callable[[], None] = lambda: None
        self._poller: asyncio.Future[None] | None = None

    def wants(self, kind: str) -> bool:
        """Return whether the bot asked for this kind; an empty list means all but three."""
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    def put(self, kind: str, payload: Json) -> None:
        """Queue an update, unless the bot does not want its kind."""
        arriving = self.faults.apply(kind, payload) if self.wants(kind) else None
        if arriving is None:
            return
        self._append(self.next_id, {"update_id": self.next_id, kind: arriving})

    def put_raw(self, update: Any, update_id: int | None = None) -> int:  # noqa: ANN401  # any JSON value
        """Queue anything as it is, and return the id that confirms it: `update_id`, else the next one."""
        identity = self.next_id if update_id is None else update_id
        self._append(identity, update)
        return identity

    def renumber(self, next_id: int, reading: OffsetReading | None = None) -> None:
        """Go on with other ids from the next update on, and perhaps read offsets in another way."""
        self.next_id = next_id
        self.reading = reading or self.reading
        self.changed()

    def _append(self, identity: int, update: Any) -> None:  # noqa: ANN401  # any JSON value
        self.pending.append(PendingUpdate(identity, update))
        self.next_id = identity + 1
        self.changed()
        self.more.set()
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    async def get(self, offset: int, limit: int, seconds: float, allowed: list[str] | None) -> list[Any]:
        """Answer `getUpdates`. Raises 409 while a webhook is set, and for a poller that another one replaces."""
        if self.webhook.url:
            raise Refusal(409, CONFLICT_WEBHOOK)
        if allowed is not None:
            self.allowed = allowed
        self.interrupt(CONFLICT)
        self._confirm(offset)
        if not self.pending and seconds > 0:
            await self._wait(min(seconds, MAX_POLL_TIMEOUT))
        limit = limit if 1 <= limit <= 100 else 100  # noqa: PLR2004  # the Bot API's own range
        return [self.pending[index].update for index in range(min(limit, len(self.pending)))]

    async def _wait(self, seconds: float) -> None:
        poller = self._poller = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                await poller
        except TimeoutError:
            return
        finally:
            if self._poller is poller:
                self._poller = None

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
            return
        if self.reading == "server" and offset > self.next_id + MAX_OFFSET_LEAD:
            return
        kept = [pending for pending in self.pending if pending.id >= offset]
        if len(kept) < len(self.pending):
            self.pending.clear()
            self.pending.extend(kept)
            self.changed()

    def interrupt(self, conflict: str | None = None) -> None:
        """End a long poll: with a 409, or (None) with no updates, as when the server stops."""
        poller, self._poller = self._poller, None
        if poller is None or poller.done():
            return
        if conflict is None:
            poller.set_result(None)
        else:
            poller.set_exception(Refusal(409, conflict))

    def set_webhook(self, url: str, secret: str, connections: int) -> None:
        """Deliver updates to an address, or (empty) keep them for `getUpdates`."""
        self.webhook = Webhook(url, secret, connections)
        if url:
            self.interrupt(CONFLICT_SET_WEBHOOK)
        self.more.set()
        self.changed()

    def delivered(self, update: PendingUpdate) -> None:
        """Forget an update that the webhook took."""
        if update in self.pending:
            self.pending.remove(update)
            self.changed()

    def drop(self) -> None:
        """Forget all pending updates."""
        self.pending.clear()
