"""The round in which a question is answered among those of other people, and whether it had to wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("waited", sa.Boolean(), nullable=False, server_default=sa.false()))
