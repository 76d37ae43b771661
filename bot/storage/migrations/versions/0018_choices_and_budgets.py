"""The model that a press chose, attempts that were cut, and budgets that somebody was warned of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("turns", sa.Column("model", sa.Text(), nullable=True))
    op.add_column("turns", sa.Column("begun", sa.Integer(), server_default="0", nullable=False))
    op.add_column("messages", sa.Column("model_choice", sa.Text(), nullable=True))
    op.add_column("token_usage", sa.Column("cut", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "budget_warnings",
        sa.Column("bot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("budget", sa.Text(), nullable=False),
        sa.Column("beginning", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "person", "budget", name=op.f("pk_budget_warnings")),
    )
