"""People, chats, topics and messages: pure state and its rules. `hub.py` tells others of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from playground.world.drafts import Drafts

Json = dict[str, Any]

BOT: Final = 0
"""Stands for the bot wherever a user id is kept: its real id comes from its token."""
GENERAL: Final = 1
"""The id of a forum's General topic; its messages carry no `message_thread_id`."""
MAX_MESSAGES_PER_CHAT: Final = 5000
"""Messages remembered in one chat; the oldest are forgotten first."""
CHANNEL_BOT: Final = 136817688
ANONYMOUS_BOT: Final = 1087968824
TELEGRAM: Final = 777000
_SENT: Final = frozenset(
    {
        "text", "photo", "document", "voice", "audio", "video", "animation", "video_note", "sticker", "location",
        "venue", "contact", "poll", "dice",
    }
)  # fmt: skip
"""Content that somebody sent; all other messages are service messages."""


@dataclass(slots=True)
class BotAccount:
    """The bot itself, as `getMe` shows it."""

    id: int
    username: str = "aura_bot"
    first_name: str = "Aura"
    can_read_all_group_messages: bool = False
    has_topics_enabled: bool = False
    descriptions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """Somebody with a Telegram account (or, for tests, another bot)."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False
    deactivated: bool = False

    def user(self) -> Json:
        """Return the Bot API's User."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is that of the service message that opened it."""

    id: int
    name: str
    closed: bool = False


@dataclass(slots=True)
class Message:
    """A message as it is kept. `content` and `extra` hold Bot API fields and are replaced, never changed in place."""

    id: int
    date: int
    sender: int
    content: Json
    thread: int | None = None
    in_topic: bool = False
    reply_to: int | None = None
    edited: int | None = None
    markup: Json | None = None
    extra: Json = field(default_factory=dict)

    @property
    def is_service(self) -> bool:
        """True for what nobody sent: a title that changed, somebody who came."""
        return _SENT.isdisjoint(self.content)


@dataclass(slots=True)
class Chat:
    """A private chat with the bot, a basic group or a supergroup."""

    id: int
    type: str
    title: str = ""
    is_forum: bool = False
    members: list[int] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)
    owner: int | None = None
    bot_status: str = "left"
    started: bool = False
    blocked: bool = False
    deleted: bool = False
    migrated_to: int | None = None
    next_message: int = 1
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    drafts: Drafts = field(default_factory=Drafts)
    typing: dict[int, float] = field(default_factory=dict)

    @property
    def private(self) -> bool:
        """True for a person's chat with the bot."""
        return self.type == "private"

    @property
    def bot_is_admin(self) -> bool:
        """True once the bot has been made an administrator."""
        return self.bot_status == "administrator"

    def is_admin(self, user: int) -> bool:
        """Return whether somebody owns or administers this chat."""
        return user in self.admins or user == self.owner


