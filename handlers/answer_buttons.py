"""The buttons under an answer: stop, again, go on, and the versions."""

from __future__ import annotations

from enum import Enum, auto

from aiogram import Router
from aiogram.types import CallbackQuery, MessageGenerationStopped

from bot.answering.keyboards import Press, Pressed, read_press
from bot.answering.service import TurnService
from bot.conversation.messages import ChatKey, Ending, Turn, TurnState
from bot.conversation.people import Chat
from bot.people.group_admins import GroupAdmins
from bot.people.question_limits import QuestionLimits
from bot.storage.repositories.conversations import ConversationRepository
from bot.telegram.client import Telegram
from handlers.support.filters import administers
from handlers.support.mapping import EventContext
from handlers.support.responders import AfterCommit, CallbackAnswer, Responder


class AnswerStatus(Enum):
    """What has become of the answer whose button was pressed."""

    HERE = auto()
    GONE = auto()
    """It was forgotten, taken out, or belongs to another chat."""
    ORPHAN = auto()
    """It stands in other messages: this one was sent twice, because nobody knew whether it had arrived."""
    NOT_WRITABLE = auto()
    """It is here, but the bot may not write here."""


def router() -> Router:
    """Presses under answers, and Telegram's own Stop."""
    router = Router(name="buttons")
    router.callback_query.register(press, pressed_answer, may_press)
    router.stopped_message_generation.register(stop_draft)
    return router


async def pressed_answer(
    query: CallbackQuery,
    origin: EventContext,
    group: Chat | None,
    turns: TurnService,
    conversations: ConversationRepository,
) -> dict[str, object] | bool:
    """A button under an answer: which, what became of the answer, and who had asked."""
    pressed = read_press(query.data or "")
    if pressed is None:
        return False
    if pressed.press is Press.STOP:
        turn = await turns.get(pressed.id)
        asker, whereabouts = turn.asker if turn else None, _of_turn(turn, origin, pressed.attempt)
    else:
        asker = await conversations.author(pressed.id)
        whereabouts = await _of_answer(pressed.id, origin, turns, conversations)
    if whereabouts is AnswerStatus.HERE and group is not None and not group.writable:
        whereabouts = AnswerStatus.NOT_WRITABLE
    return {"pressed": pressed, "whereabouts": whereabouts, "asker": asker}


async def may_press(
    _: CallbackQuery, origin: EventContext, asker: int | None, admin: bool, group_admins: GroupAdmins
) -> dict[str, bool]:
    """Who asked, group administrators and bot admins may."""
    return {"allowed": admin or origin.speaker == asker or await administers(origin, group_admins)}


async def press(
    _: CallbackQuery,
    pressed: Pressed,
    whereabouts: AnswerStatus,
    allowed: bool,
    admin: bool,
    origin: EventContext,
    turns: TurnService,
    conversations: ConversationRepository,
    limits: QuestionLimits,
    telegram: Telegram,
    say: Responder,
    answer: CallbackAnswer,
    later: AfterCommit,
) -> None:
    """Do what the button says, where that can be done and this person may."""
    if whereabouts is AnswerStatus.GONE:
        answer("press-gone", alert=True)
    elif whereabouts is AnswerStatus.ORPHAN:
        answer("press-orphan")
        later("delete an orphan", lambda: telegram.delete(origin.key.chat, [origin.message_id or 0]))
    elif not allowed:
        answer("press-not-yours", alert=True)
    elif pressed.press is Press.STOP and await turns.stop_turn(pressed.id):
        return
    elif whereabouts is AnswerStatus.NOT_WRITABLE:
        answer("press-mute", alert=True)
    elif pressed.press is Press.STOP:
        await _mend(pressed.id, origin, turns, conversations, say, answer)
    elif pressed.press is Press.SEE:
        await _see(pressed.id, origin, turns, conversations, say)
    else:
        if not admin:
            await limits.admit(person=origin.speaker, chat=origin.key.chat)
        begin = turns.again if pressed.press is Press.AGAIN else turns.go_on
        await begin(pressed.id, by=origin.speaker, language=say.language)


async def stop_draft(stopped: MessageGenerationStopped, origin: EventContext, turns: TurnService) -> None:
    """Telegram's own Stop, above a draft; the draft bears the turn's id."""
    turn = await turns.get(stopped.draft_id)
    if turn is not None and _same_chat(turn.key, origin):
        await turns.stop_turn(turn.id)


async def _mend(
    turn: int,
    origin: EventContext,
    turns: TurnService,
    conversations: ConversationRepository,
    say: Responder,
    answer: CallbackAnswer,
) -> None:
    """A finished answer still has its ■ Stop: give it the last keyboard where it broke off for want of rights."""
    ended = await turns.get(turn)
    here = await conversations.at(origin.key, origin.message_id or 0)
    cut = ended is not None and ended.state is TurnState.FAILED
    if cut and here is not None and here.ending is Ending.BROKEN:
        answer("press-cut", alert=True)
        await turns.show(here.id, by=origin.speaker, language=say.language)
    else:
        answer("press-over")


async def _see(
    version: int, origin: EventContext, turns: TurnService, conversations: ConversationRepository, say: Responder
) -> None:
    """Show another version; the one that is shown already needs nothing."""
    shown = await conversations.at(origin.key, origin.message_id or 0)
    if shown is None or shown.id != version:
        await turns.show(version, by=origin.speaker, language=say.language)


def _of_turn(turn: Turn | None, origin: EventContext, attempt: int | None = None) -> AnswerStatus:
    if turn is None or not _same_chat(turn.key, origin):
        return AnswerStatus.GONE
    ids = {shown.message_id for shown in turn.shown}
    # this very message may be the one whose id is not known yet; those of an earlier attempt are all known or orphans
    on_its_way = None in ids and attempt in {None, turn.attempt}
    return AnswerStatus.HERE if on_its_way or origin.message_id in ids else AnswerStatus.ORPHAN


async def _of_answer(
    answer: int, origin: EventContext, turns: TurnService, conversations: ConversationRepository
) -> AnswerStatus:
    key = await conversations.key(answer)
    if key is None or not _same_chat(key, origin):
        return AnswerStatus.GONE
    turn = await turns.current(key)  # asked first: a turn that ends meanwhile has left its messages behind
    if turn is not None and turn.answer == answer and _of_turn(turn, origin) is AnswerStatus.HERE:
        return AnswerStatus.HERE
    return AnswerStatus.HERE if origin.message_id in await conversations.shown(answer) else AnswerStatus.ORPHAN


def _same_chat(key: ChatKey, origin: EventContext) -> bool:
    return (key.bot, key.chat) == (origin.key.bot, origin.key.chat)
