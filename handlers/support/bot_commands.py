"""Commands: each is declared beside its handler, and from the declarations come the menus that Telegram offers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import (
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeUnion,
    Message,
)

from bot.errors import TelegramProblem
from bot.telegram.client import Telegram
from bot.texts import FALLBACK, Texts

logger = logging.getLogger(__name__)

Handle = Callable[..., Awaitable[Any]]


class Audience(StrEnum):
    """The readers of a menu."""

    PRIVATE = "private"
    GROUP = "group"
    GROUP_ADMINS = "group-admins"
    ADMINS = "admins"
    """Bot admins, in their private chats."""
    ADMINS_HELP = "admins-help"
    """Bot admins, in `/help` alone, and only where they let people in."""
    ADMINS_IN_GROUP = "admins-in-group"
    """Bot admins, in the `/help` of a group: there they have no menu of their own."""


MEMBERS = frozenset({Audience.PRIVATE, Audience.GROUP, Audience.GROUP_ADMINS, Audience.ADMINS})
CHAT_OWNERS = frozenset({Audience.PRIVATE, Audience.GROUP_ADMINS, Audience.ADMINS})
BOT_ADMINS = frozenset({Audience.ADMINS, Audience.ADMINS_IN_GROUP})
BOT_ADMINS_IN_PRIVATE = frozenset({Audience.ADMINS})
NOBODY: frozenset[Audience] = frozenset()


@dataclass(frozen=True, slots=True)
class DeclaredCommand:
    """A command with its handler; `menu-<name>` describes it in each menu, by `order` from the top."""

    name: str
    handle: Handle
    menus: frozenset[Audience]
    order: int = 0
    repeatable: bool = False
    """Given twice in a row it is meant twice."""


def command(
    name: str, menus: frozenset[Audience], *, order: int = 0, repeatable: bool = False
) -> Callable[[Handle], DeclaredCommand]:
    """Declare the function below as the handler of `/name`."""
    return lambda handle: DeclaredCommand(name, handle, menus, order, repeatable)


class CommandRouter(Router):
    """A router that answers declared commands, and remembers them."""

    def __init__(self, name: str, *commands: DeclaredCommand) -> None:
        super().__init__(name=name)
        self.commands = commands
        for one in commands:
            self.message.register(one.handle, Command(one.name, ignore_case=True))


def behind_command_filter(routers: Iterable[Router]) -> list[Router]:
    """Put neighbours that answer no message but commands under a router that lets only those in: most are questions."""
    asked: list[Router] = []
    for only_commands, neighbours in groupby(routers, _answers_only_commands):
        if only_commands:
            router = Router(name="commands only")
            router.message.filter(_may_be_command)
            router.include_routers(*neighbours)
            asked.append(router)
        else:
            asked.extend(neighbours)
    return asked


def _answers_only_commands(router: Router) -> bool:
    declared = router.commands if isinstance(router, CommandRouter) else ()
    return len(router.message.handlers) == len(declared) and not router.sub_routers


async def _may_be_command(message: Message) -> bool:
    return (message.text or message.caption or "").lstrip().startswith("/")


def declared_commands(routers: Iterable[Router]) -> list[DeclaredCommand]:
    """Collect the commands of all routers, in the order of the menus."""
    declared = (one for router in routers if isinstance(router, CommandRouter) for one in router.commands)
    return sorted(declared, key=lambda one: one.order)


_SCOPES: Mapping[Audience, BotCommandScopeUnion] = {
    Audience.PRIVATE: BotCommandScopeAllPrivateChats(),
    Audience.GROUP: BotCommandScopeAllGroupChats(),
    Audience.GROUP_ADMINS: BotCommandScopeAllChatAdministrators(),
}


class Menus:
    """The menus of commands, published with setMyCommands in every language; what Telegram refuses is logged."""

    def __init__(self, telegram: Telegram, texts: Texts, commands: Iterable[DeclaredCommand]) -> None:
        self._telegram = telegram
        self._texts = texts
        self._commands = tuple(commands)

    def of(self, *audiences: Audience) -> list[str]:
        """The names of the commands that these readers see, in order."""
        return [one.name for one in self._commands if not one.menus.isdisjoint(audiences)]

    def lines(self, commands: Iterable[str], language: str) -> str:
        """Commands with their descriptions, a line each."""
        return "\n".join(f"/{name}: {text}" for name, text in self._described(commands, language).items())

    async def publish(self, admins: Iterable[int]) -> None:
        """Give everyone their menus, and bot admins theirs in their private chats."""
        for audience, scope in _SCOPES.items():
            await self._publish(audience, scope)
        for admin in admins:
            await self.publish_to_admin(admin)

    async def publish_to_admin(self, admin: int) -> None:
        """Give one admin the longer menu; Telegram takes it only once that person has opened the bot."""
        await self._publish(Audience.ADMINS, BotCommandScopeChat(chat_id=admin))

    async def publish_to_person(self, person: int) -> None:
        """Give somebody who is no admin any more the menu of everyone."""
        await self._publish(Audience.PRIVATE, BotCommandScopeChat(chat_id=person))

    def _described(self, commands: Iterable[str], language: str) -> dict[str, str]:
        return {name: self._texts.get(language, f"menu-{name}") for name in commands}

    async def _publish(self, audience: Audience, scope: BotCommandScopeUnion) -> None:
        for language in self._texts.languages:
            menu_language = "" if language == FALLBACK else language
            menu = self._described(self.of(audience), language)
            try:
                await self._telegram.set_menu(menu, language=menu_language, scope=scope)
            except TelegramProblem as problem:
                # an admin who has not opened the bot yet gets the menu at /start
                level = logging.DEBUG if audience is Audience.ADMINS else logging.INFO
                logger.log(level, "The %s menu in %s was not taken: %s", audience, language, problem)
                return
