"""Erasure: certificates, the last month of retention, and where records were published."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0014"
down_revision = "ledger_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_erasures")),
    )
    op.add_column("business_times", sa.Column("retained_on", sa.Date()))
    op.create_index(
        "ix_outbox_records",
        "outbox",
        ["aggregateid"],
        postgresql_where=sa.text("type in ('account-registered', 'account-updated')"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_records", table_name="outbox")
    op.drop_column("business_times", "retained_on")
    op.drop_table("erasures")
