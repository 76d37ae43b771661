"""Keeps the world over restarts, in one SQLite file.

Each flush is one transaction, so a crash loses half a second at most.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playground.access import is_loopback
from playground.errors import WorldFileError
from playground.world.files import FileStore
from playground.world.hub import Hub
from playground.world.state import BotAccount, Chat, Message, Person, Topic, World
from playground.world.update_queue import PendingUpdate, UpdateQueue, Webhook

logger = logging.getLogger(__name__)

Json = dict[str, Any]

FLUSH_DELAY: Final = 0.5
"""Seconds between a change and its being written."""
RETRY_DELAY: Final = 5.0
"""Seconds after a failed write until the next one."""
CRASH_ID_GAP: Final = 1000
"""Ids skipped after a crash, so that none is given twice: more than half a second can use up."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (chat INTEGER, id INTEGER, value TEXT NOT NULL, PRIMARY KEY (chat, id));
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, details TEXT NOT NULL, content BLOB NOT NULL);
"""


class NullPersistence:
    """The persistence of a world that lives in memory only."""

    def mark_message(self, chat_id: int, message_id: int) -> None:
        """Store nothing."""

    def mark_file(self, file_id: str) -> None:
        """Store nothing."""

    def mark_world(self) -> None:
        """Store nothing."""


class SqlitePersistence:
    """Marks changes and writes them a little later. Raises WorldFileError where the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = _open_database(path)
        self._messages: set[tuple[int, int]] = set()
        self._files: set[str] = set()
        self._hub: Hub | None = None
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, hub: Hub) -> None:
        """Write what changes in this world from now on."""
        self._hub = hub
        hub.updates.changed = self.mark_world
        self.flush(clean=False)

    def mark_message(self, chat_id: int, message_id: int) -> None:
        """Mark a message that is new, changed or gone."""
        self._messages.add((chat_id, message_id))
        self.mark_world()

    def mark_file(self, file_id: str) -> None:
        """Mark a new file."""
        self._files.add(file_id)
        self.mark_world()

    def mark_world(self) -> None:
        """Mark any other change."""
        self._schedule(FLUSH_DELAY)

    def _schedule(self, delay: float) -> None:
        if self._timer is None and self._hub is not None:
            self._timer = asyncio.get_running_loop().call_later(delay, self._flush_later)

    def _flush_later(self) -> None:
        """Flush from the timer; what cannot be written now stays marked and is tried again."""
        self._timer = None
        try:
            self.flush()
        except sqlite3.Error as error:
            logger.warning("%s cannot be written: %s", self._path, error)
            self._schedule(RETRY_DELAY)

    def flush(self, *, clean: bool = False) -> None:
        """Write everything that has changed, in one transaction."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        hub = self._hub
        if hub is None:
            return
        with self._database as database:
            database.executemany("REPLACE INTO facts VALUES (?, ?)", _facts(hub, clean=clean))
            self._flush_messages(database, hub.world)
            for file_id in self._files:
                kept = hub.files.get(file_id)
                if kept is not None:
                    database.execute("REPLACE INTO files VALUES (?, ?, ?)", (file_id, json.dumps(kept[0]), kept[1]))
        self._files.clear()
        self._messages.clear()

    def _flush_messages(self, database: sqlite3.Connection, world: World) -> None:
        gone, present = [], []
        for chat_id, message_id in self._messages:
            chat = world.chats.get(chat_id)
            message = chat.messages.get(message_id) if chat else None
            if message is None:
                gone.append((chat_id, message_id))
            else:
                present.append((chat_id, message_id, json.dumps(asdict(message))))
        database.executemany("DELETE FROM messages WHERE chat = ? AND id = ?", gone)
        database.executemany("REPLACE INTO messages VALUES (?, ?, ?)", present)

    def close(self) -> None:
        """Write what is left and let go of the file."""
        try:
            self.flush(clean=True)
        except sqlite3.Error as error:
            logger.warning("%s cannot be written: %s", self._path, error)
        self._hub = None
        self._database.close()

    def load(self, bot: BotAccount, updates: UpdateQueue, files: FileStore) -> World | None:
        """Return the stored world, None where there is none yet; fills the update queue and the files.

        Raises WorldFileError for a file that holds something else.
        """
        try:
            return self._load(bot, updates, files)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            self._database.close()
            raise WorldFileError(f"{self._path} does not hold a playground's world ({error}); move it away") from error

    def _load(self, bot: BotAccount, updates: UpdateQueue, files: FileStore) -> World | None:
        facts = {name: json.loads(value) for name, value in self._database.execute("SELECT name, value FROM facts")}
        if "world" not in facts:
            return None
        gap = 0 if facts.get("clean") else CRASH_ID_GAP
        world = _world(facts["world"], bot, gap)
        for chat_id, value in self._database.execute("SELECT chat, value FROM messages ORDER BY chat, id"):
            message = Message(**json.loads(value))
            if chat_id in world.chats:
                world.chats[chat_id].messages[message.id] = message
        for file_id, details, content in self._database.execute("SELECT id, details, content FROM files ORDER BY id"):
            files.put(file_id, json.loads(details), content)
        kept = facts["updates"]
        updates.next_id = kept["next"] + gap
        updates.allowed = kept["allowed"]
        updates.pending.extend(_pending(stored) for stored in kept["pending"])
        webhook = Webhook(*kept["webhook"])
        if is_loopback(urlsplit(webhook.url).hostname or ""):
            updates.webhook = webhook
        return world


def _open_database(path: Path) -> sqlite3.Connection:
    """Open or make the file, for its owner alone; SQLite's own files beside it get the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        database = sqlite3.connect(path)
        database.execute("PRAGMA synchronous = NORMAL")
        database.executescript(_SCHEMA)
    except OSError as error:
        raise WorldFileError(f"{path.absolute()} cannot be opened: {error.strerror}") from error
    except sqlite3.Error as error:
        raise WorldFileError(f"{path.absolute()} cannot be opened: {error}") from error
    return database


