"""Costs that are recorded with metrics, so that the same again changes nothing."""

import sqlalchemy as sa
from alembic import op

revision = "metrics_0006"
down_revision = "metrics_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "costs",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("cost_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("incurred_on", sa.Date, nullable=False),
        sa.Column("account_id", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "cost_id", name="pk_costs"),
    )
    op.create_index(
        "ix_costs_tenant_id_incurred_on", "costs", ["tenant_id", "incurred_on", "cost_id"]
    )


def downgrade() -> None:
    op.drop_table("costs")
