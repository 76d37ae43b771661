"""Messages of admins to many chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "broadcasts",
        sa.Column("id", number, nullable=False),
        sa.Column("bot", sa.BigInteger(), nullable=False),
        sa.Column("admin", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("message", sa.JSON(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "broadcast_chats",
        sa.Column("broadcast", number, nullable=False),
        sa.Column("chat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast"], ["broadcasts.id"], name=op.f("fk_broadcast_chats_broadcast"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("broadcast", "chat", name=op.f("pk_broadcast_chats")),
    )
