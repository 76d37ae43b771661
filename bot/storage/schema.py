"""The tables: everything that lasts. A change here needs a new file in migrations/versions.

Times are Unix seconds. Ids of Telegram are 64 bits wide. Rows of several bots live side by side.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up only columns declared INTEGER, which are 64 bits wide there."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("topic", BigInteger, nullable=False),
    Column("person", BigInteger, nullable=False, server_default="0"),  # whose own it is; 0: everybody's
    Column("newest", BigInteger),  # the message that a plain question goes on from
    Column("anew_after", BigInteger),  # the last question before the wish to begin anew
    UniqueConstraint("bot", "chat", "topic", "person"),
    sqlite_autoincrement=True,  # an id in an old button must never come to mean something else
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation", Id, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("parent", Id, ForeignKey("messages.id", ondelete="SET NULL"), index=True),
    Column("placed", Boolean, nullable=False),  # false: its turn has not started, so nobody knows where it hangs
    Column("screen", BigInteger, index=True),  # versions of an answer that share Telegram messages: the first one's id
    Column("asked", BigInteger),  # the place in the order of asking that an edited question inherits; else its id
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("thoughts", Text, nullable=False),
    Column("ending", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("author_id", BigInteger),
    Column("quote_author", Text),
    Column("quote_text", Text),
    Column("at", Double, nullable=False),
    Column("model", Text),  # the model that wrote an answer
    Column("pictures", JSON(none_as_null=True)),  # files of a question's pictures
    Column("parts", JSON(none_as_null=True)),  # Telegram messages of a question, as they were sent
    Column("unread", Boolean, nullable=False, server_default=false()),  # its text is still to be made of its parts
    Column("album", Text),  # the group of Telegram messages that a question came in
    Index(
        "ix_messages_album", "album", sqlite_where=text("album IS NOT NULL"), postgresql_where=text("album IS NOT NULL")
    ),
    Column("model_choice", Text),  # the choice by which that model is found again
    sqlite_autoincrement=True,
)

shown = Table(
    "shown",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message", Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("part", JSON, nullable=False),
    Column("sealed", Boolean, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("conversation", Id, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("dedup", Text, unique=True),  # "<bot>:<update id>", so that an update acts once
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("open", Boolean, nullable=False),  # the state is not a finished one
    Column("owner", Text),  # <replica>/<boot id>
    Column("former_owner", Text),  # the last one that gave it back, or lost it; finished turns keep their owner alone
    Column("written_from", Double),  # when its first owner began
    Column("lease_until", Double),
    Column("claims", Integer, nullable=False, server_default="0"),  # times that it was claimed; only ever grows
    Column("attempt", Integer, nullable=False),
    Column("faults", Integer, nullable=False, server_default="0"),  # times it failed, or killed its process for certain
    Column("suspect", Boolean, nullable=False, server_default=false()),  # it began alone, a moment ago
    Column("unfinished", Text, nullable=False, server_default=""),  # text of an answer that may be given up
    Column("signal", Text),  # what a person wants of a turn that runs: stop, restart
    Column("not_before", Double),
    Column("round", Integer, nullable=False, server_default="0"),  # round robin: its people take turns, one a round
    Column("waited", Boolean, nullable=False, server_default=false()),  # its question was asked behind another turn
    Column("question", Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("answer", Id, ForeignKey("messages.id", ondelete="SET NULL"), index=True),
    Column("screen", BigInteger),
    Column("reply_to", BigInteger),
    Column("hangs_from", BigInteger),  # the Telegram message that the question replies to
    Column("asker", BigInteger, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("language", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("shown", JSON, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("sent_at", BigInteger),  # when Telegram got the newest message of the question
    Column("finished_at", Double),
    Column("model", Text),  # the choice of a model for this answer alone
    Column("begun", Integer, nullable=False, server_default="0"),  # times that its writing began, cut ones included
    Index("ix_turns_open", "conversation", "id", sqlite_where=text("open"), postgresql_where=text("open")),
    Index(
        "uq_turns_running",
        "conversation",
        unique=True,
        sqlite_where=text("open AND owner IS NOT NULL"),
        postgresql_where=text("open AND owner IS NOT NULL"),
    ),
    Index("ix_turns_asked", "bot", "asker", "asked_at"),
    Index("ix_turns_finished", "finished_at"),
    Index("ix_turns_conversation", "conversation", "asked_at"),
    sqlite_autoincrement=True,
)

spent = Table(
    "spent",
    metadata,
    # when somebody asked what was taken back or erased since: limits count it for as long as they look back
    Column("bot", BigInteger, nullable=False),
    Column("asker", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    Index("ix_spent_asked", "bot", "asker", "at"),
)

group_calls = Table(
    "group_calls",
    metadata,
    # calls to groups within a window of their budget, noted before they are made; older ones are deleted
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("process", Text, nullable=False),  # a name drawn at its start
    Column("at", Double, nullable=False),
    Index("ix_group_calls_chat", "bot", "chat"),
    sqlite_autoincrement=True,
)

token_usage = Table(
    "token_usage",
    metadata,
    # the tokens of each answer; they outlive the turn, because budgets and bills count them
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("estimated", Boolean, nullable=False),  # the server did not say how many
    Column("cost", Double),
    Column("currency", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("ended_at", Double, nullable=False),
    Column("cut", Integer, nullable=False, server_default="0"),  # earlier attempts whose tokens the server alone knows
    UniqueConstraint("turn", "asked_at"),
    Index("ix_token_usage_person", "bot", "person", "ended_at"),
    Index("ix_token_usage_bot", "bot", "ended_at"),
    sqlite_autoincrement=True,
)

budget_warnings = Table(
    "budget_warnings",
    metadata,
    # who was told of which budget that it is nearly spent
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("person", BigInteger, primary_key=True, autoincrement=False),  # 0: the admins, of the whole bot's
    Column("budget", Text, primary_key=True),
    Column("beginning", Double, nullable=False),  # of the day or month that it is about
)

updates = Table(
    "updates",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False, index=True),
)

replicas = Table(
    "replicas",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", Text, primary_key=True),
    Column("lease_until", Double, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("seen", Double, nullable=False, server_default="0"),  # when they wrote last, to the hour
    Column("requested", Double),  # when the admins were asked about them last
)

group_messages = Table(
    "group_messages",
    metadata,
    # the newest messages of groups that let the bot read along; each takes the slot of the oldest one
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", BigInteger, primary_key=True, autoincrement=False),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),  # counts up within a topic
    Column("message_id", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False, index=True),
)

held_messages = Table(
    "held_messages",
    metadata,
    # what somebody asked before an admin let them in
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", BigInteger, nullable=False),
    Column("message", JSON, nullable=False),  # as Telegram sent it
    Column("at", Double, nullable=False, index=True),
    Index("ix_held_messages_person", "bot", "person"),
)

audit = Table(
    "audit",
    metadata,
    # who changed what about access, rights and settings
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("by", BigInteger, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("about", Text, nullable=False),  # the person, group or setting
    Column("value", Text, nullable=False),
    Column("place", Text, nullable=False),  # the group's title; empty: the whole bot
    sqlite_autoincrement=True,
)

chats = Table(
    "chats",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False, server_default=""),
    Column("allowed", Boolean, nullable=False),
    Column("greeted", Boolean, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("writable", Boolean, nullable=False),
    Column("present", Boolean, nullable=False, server_default=true()),  # the bot is a member
    Column("hold_until", Double, nullable=False),
    Column("tempo", Double),
)

admin_links = Table(
    "admin_links",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, primary_key=True),
    Column("expires", Double, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),  # the order in which they are said in a chat
    Column("bot", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("message", JSON, nullable=False),
    Column("owner", Text, nullable=False),  # <replica>/<boot id> that sends it
    Column("lease_until", Double, nullable=False),  # afterwards anybody may
    Column("at", Double, nullable=False),
    Column("digest", Text, nullable=False, server_default=""),  # the message that it edits, where there is one already
    Index("ix_outbox_chat", "bot", "chat", "id"),
    sqlite_autoincrement=True,
)

digests = Table(
    "digests",
    metadata,
    # messages that are edited whenever there is more to say, by their subject
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("at", Double, nullable=False),  # when it was sent or edited last
)

troubles = Table(
    "troubles",
    metadata,
    # answers that failed or broke off: when, where and why, and nothing that people wrote
    Column("turn", BigInteger, primary_key=True, autoincrement=False),
    Column("bot", BigInteger, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("topic", BigInteger, nullable=False),
    Column("at", Double, nullable=False),
    Column("model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("replica", Text, nullable=False),
    Index("ix_troubles_at", "bot", "at"),
)

alerts = Table(
    "alerts",
    metadata,
    # what admins were told of and is not over yet
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("since", Double, nullable=False),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("bot", BigInteger, nullable=False),
    Column("admin", BigInteger, nullable=False),
    Column("language", Text, nullable=False),
    Column("message", JSON, nullable=False),
    Column("audience", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("blocked", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("at", Double, nullable=False),
    sqlite_autoincrement=True,
)

broadcast_chats = Table(
    "broadcast_chats",
    metadata,
    # chats that a broadcast has not reached yet
    Column("broadcast", Id, ForeignKey("broadcasts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
)
