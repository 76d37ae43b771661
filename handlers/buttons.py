"""The buttons under an answer: stop, again, go on, and the versions."""

from __future__ import annotations

from enum import Enum, auto

from aiogram import Router
from aiogram.types import CallbackQuery, MessageGenerationStopped

from bot.answering.keyboards import Press, Pressed, read_press
from bot.answering.turns import Turns
from bot.conversation.messages import ChatKey, Ending, Turn, TurnState
from bot.conversation.people import Chat
from bot.delivery.telegram import Telegram
from bot.people.limits import Limits
from bot.people.rights import GroupRights
from bot.storage.conversations import Conversations
from handlers.filters import administers
from handlers.reading import Origin
from handlers.speaking import Later, PressAnswer, Say


class Whereabouts(Enum):
    """What has become of the answer whose button was pressed."""

    HERE = auto()
    GONE = auto()
    """It was forgotten, taken out, or belongs to another chat."""
    ORPHAN = auto()
    """It stands in other messages: this one was sent twice, because nobody knew whether it had arrived."""
    MUTE = auto()
    """It is here, but the bot may not write here."""


def router() -> Router:
    """Presses under answers, and Telegram's own Stop."""
    router = Router(name="buttons")
    router.callback_query.register(press, pressed_answer, may_press)
    router.stopped_message_generation.register(stop_draft)
    return router


async def pressed_answer(
    query: CallbackQuery, origin: Origin, group: Chat | None, turns: Turns, conversations: Conversations
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
    if whereabouts is Whereabouts.HERE and group is not None and not group.writable:
        whereabouts = Whereabouts.MUTE
    return {"pressed": pressed, "whereabouts": whereabouts, "asker": asker}


async def may_press(
    _: CallbackQuery, origin: Origin, asker: int | None, admin: bool, rights: GroupRights
) -> dict[str, bool]:
    """Who asked, group administrators and bot admins may."""
    return {"allowed": admin or origin.speaker == asker or await administers(origin, rights)}


async def press(
    _: CallbackQuery,
    pressed: Pressed,
    whereabouts: Whereabouts,
    allowed: bool,
    admin: bool,
    origin: Origin,
    turns: Turns,
    conversations: Conversations,
    limits: Limits,
    telegram: Telegram,
    say: Say,
    answer: PressAnswer,
    later: Later,
) -> None:
    """Do what the button says, where that can be done and this person may."""
    if whereabouts is Whereabouts.GONE:
        answer("press-gone", alert=True)
    elif whereabouts is Whereabouts.ORPHAN:
        answer("press-orphan")
        later("delete an orphan", lambda: telegram.delete(origin.key.chat, [origin.message_id or 0]))
    elif not allowed:
        answer("press-not-yours", alert=True)
    elif pressed.press is Press.STOP and await turns.stop_turn(pressed.id):
        return
    elif whereabouts is Whereabouts.MUTE:
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


async def stop_draft(stopped: MessageGenerationStopped, origin: Origin, turns: Turns) -> None:
    """Telegram's own Stop, above a draft; the draft bears the turn's id."""
    turn = await turns.get(stopped.draft_id)
    if turn is not None and _same_chat(turn.key, origin):
        await turns.stop_turn(turn.id)


async def _mend(
    turn: int, origin: Origin, turns: Turns, conversations: Conversations, say: Say, answer: PressAnswer
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


async def _see(version: int, origin: Origin, turns: Turns, conversations: Conversations, say: Say) -> None:
    """Show another version; the one that is shown already needs nothing."""
    shown = await conversations.at(origin.key, origin.message_id or 0)
    if shown is None or shown.id != version:
        await turns.show(version, by=origin.speaker, language=say.language)


def _of_turn(turn: Turn | None, origin: Origin, attempt: int | None = None) -> Whereabouts:
    if turn is None or not _same_chat(turn.key, origin):
        return Whereabouts.GONE
    ids = {shown.message_id for shown in turn.shown}
    # this very message may be the one whose id is not known yet; those of an earlier attempt are all known or orphans
    on_its_way = None in ids and attempt in {None, turn.attempt}
    return Whereabouts.HERE if on_its_way or origin.message_id in ids else Whereabouts.ORPHAN


async def _of_answer(answer: int, origin: Origin, turns: Turns, conversations: Conversations) -> Whereabouts:
    key = await conversations.key(answer)
    if key is None or not _same_chat(key, origin):
        return Whereabouts.GONE
    turn = await turns.current(key)  # asked first: a turn that ends meanwhile has left its messages behind
    if turn is not None and turn.answer == answer and _of_turn(turn, origin) is Whereabouts.HERE:
        return Whereabouts.HERE
    return Whereabouts.HERE if origin.message_id in await conversations.shown(answer) else Whereabouts.ORPHAN


def _same_chat(key: ChatKey, origin: Origin) -> bool:
    return (key.bot, key.chat) == (origin.key.bot, origin.key.chat)
