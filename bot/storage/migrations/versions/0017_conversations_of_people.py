"""Conversations of single people in a group, and what is read along there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("conversations", table_kwargs={"sqlite_autoincrement": True}) as conversations:
        conversations.add_column(sa.Column("person", sa.BigInteger(), nullable=False, server_default="0"))
        conversations.drop_constraint("uq_conversations_bot_chat_topic", type_="unique")
        conversations.create_unique_constraint(
            op.f("uq_conversations_bot_chat_topic_person"), ["bot", "chat", "topic", "person"]
        )
    op.create_table(
        "group_messages",
        sa.Column("bot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "chat", "topic", "slot", name=op.f("pk_group_messages")),
    )
    op.create_index("ix_group_messages_at", "group_messages", ["at"])
