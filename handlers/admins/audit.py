"""`/audit`: who changed what."""

from __future__ import annotations

from aiogram.types import CallbackQuery, Message

from bot.people.audit import AuditLog
from bot.people.personas import Personas
from bot.people.speaker import Speaker
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import AuditPageCallback
from handlers.support.responders import MessageEditor, Responder
from handlers.views.people_views import audit_view


def router() -> CommandRouter:
    """The one command about changes, and its buttons."""
    router = CommandRouter("audit", show)
    router.callback_query.register(turn_page, AuditPageCallback.filter())
    return router


@declare("audit", BOT_ADMINS_IN_PRIVATE, order=180)
async def show(_: Message, speaker: Speaker, audit: AuditLog, personas: Personas, say: Responder) -> None:
    """Show the newest changes, in private."""
    read = await audit.read(speaker, 0)
    if not speaker.private:
        say("audit-only-in-private")
        return
    text, keyboard = audit_view(read, personas, say)
    say.say_text(text, keyboard=keyboard)


async def turn_page(
    _: CallbackQuery,
    callback_data: AuditPageCallback,
    speaker: Speaker,
    audit: AuditLog,
    personas: Personas,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page."""
    redraw(*audit_view(await audit.read(speaker, callback_data.page), personas, say))
