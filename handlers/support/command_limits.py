"""Limits of commands: the same one again is answered once, and in groups a person has so many a minute."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from cachetools import TTLCache

from bot.errors import Problem
from bot.people.limits.question_limits import MINUTE
from handlers.support.event_context import EventContext

COMMAND_REPEAT_INTERVAL = 5.0
"""Seconds since somebody gave a command within which the same one is a repetition."""
GROUP_COMMANDS_PER_MINUTE = 10
"""Commands of one person in one group: each answer spends one of the group's 20 messages a minute."""
MAX_REMEMBERED_COMMANDS = 10_000
"""Commands, and people, that are remembered at once."""
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?:\s+(.*))?$", re.DOTALL)


class TooManyCommands(Problem):
    """Somebody has given as many commands as a group bears; `count` seconds later the next one is taken."""

    key = "too-many-commands"


@dataclass(frozen=True, slots=True)
class _Given:
    """A command as somebody gave it."""

    name: str
    arguments: str
    replies_to: int | None
    update: int

    def is_repeated_by(self, other: _Given) -> bool:
        return self.update != other.update and replace(self, update=other.update) == other


class CommandLimits:
    """Remembers each person's last command, and how many a minute. `clock` is in seconds.

    Whoever has said something else in between means it again, and what is `repeatable` is always meant.
    """

    def __init__(self, clock: Callable[[], float], *, repeatable: Collection[str]) -> None:
        self._clock = clock
        self._repeatable = frozenset(repeatable)
        self._last: TTLCache[tuple[object, ...], _Given] = TTLCache(
            MAX_REMEMBERED_COMMANDS, COMMAND_REPEAT_INTERVAL, timer=clock
        )
        self._times: TTLCache[tuple[int, int], deque[float]] = TTLCache(MAX_REMEMBERED_COMMANDS, MINUTE, timer=clock)

    def accepts(self, text: str, origin: EventContext, *, replies_to: int | None) -> bool:
        """Tell a command to be answered, and whatever is none, from a repetition. Raises TooManyCommands.

        An update that comes again is no repetition, nor is a reply to another message.
        """
        somebody = (origin.key, origin.author.id)
        command = _COMMAND.match(text)
        before = self._last.pop(somebody, None)
        if command is None:
            return True
        given = _Given(command[1].lower(), (command[2] or "").strip(), replies_to, origin.update_id)
        if before is not None and before.is_repeated_by(given) and given.name not in self._repeatable:
            self._last[somebody] = before  # the interval begins anew
            return False
        self._last[somebody] = given
        if not origin.private and before != given:
            self._count((origin.key.chat, origin.author.id))
        return True

    def _count(self, somebody: tuple[int, int]) -> None:
        now = self._clock()
        times = self._times.get(somebody) or deque[float]()
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if len(times) >= GROUP_COMMANDS_PER_MINUTE:
            raise TooManyCommands(count=math.ceil(times[0] + MINUTE - now))
        times.append(now)
        self._times[somebody] = times
