"""A turn is blamed for the death of its process only where it ran alone and had just begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("faults", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("suspect", sa.Boolean(), nullable=False, server_default=sa.false()))
