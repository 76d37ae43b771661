"""The end of a run: what became of every question, and which messages stand there for nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.harness.checked_answers import SURE, Count, count, settled
from tests.harness.telegram_people import Json, labels
from tests.soak.people import Conversation, is_failure

WINDOW = 1.0
"""Seconds around an interruption in which a message may have been sent whose id could not be stored any more."""


@dataclass(frozen=True)
class Interruption:
    """A moment at which a message may arrive of which the program never learns: a kill, a cut, a send unanswered."""

    what: str
    began: float
    ended: float
    """Both on `time.monotonic`."""
    chat: int | None = None
    """None: of any chat."""

    def distance(self, at: float) -> float:
        """Seconds between this and another moment."""
        return max(self.began - at, at - self.ended, 0.0)


@dataclass
class Interruptions:
    """Everything that may leave a message twice."""

    happened: list[Interruption] = field(default_factory=list)

    def note(self, what: str, began: float, ended: float | None = None, *, chat: int | None = None) -> None:
        self.happened.append(Interruption(what, began, began if ended is None else ended, chat))

    def number(self, what: str) -> int:
        return sum(one.what == what for one in self.happened)

    def any_between(self, chat: int, began: float, ended: float) -> bool:
        """Tell whether something interrupted a chat within these moments, or just before or after."""
        happened = [one for one in self.happened if one.chat in (None, chat)]
        return any(one.began <= ended + WINDOW and one.ended >= began - WINDOW for one in happened)

    def nearest(self, chat: int, at: float) -> tuple[float, str]:
        """Seconds to the nearest interruption that may have hit a chat, and what it was."""
        found = [(one.distance(at), one.what) for one in self.happened if one.chat in (None, chat)]
        return min(found, default=(float("inf"), "anything"))


@dataclass
class Verdict:
    """The figures of a run. All of those in `wrong` are 0 in a good one."""

    asked: int = 0
    whole: int = 0
    lost: int = 0
    given_up: int = 0
    """Among the lost: those that failed without a failure of the generator, and were answered only when asked again."""
    doubled: int = 0
    in_window: int = 0
    out_of_order: int = 0
    unsettled: int = 0
    pressed: int = 0
    notices: int = 0
    details: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        return self.lost + self.doubled + self.out_of_order + self.unsettled

    def lines(self) -> list[str]:
        innocent = f"of these given up though the generator was well {self.given_up}"
        answered = f"asked {self.asked}, answered whole {self.whole}, lost {self.lost} ({innocent})"
        window = f"twice because of an interruption inside its send (the one window) {self.in_window}"
        return [
            *self.details,
            f"{answered}, doubled {self.doubled}, out of order {self.out_of_order}",
            f"{window}, still being written {self.unsettled}",
            f"buttons pressed after failures {self.pressed}, notices of the bot {self.notices}",
        ]


WasStored = Callable[[int, int], bool]
"""Tell of a message in a chat whether the program ever stored its id."""


def judge(
    conversations: Sequence[Conversation],
    interruptions: Interruptions,
    failures: Mapping[str, int],
    was_stored: WasStored | None = None,
) -> Verdict:
    """Count what the people see. `failures`: how often the generator failed at each question.

    `was_stored` tells a message of which the program could not know from one that it sent twice although it knew;
    where nobody can tell, those count as unknown that came within a second of an interruption.
    """
    verdict = Verdict()
    for conversation in conversations:
        seen = count(conversation.said)
        names = seen.whole
        never = len(set(conversation.asked) - set(names))
        # a failure that stands there twice, because its message was sent twice, is pressed twice
        pressed = {reference if isinstance(reference, str) else message for message, reference in conversation.pressed}
        given_up = max(0, len(pressed) - sum(failures.get(name, 0) for name in conversation.asked))
        verdict.asked += len(conversation.asked)
        verdict.whole += len(set(names))
        verdict.lost += never + given_up
        verdict.given_up += given_up
        verdict.pressed += len(conversation.pressed)
        verdict.notices += len(conversation.notices)
        verdict.unsettled += not settled(conversation.said)
        _count_twins(verdict, conversation, seen, interruptions, was_stored)
        disordered = any(
            at_once != sorted(at_once, key=conversation.asked.index) for at_once in _by_asker(conversation, names)
        )
        verdict.out_of_order += disordered
        if given_up:
            verdict.details.append(f"chat {conversation.chat}: {given_up} given up though the generator was well")
        if disordered or sorted(names) != sorted(conversation.asked):
            verdict.details += _explained(conversation, names)
    return verdict


def _by_asker(conversation: Conversation, names: Sequence[str]) -> list[list[str]]:
    """What was answered at once, in the order of the answers, of each person: people of a group take turns."""
    at_once = [name for name in names if name not in conversation.retried]
    first = conversation.askers[0]
    return [
        [name for name in at_once if conversation.askers_of.get(name, first) == asker] for asker in conversation.askers
    ]


def _count_twins(
    verdict: Verdict,
    conversation: Conversation,
    seen: Count,
    interruptions: Interruptions,
    was_stored: WasStored | None,
) -> None:
    twins = twice(seen)
    surplus = len(seen.whole) - len(set(seen.whole)) + sum(not is_failure(message) for message in seen.orphans)
    again = sum(seen.whole.count(name) - 1 for name in set(seen.whole) & conversation.retried)
    again += sum(
        message.get("text", "").startswith(f"<{name}>") for name in conversation.retried for message in seen.orphans
    )
    surplus -= min(again, conversation.pressed_again)
    near = [interruptions.nearest(conversation.chat, conversation.arrival(message)) for message in twins]
    if was_stored is None:
        unknown = [distance <= WINDOW for distance, _ in near]
    else:
        unknown = [
            not was_stored(conversation.chat, message["message_id"])
            and interruptions.any_between(conversation.chat, *_until_again(conversation, message))
            for message in twins
        ]
    excused = min(surplus, sum(unknown))
    verdict.in_window += excused
    verdict.doubled += surplus - excused
    if surplus > excused or (surplus and was_stored is None):
        apart = ", ".join(
            f"{message['message_id']} {distance:.1f} s from {what}{'' if excusable else ' (known)'}"
            for message, (distance, what), excusable in zip(twins, near, unknown, strict=True)
        )
        verdict.details.append(f"chat {conversation.chat}: twice, sent {apart}")


def _until_again(conversation: Conversation, message: Json) -> tuple[float, float]:
    """When a message came, and when another one began in the same way; the end of time where none does."""
    came, start = conversation.arrival(message), message.get("text", "")[:SURE]
    later = (conversation.arrival(other) for other in conversation.said if other.get("text", "")[:SURE] == start)
    return came, min((at for at in later if at > came), default=float("inf"))


def twice(seen: Count) -> list[Json]:
    """The messages that stand there for nothing: orphans, and the beginnings of answers that stand there again.

    The line of an older failure stays where it is when its question is answered below: nothing is there twice.
    """
    names = seen.whole
    orphans = [message for message in seen.orphans if not is_failure(message)]
    return orphans + [parts[0] for name, parts in seen.answers if names.count(name) > 1]


def _explained(conversation: Conversation, names: list[str]) -> list[str]:
    """Show what the people see where it is not what it should be."""
    lines = [f"chat {conversation.chat}: not answered once each, in order: {names} of {conversation.asked}"]
    wrong = {name for name in conversation.asked if names.count(name) != 1}
    for message in conversation.said:
        text = message.get("text", "")
        if not wrong or not text.startswith("<") or any(f"<{name}>" in text for name in wrong):
            lines.append(f"  {message['message_id']}: {text[:40]!r} … {text[-40:]!r} {labels(message)}")
    return lines
