"""The buttons under an answer: stop, again, go on, and the versions."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, MessageGenerationStopped

from bot.answering.keyboards import Press, Pressed, other_models, read_press, when_ended
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
    router.callback_query.register(turn_buttons, pressed_menu)
    router.callback_query.register(press, pressed_answer)
    router.stopped_message_generation.register(stop_draft)
    return router


async def pressed_answer(query: CallbackQuery) -> dict[str, Pressed] | bool:
    """A button under an answer."""
    pressed = read_press(query.data or "")
    return {"pressed": pressed} if pressed else False


async def pressed_menu(query: CallbackQuery) -> dict[str, Pressed] | bool:
    """A button under an answer that only shows other buttons."""
    pressed = read_press(query.data or "")
    return {"pressed": pressed} if pressed and pressed.press in {Press.MENU, Press.BACK} else False


async def turn_buttons(
    query: CallbackQuery,
    pressed: Pressed,
    speaker: Speaker,
    buttons: AnswerButtons,
    telegram: Telegram,
    say: Responder,
    answer: CallbackAnswer,
    later: AfterCommit,
) -> None:
    """Show the models that may answer again under the answer, or its usual buttons."""
    message_id = query.message.message_id if query.message else 0
    menu = await buttons.menu(pressed, speaker, message_id)
    if isinstance(menu, PressOutcome):
        _explain(menu, speaker, message_id, telegram, answer, later)
        return
    if menu.facts is not None:
        keyboard = when_ended(menu.facts, say.text)
    else:
        models = [(offer.id, offer.name) for offer in menu.offers]
        keyboard = other_models(pressed.id, models, pressed.page, say.text)
    later("turn the buttons", lambda: telegram.edit_keyboard(speaker.key.chat, message_id, keyboard))


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
    _explain(outcome, speaker, message_id, telegram, answer, later)


def _explain(
    outcome: PressOutcome,
    speaker: Speaker,
    message_id: int,
    telegram: Telegram,
    answer: CallbackAnswer,
    later: AfterCommit,
) -> None:
    """Say why a press did nothing."""
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
