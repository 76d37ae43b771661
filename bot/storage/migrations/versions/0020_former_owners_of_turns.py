"""Owners that a turn had before, and the time from which it was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("former_owner", sa.Text(), nullable=True))
    op.add_column("turns", sa.Column("written_from", sa.Double(), nullable=True))