class World:
    """All people and chats, and the Bot API objects made from them."""

    def __init__(self, bot: BotAccount) -> None:
        self.bot = bot
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.next_message = 1
        self.next_person = 1003
        self.next_group = 1
        self.commands: dict[tuple[str, str], list[Json]] = {}

    def add_person(
        self, first_name: str, username: str | None, language_code: str | None, *, is_bot: bool = False
    ) -> Person:
        """Let somebody join Telegram, with a private chat that the bot may use once they open it."""
        person = Person(self.next_person, first_name, username, language_code, is_bot)
        self.next_person += 1
        self.people[person.id] = person
        if not is_bot:
            self.chats[person.id] = Chat(person.id, "private", members=[person.id], bot_status="member")
        return person

    def add_group(self, kind: str, title: str, members: list[int], *, is_forum: bool = False) -> Chat:
        """Create a group ("group") or supergroup ("supergroup"); its first member owns it."""
        base = -4_000_000_000 if kind == "group" else -1_002_000_000_000
        chat = Chat(base - self.next_group, kind, title, is_forum, list(members))
        self.next_group += 1
        chat.owner = members[0] if members else None
        chat.admins = members[:1]
        if is_forum:
            chat.topics[GENERAL] = Topic(GENERAL, "General")
            chat.next_message = GENERAL + 1
        self.chats[chat.id] = chat
        return chat

    def message_id(self, chat: Chat) -> int:
        """Return the next id: supergroups count their own messages, all other chats count together."""
        if chat.type == "supergroup":
            chat.next_message += 1
            return chat.next_message - 1
        self.next_message += 1
        return self.next_message - 1

    def keep(self, chat: Chat, message: Message) -> list[int]:
        """Remember a new message, and return the ids of those that are forgotten for it."""
        chat.messages[message.id] = message
        forgotten: list[int] = []
        while len(chat.messages) > MAX_MESSAGES_PER_CHAT:
            oldest = next(iter(chat.messages))
            del chat.messages[oldest]
            forgotten.append(oldest)
        return forgotten

    def user(self, user_id: int) -> Json:
        """Return the Bot API's User for an id, the bot's and Telegram's own helpers included."""
        if user_id in (BOT, self.bot.id):
            return self.bot_user()
        person = self.people.get(user_id)
        if person is not None:
            return person.user()
        helpers = {
            ANONYMOUS_BOT: ("Group", "GroupAnonymousBot", True),
            CHANNEL_BOT: ("Channel", "Channel_Bot", True),
            TELEGRAM: ("Telegram", None, False),
        }
        name, username, is_bot = helpers.get(user_id, ("Deleted Account", None, False))
        return Person(user_id, name, username, is_bot=is_bot).user()

    def bot_user(self) -> Json:
        """Return the bot's User as it stands in messages."""
        bot = self.bot
        return {"id": bot.id, "is_bot": True, "first_name": bot.first_name, "username": bot.username}

    def chat(self, chat: Chat) -> Json:
        """Return the Bot API's Chat as it stands in messages."""
        if chat.private:
            person = self.user(chat.id)
            shown = {"id": chat.id, "type": "private", "first_name": person["first_name"]}
            if "username" in person:
                shown["username"] = person["username"]
            return shown
        shown = {"id": chat.id, "type": chat.type, "title": chat.title}
        if chat.is_forum:
            shown["is_forum"] = True
        return shown

    def message(self, chat: Chat, message: Message, *, page: bool = False, reply: bool = True) -> Json:
        """Return the Bot API's Message. For the bot a topic's messages answer its first one, as they do on Telegram."""
        shown: Json = {
            "message_id": message.id,
            "from": self.user(message.sender),
            "chat": self.chat(chat),
            "date": message.date,
        }
        if message.thread is not None:
            shown["message_thread_id"] = message.thread
            if message.in_topic:
                shown["is_topic_message"] = True
        target = message.reply_to
        if target is None and message.in_topic and not page and message.thread != message.id:
            target = message.thread
        if reply and target is not None and target in chat.messages:
            shown["reply_to_message"] = self.message(chat, chat.messages[target], page=page, reply=False)
        if message.edited is not None:
            shown["edit_date"] = message.edited
        if message.extra:
            shown.update(message.extra)
        shown.update(message.content)
        if message.markup is not None:
            shown["reply_markup"] = message.markup
        return shown

    def page_chat(self, chat: Chat, *, messages: int = 0, wall_offset: float = 0) -> Json:
        """Return a chat as the page sees it, with its newest `messages`."""
        newest = list(chat.messages.values())[-messages:] if messages else []
        shown: Json = {
            "id": chat.id,
            "type": chat.type,
            "title": chat.title or self.user(chat.id)["first_name"],
            "is_forum": chat.is_forum,
            "members": list(chat.members),
            "admins": list(chat.admins),
            "owner": chat.owner,
            "bot_status": chat.bot_status,
            "started": chat.started,
            "blocked": chat.blocked,
            "deleted": chat.deleted,
            "migrated_to": chat.migrated_to,
            "topics": [
                {"id": topic.id, "name": topic.name, "closed": topic.closed}
                for topic in chat.topics.values()
                if topic.id != GENERAL
            ],
            "drafts": [draft.shown() for draft in chat.drafts.values()],
            "typing": {str(thread): until + wall_offset for thread, until in chat.typing.items()},
        }
        if chat.private:
            shown["person"] = chat.id
        if messages:
            shown["messages"] = [self.message(chat, message, page=True) for message in newest]
        return shown


def default_world(bot: BotAccount, now: int) -> World:
    """Return the world that the playground starts with: two people, and a group of theirs with a topic and the bot."""
    world = World(bot)
    world.next_person = 1001
    anna = world.add_person("Anna", "anna", "en")
    boris = world.add_person("Борис", "boris", "ru")
    friends = world.add_group("supergroup", "Friends", [anna.id, boris.id], is_forum=True)
    friends.bot_status = "member"
    open_topic(world, friends, "Ideas", anna.id, now)
    return world


def open_topic(world: World, chat: Chat, name: str, creator: int, now: int) -> Message:
    """Open a topic and return the service message that does it."""
    identity = world.message_id(chat)
    chat.topics[identity] = Topic(identity, name)
    created = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
    message = Message(identity, now, creator, created, thread=identity, in_topic=True)
    world.keep(chat, message)
    return message


def reply_thread(chat: Chat, target: Message) -> tuple[int | None, bool]:
    """Return the thread that a reply falls into and whether it is a topic: in a plain supergroup replies make one."""
    if target.in_topic:
        return target.thread, True
    if chat.type == "supergroup" and not chat.is_forum:
        return target.thread if target.thread is not None else target.id, False
    return None, False
