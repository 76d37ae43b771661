"""Addressing: the rule that says whether a message in a group is for the bot, and its text without the bot's name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

_AFTER_A_NAME = " \t\n,:;.!—–-"
"""Characters between the bot's name at the beginning and the question: `@aura, what …`."""


class EntityKind(StrEnum):
    """The kinds of marked text (Bot API MessageEntity) that can address somebody."""

    MENTION = "mention"
    TEXT_MENTION = "text_mention"
    COMMAND = "bot_command"


@dataclass(frozen=True, slots=True)
class MessageEntity:
    """A marked stretch of a message; offset and length in UTF-16 units, as Telegram counts."""

    kind: EntityKind
    offset: int
    length: int
    user: int | None = None
    """Person that a text mention means."""


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot as others write it."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """The facts of a message that decide whether it is for the bot."""

    private: bool
    text: str = ""
    entities: tuple[MessageEntity, ...] = ()
    replies_to: int | None = None
    """Author of the message that this one replies to."""
    from_bot: bool = False
    """Another bot wrote it."""
    via_bot: bool = False
    """A person sent it, another bot worded it."""
    automatic: bool = False
    """A channel's post that Telegram copied into the linked group: written for readers, not for the bot."""
    service: bool = False
    """Telegram's own note of something that happened: somebody came, a message was pinned, …"""


def is_for_bot(incoming: IncomingMessage, me: BotIdentity, commands: Collection[str]) -> bool:
    """Decide whether the bot reacts: everything in private; in groups a mention, a reply to it, or a command.

    `commands` are the bot's own, without the slash: a bare `/weather` in a group is some other bot's business. A name
    alone ("aura, …") is not enough: people also talk about the bot, and every answer spends the group's minute.
    """
    if incoming.from_bot or incoming.automatic or incoming.service:
        return False
    if incoming.private:
        return True
    command = command_of(incoming)
    if command is not None:
        name, addressee = command
        return addressee == me.username.lower() if addressee else name in commands
    if incoming.via_bot:
        return False
    return incoming.replies_to == me.id or any(names(entity, incoming.text, me) for entity in incoming.entities)


def command_of(incoming: IncomingMessage) -> tuple[str, str] | None:
    """Give the command that a message begins with and the bot that it addresses (empty: none), both in lower case."""
    for entity in incoming.entities:
        if entity.kind is EntityKind.COMMAND and entity.offset == 0:
            name, _, addressee = _stretch(incoming.text, entity).removeprefix("/").partition("@")
            return name.lower(), addressee.lower()
    return None


def names(entity: MessageEntity, text: str, me: BotIdentity) -> bool:
    """Tell whether an entity names the bot; usernames compare without case."""
    if entity.kind is EntityKind.MENTION:
        return _stretch(text, entity).lower() == f"@{me.username}".lower()
    return entity.kind is EntityKind.TEXT_MENTION and entity.user == me.id


def without_names(text: str, entities: Iterable[MessageEntity], me: BotIdentity) -> str:
    """Take the bot's name out, wherever it stands, with the punctuation that it leaves behind at the beginning."""
    units = text.encode("utf-16-le", "surrogatepass")
    rest = text
    begins_with_name = False
    for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
        if names(entity, text, me):
            begin, end = entity.offset * 2, (entity.offset + entity.length) * 2
            before, after = (part.decode("utf-16-le", "surrogatepass") for part in (units[:begin], units[end:]))
            begins_with_name = not before.strip()
            rest = _joined(before, after)
            units = rest.encode("utf-16-le", "surrogatepass")
    return (rest.lstrip(_AFTER_A_NAME) if begins_with_name else rest).strip()


def _joined(before: str, after: str) -> str:
    """Join two halves without a double space between them."""
    return before + after[1:] if before.endswith(" ") and after.startswith(" ") else before + after


def _stretch(text: str, entity: MessageEntity) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    return units[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le", "surrogatepass")
