"""Command menus: who sees which, in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiogram import Bot, Dispatcher, Router, methods
from aiogram.enums import BotCommandScopeType
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.methods import TelegramMethod
from aiogram.types import BotCommandScopeChat, BotCommandScopeUnion, Message, Update

import handlers
from bot.telegram.client import Telegram
from bot.texts import Texts
from handlers.support.bot_commands import (
    MEMBERS,
    Audience,
    CommandRouter,
    behind_command_filter,
    command,
    declared_commands,
)
from tests.harness.recording_session import TOKEN, Recording

USING = Path(__file__).parents[2] / "docs" / "using.md"


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


def complaints(routers: list[Router], texts: Texts) -> list[str]:
    """Everything that is forgotten: a declaration of a command, its handler, its description in some language."""
    answered = {
        command if isinstance(command, str) else "a pattern"
        for router in routers
        for handler in router.message.handlers
        for one in handler.filters or ()
        if isinstance(one.callback, Command)
        for command in one.callback.commands
    }
    declared = declared_commands(routers)
    names = [one.name for one in declared]
    described = {
        f"/{one.name} has no menu-{one.name} in {language}"
        for one in declared
        if one.menus
        for language in texts.languages
        if texts.get(language, f"menu-{one.name}") == f"menu-{one.name}"
    }
    return sorted(
        {f"/{name} is answered but not declared" for name in answered - set(names)}
        | {f"/{name} is declared but not answered" for name in set(names) - answered}
        | {f"/{name} is declared twice" for name in names if names.count(name) > 1}
        | described
    )


def documented(heading: str) -> set[str]:
    """The commands in a table of docs/using.md, that of people or that of admins."""
    table = USING.read_text(encoding="utf-8").partition(f"| {heading} |")[2].partition("\n\n")[0]
    return set(re.findall(r"`/([a-z]+)", table))


def test_the_tables_of_commands_in_the_documents_are_complete() -> None:
    declared = declared_commands(handlers.routers())
    everybody = {one.name for one in declared if one.menus & {Audience.PRIVATE, Audience.GROUP_ADMINS}}
    admins = {one.name for one in declared if one.menus and one.name not in everybody}
    assert documented("everybody") == everybody
    assert admins <= documented("admins of the bot") <= admins | everybody


async def nothing(_: Message) -> None:
    """A handler."""


def test_every_command_is_declared_beside_its_handler_and_described_in_every_language() -> None:
    assert complaints(handlers.routers(), Texts()) == []


def test_a_forgotten_declaration_a_forgotten_handler_and_a_forgotten_description_are_noticed() -> None:
    undeclared = Router()
    undeclared.message.register(nothing, Command("joke"))
    unanswered = CommandRouter("unanswered")
    unanswered.commands = (command("riddle", MEMBERS)(nothing),)
    twice = CommandRouter("twice", command("stop", MEMBERS)(nothing), command("stop", MEMBERS)(nothing))
    assert complaints([undeclared, unanswered, twice], Texts()) == [
        "/joke is answered but not declared",
        *(f"/riddle has no menu-riddle in {language}" for language in Texts().languages),
        "/riddle is declared but not answered",
        "/stop is declared twice",
    ]


async def test_everyone_group_administrators_and_admins_have_menus_in_every_language() -> None:
    menus = await published(Recording())
    assert {scope for scope, _ in menus} == {
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat 1",
        "chat 2",
    }
    assert {language for _, language in menus} == {None, *Texts().languages} - {"en"}
    assert "system" not in menus["all_group_chats", None]
    assert "system" in menus["all_chat_administrators", "ru"]
    assert "proxy" not in menus["all_private_chats", None]
    assert "proxy" in menus["chat 1", "ru"]


async def test_an_admin_who_never_opened_the_bot_does_no_harm() -> None:
    recording = NobodyOpenedTheBot()
    menus = await published(recording)
    assert ("all_private_chats", "ru") in menus
    assert [scope for scope, _ in menus].count("chat 2") == 1


async def asked_in_turn(message: str | None, **more: str) -> list[str]:
    """The routers whose handlers a message comes to, where each handles only what its filters let through."""
    asked: list[str] = []

    def router(name: str, *commands: str) -> Router:
        async def answer(_: Message) -> None:
            asked.append(name)

        declared = [command(one, MEMBERS)(answer) for one in commands]
        made = CommandRouter(name, *declared)
        if not declared:
            made.message.register(answer)
        return made

    dispatcher = Dispatcher(disable_fsm=True)
    routers = [router("first", "first"), router("second", "second"), router("questions")]
    dispatcher.include_routers(*behind_command_filter(routers))
    raw = {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}, "text": message, **more}
    bot = Bot(TOKEN, session=Recording())
    await dispatcher.feed_update(bot, Update.model_validate({"update_id": 1, "message": raw}, context={"bot": bot}))
    return asked


@pytest.mark.parametrize(
    ("message", "more", "reaches"),
    [
        ("/first", {}, "first"),
        ("/SECOND now", {}, "second"),
        ("  /second", {}, "second"),
        (None, {"caption": "/second"}, "second"),
        ("/third", {}, "questions"),
        ("What is /first for?", {}, "questions"),
        (None, {}, "questions"),
    ],
)
async def test_commands_behind_the_filter_are_found_as_before(
    message: str | None, more: dict[str, str], reaches: str
) -> None:
    assert await asked_in_turn(message, **more) == [reaches]


async def test_routers_that_answer_only_commands_are_asked_nothing_about_other_messages() -> None:
    behind = behind_command_filter(handlers.routers())
    names = [router.name for router in behind]
    assert names == ["commands only", "membership", "access", "commands only", "questions"]
    assert sum(len(router.sub_routers) for router in behind) + 3 == len(handlers.routers())


def test_no_filter_and_no_handler_is_called_in_a_thread() -> None:
    threaded = [
        f"{router.name}: {one.callback}"
        for router in handlers.routers()
        for observer in router.observers.values()
        for handler in observer.handlers
        for one in (handler, *(handler.filters or ()))
        if not one.awaitable
    ]
    assert threaded == []
