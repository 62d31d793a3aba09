"""Reference rates that tenants load."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0009"
down_revision = "outreach_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_rates",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("percent", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "from_on", name="pk_reference_rates"),
    )


def downgrade() -> None:
    op.drop_table("reference_rates")