def _facts(hub: Hub, *, clean: bool) -> list[tuple[str, str]]:
    world, updates = hub.world, hub.updates
    shown = {
        "people": [asdict(person) for person in world.people.values()],
        "chats": [_chat_facts(chat) for chat in world.chats.values()],
        "next": [world.next_message, world.next_person, world.next_group],
        "commands": [[scope, language, commands] for (scope, language), commands in world.commands.items()],
    }
    hook = updates.webhook
    queue = {
        "next": updates.next_id,
        "allowed": updates.allowed,
        "pending": [[pending.id, pending.update] for pending in updates.pending],
        "webhook": [hook.url, hook.secret, hook.connections],
    }
    return [("world", json.dumps(shown)), ("updates", json.dumps(queue)), ("clean", json.dumps(clean))]


def _pending(stored: Any) -> PendingUpdate:  # noqa: ANN401  # any JSON value
    """Read a pending update; older files hold the update alone."""
    return PendingUpdate(stored["update_id"], stored) if isinstance(stored, dict) else PendingUpdate(*stored)


def _chat_facts(chat: Chat) -> Json:
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "is_forum": chat.is_forum,
        "members": chat.members,
        "admins": chat.admins,
        "owner": chat.owner,
        "bot_status": chat.bot_status,
        "started": chat.started,
        "blocked": chat.blocked,
        "deleted": chat.deleted,
        "migrated_to": chat.migrated_to,
        "next_message": chat.next_message,
        "topics": [asdict(topic) for topic in chat.topics.values()],
    }


def _world(facts: Json, bot: BotAccount, gap: int) -> World:
    world = World(bot)
    world.people = {person["id"]: Person(**person) for person in facts["people"]}
    for kept in facts["chats"]:
        topics = {topic["id"]: Topic(**topic) for topic in kept["topics"]}
        chat = Chat(**{**kept, "topics": topics})
        chat.next_message += gap
        world.chats[chat.id] = chat
    world.next_message, world.next_person, world.next_group = facts["next"]
    world.next_message += gap
    world.commands = {(scope, language): commands for scope, language, commands in facts["commands"]}
    return world
