"""Who may use the bot, in the hands of its admins: requests, `/people`, `/admin`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from bot.conversation.people import Person, Standing
from bot.people.bot_admins import BotAdmins
from bot.storage.repositories.people import PersonRepository
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard
from bot.texts import Texts, language_of
from handlers.access import in_full
from handlers.support.bot_commands import publish_admin_menu, publish_plain_menu
from handlers.support.filters import by_admin
from handlers.support.mapping import EventContext, reply_target
from handlers.support.responders import AfterCommit, CallbackAnswer, MessageEditor, Responder

PAGE_SIZE = 8
"""People on one page of the list."""

_DATA = re.compile(r"who:(approve|decline|block|unblock|page):(\d{1,18})(?::(\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a press says about a person, and the page of the list that it was on."""

    verb: str
    person: int
    page: int = 0


def router() -> Router:
    """Commands and buttons for admins."""
    router = Router(name="people")
    router.message.register(show, Command("people", ignore_case=True), by_admin)
    router.message.register(change_admins, Command("admin", ignore_case=True), by_admin)
    router.message.register(refuse, Command("people", "admin", "allow", ignore_case=True))
    router.callback_query.register(answer_request, decided("approve", "decline"), by_admin)
    router.callback_query.register(change, decided("block", "unblock"), by_admin)
    router.callback_query.register(turn_page, decided("page"), by_admin)
    router.callback_query.register(refuse_press, decided("approve", "decline", "block", "unblock", "page"))
    return router


def decided(*verbs: str) -> Callable[[CallbackQuery], Awaitable[dict[str, Decision] | bool]]:
    """A press that says one of these."""

    async def filter_(query: CallbackQuery) -> dict[str, Decision] | bool:
        match = _DATA.fullmatch(query.data or "")
        if match is None or match[1] not in verbs:
            return False
        return {"decision": Decision(match[1], int(match[2]), int(match[3] or 0))}

    return filter_


async def show(
    _: Message, origin: EventContext, people: PersonRepository, bot_admins: BotAdmins, say: Responder
) -> None:
    """List everybody the bot knows."""
    if not origin.private:
        say("people-only-in-private")
        return
    text, keyboard = listing(await people.everyone(origin.key.bot), 0, bot_admins, say)
    say.say_text(text, keyboard=keyboard)


async def answer_request(
    _: CallbackQuery,
    decision: Decision,
    origin: EventContext,
    people: PersonRepository,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Let a newcomer in, or not, and tell them; another admin may have been faster."""
    person = await people.get(origin.key.bot, decision.person)
    if person is None:
        redraw(say.text("person-unknown"))
        return
    standing = person.standing
    if standing is Standing.WAITING:
        standing = Standing.APPROVED if decision.verb == "approve" else Standing.BLOCKED
        await _decide(origin, person, standing, people, say)
    redraw(say.text("access-decided", name=in_full(person), standing=standing.value))


async def change(
    _: CallbackQuery,
    decision: Decision,
    origin: EventContext,
    people: PersonRepository,
    bot_admins: BotAdmins,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Block somebody, or let them in: for the first time, or again."""
    person = await people.get(origin.key.bot, decision.person)
    if person is not None and not bot_admins.includes(person):
        standing = Standing.BLOCKED if decision.verb == "block" else Standing.APPROVED
        await _decide(origin, person, standing, people, say)
    redraw(*listing(await people.everyone(origin.key.bot), decision.page, bot_admins, say))


async def turn_page(
    _: CallbackQuery,
    decision: Decision,
    origin: EventContext,
    people: PersonRepository,
    bot_admins: BotAdmins,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page of the list."""
    redraw(*listing(await people.everyone(origin.key.bot), decision.person, bot_admins, say))


async def change_admins(
    message: Message,
    command: CommandObject,
    origin: EventContext,
    people: PersonRepository,
    bot_admins: BotAdmins,
    telegram: Telegram,
    texts: Texts,
    say: Responder,
    later: AfterCommit,
) -> None:
    """`/admin add 1000`, `/admin remove 1000`, or as a reply to a message of theirs; alone it lists the admins."""
    verb, _, rest = (command.args or "").strip().lower().partition(" ")
    target = _target(message, rest.strip())
    if verb not in {"add", "remove"} or target is None:
        names = [await _named(people, origin.key.bot, admin) for admin in await bot_admins.ids()]
        say("admin-usage", admins="\n".join(names))
    elif verb == "add":
        if not await bot_admins.add(target):
            say("admin-never-met")
            return
        say("admin-added", name=await _named(people, origin.key.bot, target))
        later("publish a menu", lambda: publish_admin_menu(telegram, texts, target))
    elif bot_admins.is_named(target):
        say("admin-in-environment")
    elif not await bot_admins.remove(target):
        say("admin-is-none")
    else:
        say("admin-removed", name=await _named(people, origin.key.bot, target))
        later("publish a menu", lambda: publish_plain_menu(telegram, texts, target))


async def refuse(_: Message, say: Responder) -> None:
    """Tell everybody else whose command this is."""
    say("only-bot-admins")


async def refuse_press(_: CallbackQuery, answer: CallbackAnswer) -> None:
    """Tell somebody who is no admin (any more)."""
    answer("only-bot-admins", alert=True)


def listing(everyone: list[Person], page: int, bot_admins: BotAdmins, say: Responder) -> tuple[str, Keyboard]:
    """One page of the list: each person with their standing, and a button to change it."""
    pages = max(1, -(-len(everyone) // PAGE_SIZE))
    page = min(page, pages - 1)
    here = everyone[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    lines = [say.text("people-title", count=len(everyone), page=page + 1, pages=pages), ""]
    rows: list[tuple[Button, ...]] = []
    for person in here:
        admin = bot_admins.includes(person)
        lines.append(say.text("person", name=in_full(person), standing="admin" if admin else person.standing.value))
        if not admin:
            verb = "unblock" if person.standing in {Standing.BLOCKED, Standing.WAITING} else "block"
            text = say.text(f"button-{verb}", name=person.name or str(person.id))
            rows.append((Button(text, data=f"who:{verb}:{person.id}:{page}"),))
    turns = [
        Button(arrow, data=f"who:page:{to}") for arrow, to in (("‹", page - 1), ("›", page + 1)) if 0 <= to < pages
    ]
    return "\n".join(lines), (*rows, *([tuple(turns)] if turns else []))


def _target(message: Message, text: str) -> int | None:
    """Whom a command means: the id in it; where it names nobody, who wrote the message that it replies to."""
    if text:
        return int(text) if re.fullmatch(r"\d{1,16}", text) else None
    target = reply_target(message)
    sender = target.from_user if target and target.sender_chat is None else None
    return sender.id if sender and not sender.is_bot else None


async def _decide(
    origin: EventContext, person: Person, standing: Standing, people: PersonRepository, say: Responder
) -> None:
    """Let somebody in, or not; whoever waits for it hears so."""
    await people.set_standing(origin.key.bot, person.id, standing)
    if person.standing is Standing.WAITING:
        to_them = say.to(Destination(person.id, private=True), language_of(person.language))
        to_them("access-granted" if standing is Standing.APPROVED else "access-denied")


async def _named(people: PersonRepository, bot: int, person: int) -> str:
    known = await people.get(bot, person)
    return in_full(known) if known else str(person)
