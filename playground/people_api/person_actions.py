"""Actions of people in their apps: write, edit, delete, press buttons, stop a draft, block the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from playground.errors import Impossible, Refusal
from playground.people_api.attachments import pretended_media
from playground.people_api.forwards import chosen_messages, origin_fields
from playground.people_api.senders import sender_of
from playground.people_api.uploads import Chosen, chosen_files, contents_of
from playground.text.entities import MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH, normalize, utf16_length
from playground.world.hub import Hub
from playground.world.members import tell_bot_status
from playground.world.state import BOT, GENERAL, Chat, Message, Person, reply_thread

Json = dict[str, Any]

PRESS_TIMEOUT: Final = 10.0
"""Seconds that an app shows a pressed button as busy."""
MAX_SPLIT_DISTANCE: Final = 48
"""An app cuts a long text at white space, if there is some among this many characters before the limit."""
_MARKED: Final = ("entities", "caption_entities", "link_preview_options")


class PersonActions:
    """The people's side of the world. All of it raises Impossible for what an app would not let one do."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._world = hub.world

    def join_telegram(self, body: Json) -> Json:
        """Let a new person appear."""
        name = str(body.get("first_name") or "Somebody")
        person = self._world.add_person(
            name, body.get("username"), body.get("language_code"), is_bot=bool(body.get("is_bot"))
        )
        if person.id in self._world.chats:
            self._hub.chat_changed(self._world.chats[person.id], person=person.user())
        else:
            self._hub.events.publish("person", person=person.user())
            self._hub.persistence.mark_world()
        return person.user()

    def person(self, user: int) -> Person:
        """Return a person. Raises Impossible (404) where there is none."""
        if user not in self._world.people:
            raise Impossible("no such person", 404)
        return self._world.people[user]

    def chat(self, chat_id: Any) -> Chat:  # noqa: ANN401  # whatever the JSON held
        """Return a chat. Raises Impossible (404) where there is none."""
        chat = self._world.chats.get(chat_id)
        if chat is None:
            raise Impossible("no such chat", 404)
        return chat

    async def send(self, user: int, body: Json) -> Json:
        """Write a message; a long text and several files become several: `message` is the first, `messages` are all."""
        return self._send(user, body, await chosen_files(body))

    def _send(self, user: int, body: Json, files: list[Chosen]) -> Json:
        person = self.person(user)
        chat = self.chat(body.get("chat_id", user))
        thread, target, extra = self._place(person, chat, body)
        sender, sender_fields = sender_of(self._hub, chat, user, body)
        extra = {**extra, **sender_fields, **(body.get("extra") or {})}
        contents = self._contents(body, files)
        reply_to = target.id if target else None
        sent = self._post(
            chat,
            [
                Message(0, self._hub.date(), sender, content, thread[0], thread[1], reply_to, extra=extra)
                for content, _ in contents
            ],
            [album for _, album in contents],
        )
        return {"message": sent[0], "messages": sent}

    def _post(self, chat: Chat, messages: list[Message], albums: Sequence[object]) -> list[Json]:
        """Post messages in one moment; those that share an album (an entry that is true) get a media group."""
        groups: dict[object, str] = {}
        sent: list[Json] = []
        for message, album in zip(messages, albums, strict=True):
            message.id = self._world.message_id(chat)
            if album:
                group = groups.setdefault(album, f"{abs(chat.id)}{message.id:06d}")
                message.extra = {**message.extra, "media_group_id": group}
            self._hub.post(chat, message)
            sent.append(self._world.message(chat, message, page=True))
        return sent

    def forward(self, user: int, body: Json) -> Json:
        """Forward `message_ids` of `from_chat_id`; a comment (`text`) is a message of its own, just before them."""
        person = self.person(user)
        source = self.chat(body.get("from_chat_id"))
        if user not in source.members:
            raise Impossible("not a member of this chat")
        messages = chosen_messages(source, body.get("message_ids"))
        comment = self._texts(body) if str(body.get("text") or "").strip() else []
        chat = self.chat(body.get("chat_id"))
        (thread, in_topic), _, _ = self._place(person, chat, {**body, "reply_to": None})
        now, hidden = self._hub.date(), bool(body.get("hidden"))
        written = [Message(0, now, user, content, thread, in_topic) for content in comment]
        forwarded = [
            Message(
                0, now, user, message.content, thread, in_topic, extra=origin_fields(self._hub, message, hidden=hidden)
            )
            for message in messages
        ]
        albums = [None] * len(written) + [message.extra.get("media_group_id") for message in messages]
        sent = self._post(chat, written + forwarded, albums)
        return {"message": sent[0], "messages": sent}

    def _place(self, person: Person, chat: Chat, body: Json) -> tuple[tuple[int | None, bool], Message | None, Json]:
        self._may_write(person, chat, body)
        topic = int(body.get("topic") or 0)
        thread: tuple[int | None, bool] = (None, False)
        if topic not in (0, GENERAL):
            if topic not in chat.topics:
                raise Impossible("no such topic", 404)
            thread = (topic, True)
        place = chat.topics.get(topic or GENERAL)
        if place is not None and place.closed and not chat.is_admin(person.id):
            raise Impossible("the topic is closed")
        if not body.get("reply_to"):
            return thread, None, {}
        target = chat.messages.get(body["reply_to"])
        if target is None:
            raise Impossible("no such message to reply to", 404)
        return self._reply(chat, target, thread, body.get("quote"))

    def _reply(
        self, chat: Chat, target: Message, thread: tuple[int | None, bool], quote: str | None
    ) -> tuple[tuple[int | None, bool], Message, Json]:
        if thread[0] is None:
            thread = reply_thread(chat, target)
        if not quote:
            return thread, target, {}
        text = target.content.get("text") or target.content.get("caption") or ""
        position = utf16_length(text[: max(text.find(quote), 0)])
        return thread, target, {"quote": {"text": quote, "position": position, "is_manual": True}}

    def _may_write(self, person: Person, chat: Chat, body: Json) -> None:
        if chat.deleted or chat.migrated_to is not None:
            raise Impossible("this chat is gone")
        if chat.private:
            if chat.id != person.id:
                raise Impossible("somebody else's private chat")
            if chat.blocked:
                raise Impossible("unblock the bot first")
            if not chat.started:
                chat.started = True
                self._hub.chat_changed(chat)
        elif person.id not in chat.members and not body.get("sender_chat"):
            raise Impossible("not a member of this chat")

    def _contents(self, body: Json, files: list[Chosen]) -> list[tuple[Json, int]]:
        """Return the content of each message with the number of its album, 0 for none."""
        if not files and not body.get("media"):
            return [(content, 0) for content in self._texts(body)]
        caption = self._caption(str(body.get("caption") or body.get("text") or ""), body.get("entities"))
        contents = (
            contents_of(self._hub, files) if files else [(pretended_media(str(body["media"]), self._hub.files), 0)]
        )
        first, album = contents[0]
        return [({**first, **caption}, album), *contents[1:]]

    def _caption(self, caption: str, given: list[Json] | None) -> Json:
        if not caption:
            return {}
        text, entities = self._normalized(caption, given)
        if utf16_length(text) > MAX_CAPTION_LENGTH:
            raise Impossible("the caption is too long")
        return {"caption": text, "caption_entities": entities} if entities else {"caption": text}

    def _texts(self, body: Json) -> list[Json]:
        text = str(body.get("text") or "")
        given = body.get("entities")
        if given and utf16_length(text) > MAX_TEXT_LENGTH:
            raise Impossible("a long text with entities is not split here")
        contents = []
        for part in split_as_apps_do(text):
            shown, entities = self._normalized(part, given)
            contents.append({"text": shown, "entities": entities} if entities else {"text": shown})
        if not contents:
            raise Impossible("nothing to send")
        return contents

    def _normalized(self, text: str, entities: list[Json] | None) -> tuple[str, list[Json]]:
        try:
            return normalize(text, entities)
        except Refusal as refusal:
            raise Impossible(refusal.description) from None

    def edit(self, user: int, body: Json) -> Json:
        """Edit one's own message. The same text gives an update too, as for changes that nobody sees."""
        chat, message = self._message(body)
        if message.sender != user:
            raise Impossible("somebody else's message")
        text, entities = self._normalized(str(body.get("text") or body.get("caption") or ""), body.get("entities"))
        content = {name: value for name, value in message.content.items() if name not in _MARKED}
        name = "text" if "text" in content else "caption"
        content[name] = text
        if entities:
            content["entities" if name == "text" else "caption_entities"] = entities
        message.content, message.edited = content, self._hub.date()
        return {"message": self._hub.edited(chat, message)}

    def delete(self, user: int, body: Json) -> Json:
        """Delete one's own message, any in a private chat, any as an administrator."""
        chat, message = self._message(body)
        if message.sender != user and not chat.private and not chat.is_admin(user):
            raise Impossible("somebody else's message")
        return {"deleted": self._hub.delete(chat, [message.id])}

    def _message(self, body: Json) -> tuple[Chat, Message]:
        chat = self.chat(body.get("chat_id"))
        message = chat.messages.get(int(body.get("message_id") or 0))
        if message is None:
            raise Impossible("no such message", 404)
        return chat, message

    async def press(self, user: int, body: Json) -> Json:
        """Press a button and wait for the bot's answer. A message that is gone can be pressed too: apps may be late."""
        person = self.person(user)
        chat = self.chat(body.get("chat_id"))
        identity = int(body.get("message_id") or 0)
        message = chat.messages.get(identity)
        if message is not None and message.sender != BOT:
            raise Impossible("not a message of the bot")
        if message is not None:
            shown = self._world.message(chat, message)
        else:
            shown = {"chat": self._world.chat(chat), "message_id": identity, "date": 0}
        query_id, query = self._hub.queries.ask(chat.id, self._hub.clock())
        self._hub.updates.put(
            "callback_query",
            {
                "id": query_id,
                "from": person.user(),
                "message": shown,
                "chat_instance": str(7_000_000_000_000 + abs(chat.id)),
                "data": str(body.get("data") or ""),
            },
        )
        try:
            async with asyncio.timeout(float(body.get("wait", PRESS_TIMEOUT))):
                answer = await query.answer
        except TimeoutError:
            return {"answered": False, "text": "", "show_alert": False, "url": ""}
        self._hub.events.publish("callback_answer", chat_id=chat.id, message_id=identity, user=user, **answer)
        return {"answered": True, **answer}

    def stop_draft(self, _user: int, body: Json) -> Json:
        """Press Telegram's own Stop: of the draft `draft_id`, else of the newest one in the topic."""
        chat = self.chat(body.get("chat_id"))
        thread = int(body.get("topic") or 0)
        wanted = int(body["draft_id"]) if body.get("draft_id") is not None else None
        draft = chat.drafts.stoppable(thread, wanted)
        if draft is None:
            raise Impossible("no draft that can be stopped", 404)
        chat.drafts.stop(draft)
        if draft.keep_on_stop:
            self._hub.draft(chat, draft)
        else:
            self._hub.drop_draft(chat, draft)
        stopped: Json = {"chat": self._world.chat(chat), "draft_id": draft.id}
        if thread:
            stopped["message_thread_id"] = thread
        self._hub.updates.put("stopped_message_generation", stopped)
        return {"stopped": draft.id}

    def start(self, user: int, body: Json) -> Json:
        """Open the bot and press Start, or follow a deep link with its `payload`."""
        self.unblock(user, body)
        payload = str(body.get("payload") or "")
        return self._send(user, {"chat_id": user, "text": f"/start {payload}".strip()}, [])

    def block(self, user: int, _body: Json) -> Json:
        """Block the bot."""
        chat = self.chat(user)
        if not chat.blocked:
            tell_bot_status(self._hub, chat, "kicked", by=user)
        return {"blocked": True}

    def unblock(self, user: int, _body: Json) -> Json:
        """Unblock the bot."""
        chat = self.chat(user)
        if chat.blocked:
            tell_bot_status(self._hub, chat, "member", by=user)
        return {"blocked": False}

    def deactivate(self, user: int, _body: Json) -> Json:
        """Delete one's account."""
        self.person(user).deactivated = True
        self._hub.persistence.mark_world()
        return {"deactivated": True}

    def react(self, user: int, body: Json) -> Json:
        """Set a reaction (`emoji`) on a message; the bot hears of it if it asked for `message_reaction`."""
        chat, message = self._message(body)
        emoji = body.get("emoji")
        reaction = {
            "chat": self._world.chat(chat),
            "message_id": message.id,
            "user": self.person(user).user(),
            "date": self._hub.date(),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
        }
        if chat.private or chat.bot_is_admin:
            self._hub.updates.put("message_reaction", reaction)
        return {"reaction": emoji}


def split_as_apps_do(text: str) -> list[str]:
    """Return the messages that an app makes of a text: of 4096 UTF-16 units at most, cut at white space if near."""
    parts = []
    rest = text.strip(" \n")
    while rest:
        size = _fitting(rest)
        if size < len(rest):
            breaks = [rest.rfind(mark, size - MAX_SPLIT_DISTANCE, size) for mark in ("\n", " ")]
            size = next((place for place in breaks if place > 0), size)
        parts.append(rest[:size].rstrip(" \n"))
        rest = rest[size:].lstrip(" \n")
    return parts


def _fitting(text: str) -> int:
    """Return how many characters of a text fit into one message."""
    head = text[:MAX_TEXT_LENGTH]
    extra = utf16_length(head) - MAX_TEXT_LENGTH
    while extra > 0:
        head = head[: len(head) - max(extra // 2, 1)]
        extra = utf16_length(head) - MAX_TEXT_LENGTH
    return len(head)
