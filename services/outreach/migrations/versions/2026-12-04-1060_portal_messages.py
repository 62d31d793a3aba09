"""Messages that wait in the portal."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0023"
down_revision = "outreach_0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portal_messages",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "contact_id", name="pk_portal_messages"),
    )


def downgrade() -> None:
    op.drop_table("portal_messages")
