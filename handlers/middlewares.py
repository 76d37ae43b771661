"""What happens around every handler: who is there is found out before, and its effects are stored at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject, Update

from bot.conversation.people import Chat, Person
from bot.people.access import decide_access
from bot.people.bot_admins import BotAdmins
from bot.preferences import Preferences
from bot.runtime.task_supervisor import TaskSupervisor
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.people import PersonRepository
from bot.streaming.outbox import Outbox
from bot.telegram.client import Telegram
from bot.texts import Texts, language_of
from handlers.support.addressee_filter import AddresseeFilter
from handlers.support.bot_info import BotInfo
from handlers.support.mapping import EventContext, destination_of, to_event_context
from handlers.support.responders import AfterCommit, CallbackAnswer, MessageEditor, Responder

INTRODUCED = (
    "bot_info",
    "settings",
    "database",
    "conversations",
    "people",
    "chats",
    "bot_admins",
    "preferences",
    "texts",
    "telegram",
    "outbox",
    "tasks",
)
"""The collaborators that `ContextMiddleware` takes."""

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class ContextMiddleware(BaseMiddleware):
    """Finds out who stands behind an update, and what counts for them: outside of any transaction, before filters.

    What is not for the bot ends here, and leaves nothing behind: people who talk to each other in a group are not
    remembered. Handlers get `origin`, `person`, `group`, `admin`, `decide_access`, `effective`, `say`, `later`,
    `dedup`; for buttons `answer` and `redraw`, too.
    """

    def __init__(
        self,
        *,
        bot_info: BotInfo,
        clock: Callable[[], float],
        settings: Settings,
        database: Database,
        conversations: ConversationRepository,
        people: PersonRepository,
        chats: ChatRepository,
        bot_admins: BotAdmins,
        preferences: Preferences,
        texts: Texts,
        telegram: Telegram,
        outbox: Outbox,
        tasks: TaskSupervisor,
    ) -> None:
        self._facts = bot_info
        self._attention = AddresseeFilter(bot_info.me, clock)
        self._settings = settings
        self._database = database
        self._conversations = conversations
        self._people = people
        self._chats = chats
        self._administration = bot_admins
        self._preferences = preferences
        self._texts = texts
        self._telegram = telegram
        self._notices = outbox
        self._later = AfterCommit(database, tasks)

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Introduce the person to the handlers."""
        if not isinstance(event, Update) or (origin := to_event_context(event, self._facts.id)) is None:
            return await handler(event, data)
        if not await self._is_for_bot(event, origin):
            return None
        await self._introduce(event, origin, data)
        if event.callback_query is None:
            return await handler(event, data)
        answer = self._give_buttons(event.callback_query, origin, data)
        result = await handler(event, data)
        answer.give()
        return result

    async def _is_for_bot(self, update: Update, origin: EventContext) -> bool:
        if update.message is not None:
            return is_migration(update.message) or self._attention.accepts(update.message)
        if update.edited_message is not None:
            known = await self._conversations.at(origin.key, update.edited_message.message_id)
            return known is not None
        return True

    async def _introduce(self, update: Update, origin: EventContext, data: dict[str, Any]) -> None:
        person = await self._meet(origin)
        group = None if origin.private else await self._enter(origin, person)
        effective = await self._preferences.effective(origin.key)
        spoken = language_of((person.language if person else "") or (group.language if group else ""))
        admin = self._administration.includes(person)
        data.update(
            origin=origin,
            person=person,
            group=group,
            admin=admin,
            decide_access=decide_access(
                self._settings.access, person=person, chat=group, private=origin.private, admin=admin
            ),
            effective=effective,
            say=Responder(
                self._texts,
                self._notices,
                self._database,
                effective.language.value or spoken,
                destination_of(origin, update),
            ),
            spoken=spoken,
            later=self._later,
            dedup=f"{origin.key.bot}:{update.update_id}",
        )

    async def _meet(self, origin: EventContext) -> Person | None:
        user = origin.user
        if user is None:  # of a press of Telegram's own Stop only the chat is known, which in private is the person
            return await self._people.get(origin.key.bot, origin.key.chat) if origin.private else None
        return await self._people.meet(
            origin.key.bot, user.id, user.full_name, user.username or "", user.language_code or ""
        )

    async def _enter(self, origin: EventContext, person: Person | None) -> Chat | None:
        """The group, whose language is that of the first person who has one."""
        group = await self._chats.get(origin.key.bot, origin.key.chat)
        if person is None or not person.language or (group is not None and group.language):
            return group
        seen = replace(group or Chat(origin.key.chat, origin.kind, origin.title), language=person.language)
        await self._chats.put(origin.key.bot, seen)
        return seen

    def _give_buttons(self, query: CallbackQuery, origin: EventContext, data: dict[str, Any]) -> CallbackAnswer:
        answer = CallbackAnswer(query.id, data["say"], self._telegram, self._later)
        data.update(
            answer=answer, redraw=MessageEditor(origin.key.chat, origin.message_id or 0, self._telegram, self._later)
        )
        return answer


class TransactionMiddleware(BaseMiddleware):
    """Stores everything that a handler changes at once, and only once for an update that comes again."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Run the handler in a transaction."""
        database: Database = data["database"]
        update: Update = data["event_update"]
        async with database.transaction():
            if not await database.first_time(data["bot_info"].id, update.update_id):
                return None
            return await handler(event, data)


def is_migration(message: Message) -> bool:
    """Whether a service message says that a group became a supergroup."""
    return message.migrate_to_chat_id is not None or message.migrate_from_chat_id is not None
