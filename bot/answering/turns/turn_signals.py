"""Signals between replicas about turns, on the channel `turns`."""

from __future__ import annotations

import json
from typing import Protocol

from bot.storage.database import Database
from bot.storage.turn_queue.leases import Signal

TURN_CHANNEL = "turns"


class SignalReceiver(Protocol):
    """Hears what was told, in this process or another."""

    def signal(self, turn: int, signal: Signal | None) -> None:
        """Do what a person wants of a turn; None: it is gone."""
        ...

    def look_for_turns(self, home: str | None) -> None:
        """Look for turns that may begin at this `home`, elsewhere only after a while; None: anywhere."""
        ...

    def look_for_replicas(self) -> None:
        """See who lives: somebody came or went."""
        ...

    def something_missed(self) -> None:
        """Look for everything: something may have been told that did not arrive."""
        ...


class TurnSignals:
    """Sends signals with the open transaction, and hands on those that are well-formed and of this bot."""

    def __init__(self, database: Database, *, bot: int) -> None:
        self._database = database
        self._bot = bot

    async def tell(self, turn: int, signal: Signal | None) -> None:
        """Tell whoever runs a turn, once the transaction is committed; None: it is gone."""
        await self._say(signal.value if signal else "drop", turn)

    async def claim(self, home: str | None = None) -> None:
        """Have the process look for turns at which their chat is at home, the others later; None: everybody now."""
        await self._say("claim", home=home)

    async def look(self) -> None:
        """Have every process see who lives."""
        await self._say("look")

    def listen(self, receiver: SignalReceiver) -> None:
        """Hand on what is told from now on."""
        self._database.listen(TURN_CHANNEL, lambda payload: self._hear(payload, receiver))

    async def _say(self, what: str, turn: int = 0, *, home: str | None = None) -> None:
        said = {"bot": self._bot, "do": what, "turn": turn, **({} if home is None else {"home": home})}
        await self._database.notify(TURN_CHANNEL, json.dumps(said))

    def _hear(self, payload: str, receiver: SignalReceiver) -> None:
        if not payload:
            receiver.something_missed()
            return
        match _read(payload):
            case {"bot": self._bot, "do": "claim", "home": str(home)}:
                receiver.look_for_turns(home)
            case {"bot": self._bot, "do": "claim"}:
                receiver.look_for_turns(None)
            case {"bot": self._bot, "do": "look"}:
                receiver.look_for_replicas()
            case {"bot": self._bot, "do": "drop", "turn": int(turn)}:
                receiver.signal(turn, None)
            case {"bot": self._bot, "do": Signal.STOP | Signal.RESTART as said, "turn": int(turn)}:
                receiver.signal(turn, Signal(said))
            case _:
                pass  # of another bot, of a newer version, or of a stranger on the same channel


def _read(payload: str) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
