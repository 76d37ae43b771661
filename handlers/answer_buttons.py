"""The buttons under an answer: stop, again, go on, and the versions."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, MessageGenerationStopped

from bot.answering.keyboards import Pressed, read_press
from bot.answering.use_cases.answer_buttons import AnswerButtons, PressOutcome
from bot.people.speaker import Speaker
from bot.telegram.client import Telegram
from handlers.support.responders import AfterCommit, CallbackAnswer, Responder

_ALERTS = {
    PressOutcome.GONE: "press-gone",
    PressOutcome.NOT_YOURS: "press-not-yours",
    PressOutcome.NOT_WRITABLE: "press-mute",
    PressOutcome.CUT: "press-cut",
}


def router() -> Router:
    """Presses under answers, and Telegram's own Stop."""
    router = Router(name="answer buttons")
    router.callback_query.register(press, pressed_answer)
    router.stopped_message_generation.register(stop_draft)
    return router


async def pressed_answer(query: CallbackQuery) -> dict[str, Pressed] | bool:
    """A button under an answer."""
    pressed = read_press(query.data or "")
    return {"pressed": pressed} if pressed else False


async def press(
    query: CallbackQuery,
    pressed: Pressed,
    speaker: Speaker,
    buttons: AnswerButtons,
    telegram: Telegram,
    say: Responder,
    answer: CallbackAnswer,
    later: AfterCommit,
) -> None:
    """Do what the button says, or say why not."""
    message_id = query.message.message_id if query.message else 0
    outcome = await buttons.press(pressed, speaker, message_id, language=say.language)
    if outcome is PressOutcome.ORPHAN:
        answer("press-orphan")
        later("delete an orphan", lambda: telegram.delete(speaker.key.chat, [message_id]))
    elif outcome is PressOutcome.OVER:
        answer("press-over")
    elif outcome is not PressOutcome.DONE:
        answer(_ALERTS[outcome], alert=True)


async def stop_draft(stopped: MessageGenerationStopped, speaker: Speaker, buttons: AnswerButtons) -> None:
    """Telegram's own Stop, above a draft; the draft bears the turn's id."""
    await buttons.stop_draft(stopped.draft_id, speaker)
