"""The claim of a turn: who holds it, for how long, and how often it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.conversation.messages import Message, Shown, Turn

LEASE_DURATION = 15.0
"""Seconds that a claim lasts unless it is renewed."""
MAX_FAULTS = 3
"""Faults of a turn after which it is begun only to say that it failed."""
MAX_FAILURE_REPORTS = 5
"""Faults while that is said before the turn is dropped silently."""
PROBATION = 10.0
"""Seconds after which a turn that runs has not killed its process: what comes later has another cause."""
MAX_CROWDED_ATTEMPTS = 10
"""Attempts after which a turn runs beside no other like it: alone it is found out whether it kills the process."""
LAST_CHANCE = MAX_FAULTS - 1
"""Poison-pill guard: a turn with so many faults never runs next to another one."""
UNTRIED = {"attempt": 0, "faults": 0, "unfinished": ""}
"""The counts of a turn that begins anew, of which nothing is written."""
ABOUT_TO_SEND = (Shown(None),)
"""Note of an answer's first message before it is sent: written with the claim, which spares a transaction."""


class Signal(StrEnum):
    """Wish of a person for a turn that runs, kept in its row until it has happened."""

    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Company:
    """Turns that run already in a process that claims."""

    nobody: bool = False
    """Nothing does: a turn that begins now is alone."""
    suspect: bool = False
    """A turn does that is taken to be alone so far."""


NO_COMPANY = Company(nobody=True)


@dataclass(frozen=True, slots=True)
class Lease:
    """The proof of a claim: whose it is, and which time it was claimed."""

    turn: int
    owner: str
    claim: int


@dataclass(frozen=True, slots=True)
class ClaimedTurn:
    """A turn that this process has just made its own."""

    turn: Turn
    owner: str
    claim: int
    """The number of this claim: an attempt that is given back does not count, and its number comes again."""
    stopped: bool
    """A person wanted it stopped before it was claimed."""
    suspect: bool = False
    """Nothing else ran in this process when it was claimed: where that dies soon, this turn has killed it."""
    lone_question: Message | None = None
    """The question, where it is known that nothing was said before it."""

    @property
    def lease(self) -> Lease:
        """The proof of this claim."""
        return Lease(self.turn.id, self.owner, self.claim)

    @property
    def is_poison_candidate(self) -> bool:
        """True where it has its last chance, or was begun so often in company that it is tried by itself."""
        return self.turn.faults == LAST_CHANCE or self.turn.attempt > MAX_CROWDED_ATTEMPTS
