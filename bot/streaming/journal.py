"""Journal of the Telegram messages that show one answer; it survives restarts.

Each message is noted before it is sent, and its id after; a full one is noted when it has had its last edit, with a
fingerprint of what it shows, so that a later delivery of the same text leaves it alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bot.conversation.messages import Shown
from bot.rendering.entities import Formatted

_SEEN = "seen"
_AGAIN = "again"


class JournalStore(Protocol):
    """Storage of one answer's journal, and the right to show the answer."""

    @property
    def shown(self) -> Sequence[Shown]:
        """The messages that were shown so far, in order."""

    async def keep(self, shown: tuple[Shown, ...]) -> None:
        """Store them. Raises LeaseLost where the answer is somebody else's now."""

    @property
    def stores(self) -> bool:
        """Tell whether something was stored just now: what has to be kept of a send will be kept, then."""

    def check(self) -> None:
        """Raise LeaseLost where the answer may not be shown from here any more; called right before every call."""

    def resting(self) -> AbstractContextManager[None]:
        """Wait for a long hold in this context: another answer may be in progress meanwhile."""


class MessageJournal:
    """The messages of an answer by their number; write-ahead: `intend` before a send, `confirm` after it."""

    def __init__(self, store: JournalStore) -> None:
        self._store = store
        self._shown = list(store.shown)
        while self._shown and self._shown[-1].message_id is None:
            self._shown.pop()  # whether this one was sent is not known: it will be sent again
        self._own: set[int] = set()

    def __len__(self) -> int:
        return len(self._shown)

    def id(self, number: int) -> int | None:
        """Return the message's id. None: it has to be sent."""
        return self._shown[number].message_id if number < len(self._shown) else None

    def is_old(self, number: int) -> bool:
        """Tell whether an earlier attempt showed something there, and this one has not yet."""
        return self.id(number) is not None and number not in self._own

    def has_sealed(self, number: int) -> bool:
        """Tell whether a full message stands there, perhaps of an earlier attempt."""
        return number < len(self._shown) and self._shown[number].sealed

    def shows(self, number: int, what: Formatted) -> bool:
        """Tell whether a full message stands there that shows just this."""
        return self.has_sealed(number) and self._shown[number].part.get(_SEEN) == fingerprint(what)

    def mark_written(self, number: int) -> None:
        """Note that this attempt has written into the message."""
        self._own.add(number)

    def lose(self, number: int) -> None:
        """Note that the message is gone: another one has to be sent for it."""
        self._shown[number] = Shown(None)

    async def intend(self, number: int) -> None:
        """Note that a message is about to be sent; of the first one that is known from the beginning.

        It is noted again where the store may have failed since: a message whose id cannot be kept would be sent twice.
        """
        self._put(number, Shown(None))
        if self._shown == list(self._store.shown):
            if self._store.stores:
                return
            self._put(
                number, Shown(None, {_AGAIN: True})
            )  # SQLite writes nothing, and cannot fail, where nothing changes
        await self._keep()

    async def confirm(self, number: int, message_id: int, *, full: Formatted | None) -> None:
        """Note the id of a message that was sent; `full`: what it shows for good."""
        self.mark_written(number)
        self._put(number, _shown(message_id, full))
        await self._keep()

    async def seal(self, number: int, what: Formatted) -> None:
        """Note that the message has had its last edit."""
        self.mark_written(number)
        self._put(number, _shown(self._shown[number].message_id, what))
        await self._keep()

    async def reopen(self, number: int) -> None:
        """Note that the message has buttons after all: whoever writes on below it has to take them off."""
        self._put(number, Shown(self._shown[number].message_id))
        await self._keep()

    def from_number(self, number: int) -> list[int]:
        """Return the ids of the messages from this number on: what is left over."""
        return [shown.message_id for shown in self._shown[number:] if shown.message_id is not None]

    async def drop_from(self, number: int) -> None:
        """Forget the messages from this number on."""
        if len(self._shown) > number:
            del self._shown[number:]
            await self._keep()

    def _put(self, number: int, shown: Shown) -> None:
        self._shown[number : number + 1] = [shown]

    async def _keep(self) -> None:
        await self._store.keep(tuple(self._shown))


def _shown(message_id: int | None, full: Formatted | None) -> Shown:
    if full is None:
        return Shown(message_id)
    return Shown(message_id, {_SEEN: fingerprint(full)}, sealed=True)


def fingerprint(what: Formatted) -> str:
    """Tell one formatted text from another."""
    said = repr((what.text, [(item.type, item.offset, item.length, item.url) for item in what.entities]))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
