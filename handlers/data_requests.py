"""Requests about stored data: `/export`, `/forget` and `/privacy`."""

from __future__ import annotations

from datetime import UTC, datetime

from aiogram import F
from aiogram.types import CallbackQuery, Message

from bot.answering.reading_along import ReadingAlong
from bot.answering.use_cases.whole_conversation import Erasable, WholeConversation
from bot.conversation.export import as_json, as_markdown
from bot.people.admission import HELD_LIFETIME, MAX_HELD_MESSAGES
from bot.people.audit import AUDIT_LIFETIME
from bot.people.limits.question_limits import DAY
from bot.people.permissions import OnlyAsker, Permissions
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences
from bot.settings import Settings
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button
from handlers.support.bot_commands import CHAT_OWNERS, MEMBERS, CommandRouter, command
from handlers.support.bot_info import BotInfo
from handlers.support.callback_data import ForgetCallback
from handlers.support.responders import AfterCommit, MessageEditor, Responder


def router() -> CommandRouter:
    """Export, erasure, and what is kept."""
    router = CommandRouter("data requests", export, ask_to_forget, explain_privacy)
    router.callback_query.register(forget, ForgetCallback.filter(F.answer == "yes"))
    router.callback_query.register(forget_own, ForgetCallback.filter(F.answer == "own"))
    router.callback_query.register(keep, ForgetCallback.filter())
    return router


@command("export", MEMBERS, order=80)
async def export(
    _: Message,
    speaker: Speaker,
    bot_info: BotInfo,
    conversation: WholeConversation,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Send the conversation in force as Markdown and as JSON."""
    exported = await conversation.export(speaker)
    if not exported.messages:
        say("export-nothing")
        return
    at = datetime.fromtimestamp(exported.at, UTC)
    day, time = f"{at:%Y-%m-%d}", f"{at:%H%M%S}"
    title = say.text("export-title", name=bot_info.name, date=day)
    markdown = as_markdown(
        exported.messages,
        exported.others,
        title=title,
        asker=speaker.name,
        answerer=bot_info.name,
        other_version=say.text("export-other-version"),
    )
    files = {"md": markdown, "json": as_json(exported.messages, exported.others)}
    later("export", lambda: _send(telegram, say.place, f"{bot_info.username}-{day}-{time}", files))


@command("forget", CHAT_OWNERS, order=90)
async def ask_to_forget(_: Message, speaker: Speaker, conversation: WholeConversation, say: Responder) -> None:
    """Ask whether everything shall be erased, or in a group where each has one their own conversation."""
    if await conversation.erasable(speaker) is Erasable.OWN:
        own, kept = (ForgetCallback(answer=answer, person=speaker.id).pack() for answer in ("own", "no"))
        buttons = (Button(say.text("button-forget-own"), own), Button(say.text("button-keep"), kept))
        say("forget-own-ask", keyboard=(buttons,))
        return
    yes, no = ForgetCallback(answer="yes").pack(), ForgetCallback(answer="no").pack()
    say("forget-ask", keyboard=((Button(say.text("button-forget"), yes), Button(say.text("button-keep"), no)),))


@command("privacy", MEMBERS, order=95)
async def explain_privacy(
    _: Message,
    speaker: Speaker,
    settings: Settings,
    effective: EffectivePreferences,
    reading_along: ReadingAlong,
    say: Responder,
) -> None:
    """Say what is kept, for how long, and who gets it, as the settings have it."""
    parts = [
        say.text("privacy-kept", days=settings.history_days or 0),
        *([say.text("privacy-pictures")] if effective.sees_pictures else []),
        *([say.text("privacy-recordings")] if settings.transcription_url is not None else []),
        say.text("privacy-usage", days=settings.usage_days),
        say.text("privacy-troubles", days=settings.trouble_days),
        say.text("privacy-model", where="here" if settings.embedded else "elsewhere"),
        say.text("privacy-people", days=round(AUDIT_LIFETIME / DAY)),
    ]
    if settings.access == "approved":
        parts.append(say.text("privacy-requests", days=round(HELD_LIFETIME / DAY), count=MAX_HELD_MESSAGES))
    reading = await reading_along.facts(speaker)
    if reading is not None and effective.read_along.value == "on":
        parts.append(say.text("privacy-read-along", count=reading.messages, hours=reading.hours))
    elif not speaker.private:
        parts.append(say.text("privacy-group"))
    say.say_text("\n\n".join([*parts, say.text("privacy-rights")]))


async def forget(
    _: CallbackQuery, speaker: Speaker, conversation: WholeConversation, say: Responder, redraw: MessageEditor
) -> None:
    """Erase everything about the chat."""
    await conversation.forget(speaker)
    redraw(say.text("forget-done"))


async def forget_own(
    _: CallbackQuery,
    callback_data: ForgetCallback,
    speaker: Speaker,
    conversation: WholeConversation,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Erase the own conversation of whoever asked for that."""
    if speaker.id != callback_data.person:
        raise OnlyAsker(f"{speaker.id} did not ask for this")
    await conversation.forget_own(speaker)
    redraw(say.text("forget-own-done"))


async def keep(
    _: CallbackQuery,
    callback_data: ForgetCallback,
    speaker: Speaker,
    permissions: Permissions,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Leave everything as it is."""
    if speaker.id != callback_data.person:
        await permissions.require_change(speaker)
    redraw(say.text("forget-kept"))


async def _send(telegram: Telegram, place: Destination, name: str, files: dict[str, str]) -> None:
    for ending, content in files.items():
        await telegram.document(place, f"{name}.{ending}", content.encode())
