"""News for people about whom an admin has decided."""

from __future__ import annotations

from collections.abc import Iterable

from aiogram import Bot

from bot.conversation.people import Standing
from bot.people.admission import Decided
from handlers.support.held_messages import HeldMessages
from handlers.support.responders import AfterCommit, Responder


class Herald:
    """Tells people what was decided about them, and sees to what they asked before."""

    def __init__(self, say: Responder, later: AfterCommit, held_messages: HeldMessages, bot: Bot) -> None:
        self._say = say
        self._later = later
        self._held_messages = held_messages
        self._bot = bot

    async def tell(self, decided: Iterable[Decided]) -> None:
        """Tell each of them once, in the transaction of the decision. Raises StorageUnavailable."""
        for one in decided:
            if one.informs:
                self._say.to_person(one.person)(_news(one))
            if one.standing is Standing.APPROVED and one.waited:
                self._answer(one.person.id)

    def _answer(self, person: int) -> None:
        self._later("answer what was asked before", lambda: self._held_messages.act(self._bot, person))


def _news(decided: Decided) -> str:
    """The Fluent id of what a person hears."""
    if decided.standing is Standing.APPROVED:
        return "access-granted"
    return "access-denied" if decided.waited else "access-blocked"
