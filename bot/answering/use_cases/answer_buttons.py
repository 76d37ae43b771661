"""Presses under an answer: which answer is meant, whether this person may, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.answering.finished_answers import FinishedAnswers
from bot.answering.keyboards import FinishedAnswer, Press, Pressed
from bot.answering.turns.service import TurnService
from bot.answering.use_cases.model_choice import ModelGone
from bot.conversation.messages import ChatKey, Ending, Turn, TurnState
from bot.models.catalog import Offer
from bot.people.limits.question_limits import QuestionLimits
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.preferences import Preferences
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository


class PressOutcome(Enum):
    """The result of a press."""

    DONE = auto()
    GONE = auto()
    """The answer was forgotten, taken out, or belongs to another chat."""
    ORPHAN = auto()
    """The answer stands in other messages: this one was sent twice, because nobody knew whether it had arrived."""
    NOT_YOURS = auto()
    NOT_WRITABLE = auto()
    """The bot may not write in this chat."""
    OVER = auto()
    """There is nothing to stop: the answer is complete."""
    CUT = auto()
    """There is nothing to stop: the answer broke off for want of rights, and gets the buttons that go on."""


@dataclass(frozen=True, slots=True)
class AnswerMenu:
    """The models that may answer again, or the facts for the usual buttons."""

    offers: Sequence[Offer] = ()
    facts: FinishedAnswer | None = None


class AnswerButtons:
    """Does what buttons under answers say. Raises StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        permissions: Permissions,
        limits: QuestionLimits,
        finished: FinishedAnswers,
        preferences: Preferences,
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._permissions = permissions
        self._limits = limits
        self._finished = finished
        self._preferences = preferences

    async def press(self, pressed: Pressed, speaker: Speaker, message_id: int, *, language: str) -> PressOutcome:
        """Do what a button of the message says. Raises TooManyQuestions, AnswerNotFound, ModelGone."""
        allowed = await self._permissions.may_act_on(speaker, await self._asker(pressed))
        async with self._unit.transaction():
            if hindrance := await self._hindrance(pressed, speaker, message_id):
                return hindrance
            if not allowed:
                return PressOutcome.NOT_YOURS
            if pressed.press is Press.STOP and await self._turns.stop_turn(pressed.id):
                return PressOutcome.DONE
            if not speaker.chat.writable:
                return PressOutcome.NOT_WRITABLE
            if pressed.press is Press.STOP:
                return await self._mend(pressed.id, speaker, message_id, language)
            await self._act(pressed, speaker, message_id, language)
            return PressOutcome.DONE

    async def menu(self, pressed: Pressed, speaker: Speaker, message_id: int) -> AnswerMenu | PressOutcome:
        """Give what MENU and BACK show in the place of the buttons. DONE: nothing, while another answer is written."""
        allowed = await self._permissions.may_act_on(speaker, await self._asker(pressed))
        if hindrance := await self._hindrance(pressed, speaker, message_id):
            return hindrance
        if not allowed:
            return PressOutcome.NOT_YOURS
        key, answer = await self._conversations.key(pressed.id), await self._conversations.message(pressed.id)
        if key is None or answer is None:
            return PressOutcome.GONE
        turn = await self._turns.current(key)
        if turn is not None and turn.question == answer.parent and turn.answer != answer.id:
            return PressOutcome.DONE  # the answer that is being written has buttons of its own
        chosen = await self._preferences.effective(key)
        if pressed.press is Press.MENU:
            return AnswerMenu(offers=await self._finished.offers(speaker.id, chosen))
        return AnswerMenu(facts=await self._finished.facts(answer.id, answer.ending, speaker.id, chosen))

    async def stop_draft(self, turn: int, speaker: Speaker) -> None:
        """Stop the answer whose draft Telegram's own button stopped; a draft bears the turn's id."""
        known = await self._turns.get(turn)
        if known is not None and _same_chat(known.key, speaker):
            async with self._unit.transaction():
                await self._turns.stop_turn(known.id)

    async def _asker(self, pressed: Pressed) -> int | None:
        if pressed.press is not Press.STOP:
            return await self._conversations.author(pressed.id)
        turn = await self._turns.get(pressed.id)
        return turn.asker if turn else None

    async def _act(self, pressed: Pressed, speaker: Speaker, message_id: int, language: str) -> None:
        if pressed.press is Press.SEE:
            shown = await self._conversations.at(speaker.key, message_id)
            if shown is None or shown.id != pressed.id:
                await self._turns.show(pressed.id, by=speaker.id, language=language)
            return
        model = await self._chosen_model(pressed, speaker) if pressed.press is Press.WITH else None
        await self._limits.admit(speaker)
        if pressed.press is Press.GO_ON:
            await self._turns.go_on(pressed.id, by=speaker.id, language=language)
        else:
            await self._turns.again(pressed.id, by=speaker.id, language=language, model=model)

    async def _chosen_model(self, pressed: Pressed, speaker: Speaker) -> str:
        """Give the choice of the model on a button. Raises ModelGone."""
        offers = await self._finished.offers(speaker.id, await self._preferences.effective(speaker.key))
        offer = next((one for one in offers if one.id == pressed.model), None)
        if offer is None:
            raise ModelGone(f"{pressed.model} is not offered to {speaker.id}")
        return offer.choice

    async def _mend(self, turn: int, speaker: Speaker, message_id: int, language: str) -> PressOutcome:
        """Give a finished answer that still has its ■ Stop its last keyboard, where it broke off for want of rights."""
        ended = await self._turns.get(turn)
        here = await self._conversations.at(speaker.key, message_id)
        cut = ended is not None and ended.state is TurnState.FAILED
        if not cut or here is None or here.ending is not Ending.BROKEN:
            return PressOutcome.OVER
        await self._turns.show(here.id, by=speaker.id, language=language)
        return PressOutcome.CUT

    async def _hindrance(self, pressed: Pressed, speaker: Speaker, message_id: int) -> PressOutcome | None:
        """None: the pressed message shows the answer that is meant."""
        if pressed.press is Press.STOP:
            turn = await self._turns.get(pressed.id)
            if turn is None or not _same_chat(turn.key, speaker):
                return PressOutcome.GONE
            return None if _shows(turn, message_id, pressed.attempt) else PressOutcome.ORPHAN
        key = await self._conversations.key(pressed.id)
        if key is None or not _same_chat(key, speaker):
            return PressOutcome.GONE
        turn = await self._turns.current(key)  # asked first: a turn that ends meanwhile has left its messages behind
        if turn is not None and turn.answer == pressed.id and _shows(turn, message_id):
            return None
        return None if message_id in await self._conversations.shown(pressed.id) else PressOutcome.ORPHAN


def _shows(turn: Turn, message_id: int, attempt: int | None = None) -> bool:
    ids = {shown.message_id for shown in turn.shown}
    # this very message may be the one whose id is not known yet; those of an earlier attempt are all known or orphans
    on_its_way = None in ids and attempt in {None, turn.attempt}
    return on_its_way or message_id in ids


def _same_chat(key: ChatKey, speaker: Speaker) -> bool:
    return (key.bot, key.chat) == (speaker.key.bot, speaker.key.chat)
