"""Words between the parts of a program, and on PostgreSQL between replicas, by channel."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable

logger = logging.getLogger(__name__)

NotificationHandler = Callable[[str], None]


class NotificationBus:
    """Subscribers within this process, by channel."""

    def __init__(self) -> None:
        self._callbacks: defaultdict[str, list[NotificationHandler]] = defaultdict(list)

    def add(self, channel: str, heard: NotificationHandler) -> None:
        """Call `heard` with every payload on the channel."""
        self._callbacks[channel].append(heard)

    def tell(self, channel: str, payload: str) -> None:
        """Call everybody who listens on the channel; a failure of one is logged and hinders no other."""
        for heard in self._callbacks.get(channel, ()):
            try:
                heard(payload)
            except Exception:
                logger.exception("A listener on %s failed", channel)

    def tell_everyone_nothing(self) -> None:
        """Say that something may have been missed."""
        for channel in list(self._callbacks):
            self.tell(channel, "")
