"""How lively a group is, learned from when its answers began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("chats", sa.Column("tempo", sa.Double(), nullable=True))
