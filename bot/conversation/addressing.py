"""Which messages are for the bot, and what they say when the bot's name is taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

_AFTER_A_NAME = " \t\n,:;.!—–-"
"""What may stand between the bot's name at the beginning and the question: `@aura, what …`."""


class Kind(StrEnum):
    """The kinds of marked text (Bot API MessageEntity) that can address somebody."""

    MENTION = "mention"
    TEXT_MENTION = "text_mention"
    COMMAND = "bot_command"


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked stretch of a message; offset and length in UTF-16 units, as Telegram counts."""

    kind: Kind
    offset: int
    length: int
    user: int | None = None
    """Whom a text mention means."""


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as others write it."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What decides whether a message is for the bot."""

    private: bool
    text: str = ""
    marks: tuple[Mark, ...] = ()
    replies_to: int | None = None
    """Who wrote the message that this one replies to."""
    from_bot: bool = False
    """Another bot wrote it."""
    via_bot: bool = False
    """A person sent it, another bot worded it."""
    automatic: bool = False
    """A channel's post that Telegram copied into the linked group: written for readers, not for the bot."""
    service: bool = False
    """Telegram's own note of something that happened: somebody came, a message was pinned, …"""


def is_for_bot(heard: Heard, me: Me, commands: Collection[str]) -> bool:
    """Whether the bot should react: everything in private; in groups a mention, a reply to it, or a command.

    `commands` are the bot's own, without the slash: a bare `/weather` in a group is some other bot's business.
    """
    if heard.from_bot or heard.automatic or heard.service:
        return False
    if heard.private:
        return True
    command = command_of(heard)
    if command is not None:
        name, addressee = command
        return addressee == me.username.lower() if addressee else name in commands
    if heard.via_bot:
        return False
    return heard.replies_to == me.id or any(names(mark, heard.text, me) for mark in heard.marks)


def command_of(heard: Heard) -> tuple[str, str] | None:
    """The command that a message begins with, and the bot it is addressed to (empty: nobody), both in lower case."""
    for mark in heard.marks:
        if mark.kind is Kind.COMMAND and mark.offset == 0:
            name, _, addressee = _stretch(heard.text, mark).removeprefix("/").partition("@")
            return name.lower(), addressee.lower()
    return None


def names(mark: Mark, text: str, me: Me) -> bool:
    """Whether a mark names the bot; usernames compare without case."""
    if mark.kind is Kind.MENTION:
        return _stretch(text, mark).lower() == f"@{me.username}".lower()
    return mark.kind is Kind.TEXT_MENTION and mark.user == me.id


def without_names(text: str, marks: Iterable[Mark], me: Me) -> str:
    """The text without the bot's name, wherever it stands, and without what the name leaves behind at the beginning."""
    units = text.encode("utf-16-le", "surrogatepass")
    rest = text
    begins_with_name = False
    for mark in sorted(marks, key=lambda mark: mark.offset, reverse=True):
        if names(mark, text, me):
            begin, end = mark.offset * 2, (mark.offset + mark.length) * 2
            before, after = (part.decode("utf-16-le", "surrogatepass") for part in (units[:begin], units[end:]))
            begins_with_name = not before.strip()
            rest = _joined(before, after)
            units = rest.encode("utf-16-le", "surrogatepass")
    return (rest.lstrip(_AFTER_A_NAME) if begins_with_name else rest).strip()


def _joined(before: str, after: str) -> str:
    """Two halves without the double space between them."""
    return before + after[1:] if before.endswith(" ") and after.startswith(" ") else before + after


def _stretch(text: str, mark: Mark) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    return units[mark.offset * 2 : (mark.offset + mark.length) * 2].decode("utf-16-le", "surrogatepass")
