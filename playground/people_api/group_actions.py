"""Actions in groups: create, join, leave, administer, open topics, turn into a supergroup."""

from __future__ import annotations

from typing import Any

from playground.errors import Impossible
from playground.world.hub import Hub
from playground.world.members import member, tell_bot_status, tell_member_status
from playground.world.state import BOT, GENERAL, Chat, Message, Topic, open_topic

Json = dict[str, Any]


class GroupActions:
    """The people's side of groups. `by` in a body says who does it; without it the owner does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._world = hub.world

    def create(self, body: Json) -> Json:
        """Make a group; with `bot` true (as by default) the bot is added at once."""
        kind = str(body.get("type") or "supergroup")
        if kind not in ("group", "supergroup"):
            raise Impossible("type: group or supergroup")
        members = [int(user) for user in body.get("members") or []] or list(self._world.people)[:1]
        if any(user not in self._world.people for user in members):
            raise Impossible("no such person", 404)
        chat = self._world.add_group(
            kind, str(body.get("title") or "Group"), members, is_forum=bool(body.get("is_forum"))
        )
        self._hub.chat_changed(chat)
        if body.get("bot", True):
            self.add_bot(chat, body)
        return self._world.page_chat(chat, messages=1)

    def _by(self, chat: Chat, body: Json) -> int:
        return int(body.get("by") or chat.owner or (chat.members[0] if chat.members else BOT))

    def service(self, chat: Chat, body: Json) -> Json:
        """Post a service message with the given `fields`."""
        return self._say(
            chat, self._by(chat, body), dict(body.get("fields") or {}), int(body.get("topic") or 0) or None
        )

    def _say(self, chat: Chat, by: int, fields: Json, topic: int | None = None) -> Json:
        message = Message(
            self._world.message_id(chat), self._hub.date(), by, fields, thread=topic, in_topic=topic is not None
        )
        return self._hub.post(chat, message)

    def add_bot(self, chat: Chat, body: Json) -> Json:
        """Add the bot: `my_chat_member`, then `new_chat_members`."""
        by = self._by(chat, body)
        tell_bot_status(self._hub, chat, "administrator" if body.get("admin") else "member", by=by)
        return self._say(chat, by, {"new_chat_members": [self._world.bot_user()]})

    def remove_bot(self, chat: Chat, body: Json) -> Json:
        """Remove the bot; with `left` true it may be added again by itself, else it is banned."""
        by = self._by(chat, body)
        message = self._say(chat, by, {"left_chat_member": self._world.bot_user()})
        tell_bot_status(self._hub, chat, "left" if body.get("left") else "kicked", by=by)
        return message

    def restrict_bot(self, chat: Chat, body: Json) -> Json:
        """Take the right to write from the bot (`can_send` false), or give it back."""
        status = "member" if body.get("can_send") else "restricted"
        tell_bot_status(self._hub, chat, status, by=self._by(chat, body))
        return self._world.page_chat(chat)

    def admins(self, chat: Chat, body: Json) -> Json:
        """Make somebody (`user`, the bot included) an administrator, or (`admin` false) not any more."""
        user, admin, by = int(body["user"]), bool(body.get("admin", True)), self._by(chat, body)
        if user in (BOT, self._world.bot.id):
            tell_bot_status(self._hub, chat, "administrator" if admin else "member", by=by)
            return self._world.page_chat(chat)
        if user not in chat.members:
            raise Impossible("not a member of this chat")
        old = member(self._world, chat, user)
        chat.admins = [other for other in chat.admins if other != user] + ([user] if admin else [])
        tell_member_status(self._hub, chat, old, user, by=by)
        return self._world.page_chat(chat)

    def join(self, chat: Chat, body: Json) -> Json:
        """Let somebody (`user`) in."""
        user = int(body["user"])
        if user not in self._world.people:
            raise Impossible("no such person", 404)
        old = member(self._world, chat, user)
        if user not in chat.members:
            chat.members.append(user)
        tell_member_status(self._hub, chat, old, user, by=user)
        return self._say(chat, int(body.get("by") or user), {"new_chat_members": [self._world.user(user)]})

    def leave(self, chat: Chat, body: Json) -> Json:
        """Let somebody (`user`) out."""
        user = int(body["user"])
        old = member(self._world, chat, user)
        chat.members = [other for other in chat.members if other != user]
        chat.admins = [other for other in chat.admins if other != user]
        tell_member_status(self._hub, chat, old, user, by=user)
        return self._say(chat, int(body.get("by") or user), {"left_chat_member": self._world.user(user)})

    def migrate(self, chat: Chat, body: Json) -> Json:
        """Turn a basic group into a supergroup with a new id."""
        if chat.type != "group" or chat.migrated_to is not None:
            raise Impossible("only a basic group can become a supergroup")
        by = self._by(chat, body)
        new = self._world.add_group("supergroup", chat.title, chat.members, is_forum=bool(body.get("is_forum")))
        new.owner, new.admins, new.bot_status = chat.owner, list(chat.admins), chat.bot_status
        self._hub.chat_changed(new)
        self._say(chat, by, {"migrate_to_chat_id": new.id})
        chat.migrated_to = new.id
        self._hub.chat_changed(chat)
        self._say(new, by, {"migrate_from_chat_id": chat.id})
        return self._world.page_chat(new, messages=1)

    def delete(self, chat: Chat, body: Json) -> Json:
        """Delete a group altogether."""
        tell_bot_status(self._hub, chat, "left", by=self._by(chat, body))
        chat.deleted = True
        self._hub.chat_changed(chat)
        return self._world.page_chat(chat)

    def title(self, chat: Chat, body: Json) -> Json:
        """Rename a group."""
        chat.title = str(body.get("title") or chat.title)
        self._hub.chat_changed(chat)
        return self._say(chat, self._by(chat, body), {"new_chat_title": chat.title})

    def pin(self, chat: Chat, body: Json) -> Json:
        """Pin a message (`message_id`)."""
        pinned = chat.messages.get(int(body.get("message_id") or 0))
        if pinned is None:
            raise Impossible("no such message", 404)
        shown = self._world.message(chat, pinned, reply=False)
        return self._say(chat, self._by(chat, body), {"pinned_message": shown})

    def open_topic(self, chat: Chat, body: Json) -> Json:
        """Open a topic named `name`."""
        if not chat.is_forum and not (chat.private and self._world.bot.has_topics_enabled):
            raise Impossible("not a forum")
        by = chat.id if chat.private else self._by(chat, body)
        opened = open_topic(self._world, chat, str(body.get("name") or "Topic"), by, self._hub.date())
        self._hub.chat_changed(chat)
        self._hub.post(chat, opened)
        return {"id": opened.id, "name": chat.topics[opened.id].name, "closed": False}

    def close_topic(self, chat: Chat, topic: int, body: Json) -> Json:
        """Close a topic (General is 1)."""
        return self._topic_state(chat, topic, body, closed=True)

    def reopen_topic(self, chat: Chat, topic: int, body: Json) -> Json:
        """Open a closed topic again."""
        return self._topic_state(chat, topic, body, closed=False)

    def _topic_state(self, chat: Chat, topic: int, body: Json, *, closed: bool) -> Json:
        found = self._topic(chat, topic)
        found.closed = closed
        self._hub.chat_changed(chat)
        name = "forum_topic_closed" if closed else "forum_topic_reopened"
        return self._say(chat, self._by(chat, body), {name: {}}, None if topic == GENERAL else topic)

    def rename_topic(self, chat: Chat, topic: int, body: Json) -> Json:
        """Rename a topic."""
        found = self._topic(chat, topic)
        found.name = str(body.get("name") or found.name)
        self._hub.chat_changed(chat)
        edited = {"forum_topic_edited": {"name": found.name}}
        return self._say(chat, self._by(chat, body), edited, None if topic == GENERAL else topic)

    def delete_topic(self, chat: Chat, topic: int, _body: Json) -> Json:
        """Delete a topic with its messages; the bot is not told."""
        self._topic(chat, topic)
        if topic == GENERAL:
            raise Impossible("General stays")
        del chat.topics[topic]
        self._hub.delete(chat, [message.id for message in chat.messages.values() if message.thread == topic])
        self._hub.chat_changed(chat)
        return {"deleted": topic}

    def _topic(self, chat: Chat, topic: int) -> Topic:
        if topic not in chat.topics:
            raise Impossible("no such topic", 404)
        return chat.topics[topic]
