"""What was written of an answer under suspicion: it stays on the screen where the answer is given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("unfinished", sa.Text(), nullable=False, server_default=""))
