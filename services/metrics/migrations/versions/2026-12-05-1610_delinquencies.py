"""Delinquencies and accounts in experiments: rows of accounts by what was known. The figures are made anew from the log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "metrics_0008"
down_revision = "metrics_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    days = postgresql.ARRAY(sa.Date())
    op.create_table(
        "delinquencies",
        sa.Column("tenant_id", sa.Text()),
        sa.Column("account_id", sa.Text()),
        sa.Column("start_on", sa.Date()),
        sa.Column("known_from", sa.Integer()),
        sa.Column("known_until", sa.Integer(), nullable=False),
        sa.Column("chain_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=False),
        sa.Column("is_untouched", sa.Boolean(), nullable=False),
        sa.Column("next_issued_on", sa.Date(), nullable=False),
        sa.Column("dues_from", days, nullable=False),
        sa.Column("dues_on", days, nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arms", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "start_on", "known_from"),
    )
    op.create_index("delinquencies_by_end", "delinquencies", ["tenant_id", "end_on", "start_on"])
    op.create_table(
        "experiment_accounts",
        sa.Column("tenant_id", sa.Text()),
        sa.Column("account_id", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("run", sa.Integer(), autoincrement=False),
        sa.Column("known_from", sa.Integer(), autoincrement=False),
        sa.Column("known_until", sa.Integer(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("crossed_on", sa.Date(), nullable=False),
        sa.Column("exposed_on", sa.Date(), nullable=False),
        sa.Column("ripe_on", sa.Date(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "name", "run", "known_from"),
    )
    op.create_index(
        "experiment_accounts_by_name", "experiment_accounts", ["tenant_id", "name", "named_at"]
    )
    for table in ("positions", "heads", "waiting", "dead_letters"):
        op.execute(f"delete from {table} where consumer = 'metrics'")
    op.execute("truncate accounts, items, cells_new, currencies, changes")
    op.execute("update tenants set latest_known = 0, revision = revision + 1")


def downgrade() -> None:
    op.drop_table("experiment_accounts")
    op.drop_table("delinquencies")
