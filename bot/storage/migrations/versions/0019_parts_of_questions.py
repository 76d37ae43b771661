"""Questions of several messages, read when their turn begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: None = None
depends_on: None = None

_IN_ALBUM = sa.text("album IS NOT NULL")


def upgrade() -> None:
    """Take the step."""
    op.add_column("messages", sa.Column("parts", sa.JSON(), nullable=True))
    op.add_column("messages", sa.Column("unread", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("messages", sa.Column("album", sa.Text(), nullable=True))
    op.create_index("ix_messages_album", "messages", ["album"], sqlite_where=_IN_ALBUM, postgresql_where=_IN_ALBUM)
    op.add_column("turns", sa.Column("sent_at", sa.BigInteger(), nullable=True))
