"""What stops contact about accounts' invoices: promises, plans, settlements, holds, placements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0008"
down_revision = "outreach_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stops",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("invoice_ids", ARRAY(sa.Text())),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("resume_on", sa.Date()),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "name", name="pk_stops"),
    )


def downgrade() -> None:
    op.drop_table("stops")
