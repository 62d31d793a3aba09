"""Which strategy accounts are on, and what their assignment asks of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0011"
down_revision = "outreach_0010"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("tags", ARRAY(sa.Text()), nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column("accounts", sa.Column("segment", sa.Text()))
    op.add_column("accounts", sa.Column("pays_within", sa.Double()))
    op.add_column("accounts", sa.Column("late_payment", sa.Double()))
    op.add_column("accounts", sa.Column("priority", sa.Integer()))
    op.create_table(
        "account_strategies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text()),
        sa.Column("version", sa.Text()),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("rule", sa.Integer()),
        sa.Column("assignments_version", sa.Text()),
        sa.Column("is_kept", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assigned_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name="pk_account_strategies"),
    )
    op.create_table(
        "strategy_overrides",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name="pk_strategy_overrides"),
    )
    op.create_table(
        "assignment_marks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_assignment_marks"),
    )
    op.create_table(
        "strategy_trials",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("report", sa.LargeBinary()),
        sa.Column("failure", sa.Text()),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("lease_until", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name="pk_strategy_trials"),
    )
    op.create_index(
        "ix_strategy_trials_open",
        "strategy_trials",
        ["asked_at"],
        postgresql_where=sa.text("ended_at is null"),
    )


def downgrade() -> None:
    for table in ("strategy_trials", "assignment_marks", "strategy_overrides"):
        op.drop_table(table)
    op.drop_table("account_strategies")
    for column in ("priority", "late_payment", "pays_within", "segment", "tags"):
        op.drop_column("accounts", column)
