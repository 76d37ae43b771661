"""The language of a group, for anonymous administrators and channels, who carry none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("chats", sa.Column("language", sa.Text(), nullable=False, server_default=""))
