"""A count of each turn's claims: one given back and claimed again by the same process has another claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("claims", sa.Integer(), nullable=False, server_default="0"))
