"""`/broadcast`: a message of a bot admin to everybody, to groups, or to who wrote lately. It is shown first."""

from __future__ import annotations

import re
from typing import Literal

from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.conversation.broadcasts import BroadcastAudience, BroadcastState, MessageCopy
from bot.operating.broadcasting import Broadcasting
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.rendering.entities import Entity, Formatted, utf16_length
from bot.telegram.keyboard import Button, Keyboard
from bot.texts import Texts
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import BroadcastCallback
from handlers.support.mapping import reply_target
from handlers.support.responders import MessageEditor, Responder

MAX_DAYS = 3650
KEPT = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote"}
)
"""Formatting that is sent along; links have an address besides."""


_COPIED = frozenset(
    {
        "photo",
        "video",
        "animation",
        "audio",
        "voice",
        "document",
        "video_note",
        "sticker",
        "location",
        "venue",
        "contact",
    }
)
"""Content that Telegram copies as it is: a poll would count each chat for itself, a die would be thrown anew."""
MAX_CAPTION_LENGTH = 1024
"""UTF-16 units of a caption (Bot API)."""


def router() -> CommandRouter:
    """The command and its buttons."""
    router = CommandRouter("broadcast", broadcast)
    router.callback_query.register(decide, BroadcastCallback.filter())
    return router


@declare("broadcast", BOT_ADMINS_IN_PRIVATE, order=190)
async def broadcast(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    permissions: Permissions,
    broadcasting: Broadcasting,
    texts: Texts,
    say: Responder,
) -> None:
    """`/broadcast TEXT`, `/broadcast groups TEXT`, `/broadcast 30 TEXT`, or as a reply to what is to be sent."""
    permissions.require_bot_admin(speaker)
    if not speaker.private:
        say("broadcast-only-in-private")
        return
    audience, days, text = _read(command.args or "", texts)
    what = _content(message, text)
    if what is None:
        nothing = reply_target(message) is None and message.text is not None
        say("broadcast-usage" if nothing else "broadcast-not-copied")
        return
    prepared = await broadcasting.prepare(speaker, what, audience, days=days, language=say.language)
    if not prepared.chats:
        say("broadcast-nobody")
        return
    keyboard = (
        (
            _button("broadcast-send", "send", prepared.id, say),
            _button("broadcast-drop", "stop", prepared.id, say),
        ),
    )
    shown = say.text("broadcast-shown", chats=prepared.chats, audience=audience.value, days=days)
    words = what.text if isinstance(what, Formatted) else f"{say.text('broadcast-copied')}\n{what.caption or ''}"
    say.say_text(f"{shown}\n\n{words}".strip()[:4000], keyboard=keyboard)


async def decide(
    _: CallbackQuery,
    callback_data: BroadcastCallback,
    speaker: Speaker,
    broadcasting: Broadcasting,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Let it begin, or end it."""
    if callback_data.verb == "send":
        chats = await broadcasting.start(speaker, callback_data.broadcast)
        if chats is None:
            redraw(say.text("broadcast-decided"))
            return
        stop: Keyboard = ((_button("broadcast-stop", "stop", callback_data.broadcast, say),),)
        redraw(say.text("broadcast-begun", chats=chats), stop)
        return
    ended = await broadcasting.stop(speaker, callback_data.broadcast)
    if ended is None:
        redraw(say.text("broadcast-decided"))
    elif ended.state is BroadcastState.SHOWN:
        redraw(say.text("broadcast-dropped"))
    else:
        redraw(say.text("broadcast-stopped", sent=ended.sent, blocked=ended.blocked, failed=ended.failed))


def _read(args: str, texts: Texts) -> tuple[BroadcastAudience, int, str]:
    """Read the audience, how many days back, and the text."""
    first, _, rest = args.strip().partition(" ")
    first, _, line = first.partition("\n")
    rest = f"{line} {rest}".strip() if line else rest.strip()
    if first and texts.means("word-groups", first):
        return BroadcastAudience.GROUPS, 0, rest
    if re.fullmatch(r"\d{1,4}", first) and 1 <= int(first) <= MAX_DAYS:
        return BroadcastAudience.PEOPLE, int(first), rest
    return BroadcastAudience.PEOPLE, 0, args.strip()


def _content(message: Message, text: str) -> Formatted | MessageCopy | None:
    """The content to send: the message with the command in its caption, the text after it, or what is replied to."""
    if message.text is None:
        return _copied(message, caption=text) if utf16_length(text) <= MAX_CAPTION_LENGTH else None
    if text:
        return Formatted(text)
    target = reply_target(message)
    if target is None:
        return None
    return _formatted(target) if target.text else _copied(target)


def _formatted(target: Message) -> Formatted:
    """The text of a message as it is formatted."""
    entities = [
        Entity(entity.type, entity.offset, entity.length, entity.url, entity.language)
        for entity in target.entities or ()
        if entity.type in KEPT or (entity.type == "text_link" and entity.url)
    ]
    return Formatted(target.text or "", tuple(entities))


def _copied(message: Message, *, caption: str | None = None) -> MessageCopy | None:
    """A message that Telegram copies. None: it cannot be, or an album would lose the rest of it."""
    if message.content_type not in _COPIED or message.media_group_id or message.has_protected_content:
        return None
    return MessageCopy(message.chat.id, message.message_id, caption)


def _button(key: str, verb: Literal["send", "stop"], broadcast: int, say: Responder) -> Button:
    return Button(say.text(key), BroadcastCallback(verb=verb, broadcast=broadcast).pack())
