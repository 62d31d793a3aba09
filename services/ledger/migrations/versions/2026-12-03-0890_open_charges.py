"""The open charges of all accounts of a tenant, for ageing."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0016"
down_revision = "ledger_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_charges",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "charge_id", name=op.f("pk_open_charges")
        ),
    )


def downgrade() -> None:
    op.drop_table("open_charges")
