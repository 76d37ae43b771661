"""Command menus: who sees which, in both languages."""

from __future__ import annotations

from aiogram import Bot, methods
from aiogram.enums import BotCommandScopeType
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import TelegramMethod
from aiogram.types import BotCommandScopeChat, BotCommandScopeUnion

import handlers
from bot.telegram.client import Telegram
from bot.texts import Texts
from tests.recording import TOKEN, Recording


class NobodyOpenedTheBot(Recording):
    """Telegram takes no menu for a person whom it does not know to talk with the bot."""

    def _answer(self, method: TelegramMethod[object]) -> object:
        if isinstance(method, methods.SetMyCommands) and isinstance(method.scope, BotCommandScopeChat):
            raise TelegramBadRequest(method, "Bad Request: chat not found")
        return super()._answer(method)


async def published(recording: Recording) -> dict[tuple[str, str | None], list[str]]:
    """What was published: scope and language → commands."""
    await handlers.menus(Telegram(Bot(TOKEN, session=recording)), Texts()).publish([1, 2])
    calls = recording.made(methods.SetMyCommands)
    return {(_name(call.scope), call.language_code): [one.command for one in call.commands] for call in calls}


def _name(scope: BotCommandScopeUnion | None) -> str:
    assert scope is not None
    kind = BotCommandScopeType(scope.type).value
    return f"{kind} {scope.chat_id}" if isinstance(scope, BotCommandScopeChat) else kind


async def test_everyone_group_administrators_and_admins_have_menus_in_both_languages() -> None:
    menus = await published(Recording())
    assert {scope for scope, _ in menus} == {
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat 1",
        "chat 2",
    }
    assert {language for _, language in menus} == {None, "ru"}
    assert "system" not in menus["all_group_chats", None]
    assert "system" in menus["all_chat_administrators", "ru"]
    assert "proxy" not in menus["all_private_chats", None]
    assert "proxy" in menus["chat 1", "ru"]


async def test_an_admin_who_never_opened_the_bot_does_no_harm() -> None:
    recording = NobodyOpenedTheBot()
    menus = await published(recording)
    assert ("all_private_chats", "ru") in menus
    assert [scope for scope, _ in menus].count("chat 2") == 1
