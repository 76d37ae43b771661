"""The commands that Telegram offers in its menu: which there are, for whom, in both languages."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from enum import StrEnum

from aiogram.types import (
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
)

from bot.errors import TelegramProblem
from bot.telegram.client import Telegram
from bot.texts import FALLBACK, LANGUAGES, Texts

logger = logging.getLogger(__name__)


class Audience(StrEnum):
    """Who sees a menu."""

    PRIVATE = "private"
    GROUP = "group"
    GROUP_ADMINS = "group-admins"
    ADMINS = "admins"


_EVERYONE = ("new", "stop", "retry", "undo", "settings", "persona", "system", "export", "forget", "help")
_MEMBERS = ("stop", "retry", "undo", "settings", "export", "help")
_ADMINS = ("temperature", "maxtokens", "model", "proxy", "people", "admin", "allow")

MENUS = {
    Audience.PRIVATE: _EVERYONE,
    Audience.GROUP: _MEMBERS,
    Audience.GROUP_ADMINS: _EVERYONE,
    Audience.ADMINS: (*_EVERYONE, *(command for command in _ADMINS if command != "allow")),
}
"""The commands of each menu, in order; the description of each is the text `menu-<command>`.

`/allow` is for groups, where bot admins have no menu of their own.
"""

COMMANDS = frozenset({"start", *_EVERYONE, *_ADMINS})
"""Every command there is."""


_SCOPES: Mapping[Audience, BotCommandScopeUnion] = {
    Audience.PRIVATE: BotCommandScopeAllPrivateChats(),
    Audience.GROUP: BotCommandScopeAllGroupChats(),
    Audience.GROUP_ADMINS: BotCommandScopeAllChatAdministrators(),
}


def menu(audience: Audience, language: str, texts: Texts) -> dict[str, str]:
    """One menu in one language: commands with their descriptions."""
    return {command: texts.get(language, f"menu-{command}") for command in MENUS[audience]}


async def publish_menus(telegram: Telegram, texts: Texts, admins: Iterable[int]) -> None:
    """Give everyone their menus (setMyCommands), admins in their private chats. What Telegram refuses is logged."""
    for audience, scope in _SCOPES.items():
        await _publish(telegram, texts, audience, scope)
    for admin in admins:
        await publish_admin_menu(telegram, texts, admin)


async def publish_admin_menu(telegram: Telegram, texts: Texts, admin: int) -> None:
    """Give one admin the longer menu; Telegram takes it only once that person has opened the bot."""
    await _publish(telegram, texts, Audience.ADMINS, BotCommandScopeChat(chat_id=admin))


async def publish_plain_menu(telegram: Telegram, texts: Texts, person: int) -> None:
    """Give somebody who is no admin any more the menu of everyone."""
    await _publish(telegram, texts, Audience.PRIVATE, BotCommandScopeChat(chat_id=person))


async def _publish(telegram: Telegram, texts: Texts, audience: Audience, scope: BotCommandScopeUnion) -> None:
    for language in LANGUAGES:
        menu_language = "" if language == FALLBACK else language
        try:
            await telegram.set_menu(menu(audience, language, texts), language=menu_language, scope=scope)
        except TelegramProblem as problem:
            logger.info("The %s menu in %s was not taken: %s", audience, language, problem)
            return


def lines(commands: Iterable[str], language: str, texts: Texts) -> str:
    """Commands with their descriptions, a line each."""
    return "\n".join(f"/{command}: {texts.get(language, f'menu-{command}')}" for command in commands)
