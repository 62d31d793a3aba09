"""Cells instead of daily measures. The figures are made anew from the log."""

import sqlalchemy as sa
from alembic import op

revision = "metrics_0004"
down_revision = "metrics_0003"
branch_labels = None
depends_on = None

_TEXTS = (
    "measure", "currency", "mark", "cut", "segment", "country", "kind", "channel", "strategy",
    "collector",
)  # fmt: skip


def upgrade() -> None:
    _forget_figures()
    op.drop_table("money_days")
    op.drop_table("contact_days")
    op.drop_column("items", "known")
    op.create_table(
        "cells_new",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS[2:]),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.Numeric(), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError


def _forget_figures() -> None:
    for table in ("positions", "heads", "waiting", "dead_letters"):
        op.execute(f"delete from {table} where consumer = 'metrics'")
    op.execute("truncate accounts, items, currencies, changes")
    op.execute("update tenants set latest_known = 0, revision = revision + 1")
