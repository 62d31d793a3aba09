"""Tenants of one organisation share limits on contacts."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0010"
down_revision = "outreach_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("organisation", sa.Text()))
    op.create_table(
        "organisations",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", name="pk_organisations"),
    )
    op.create_table(
        "organisation_attempts",
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation", "mark", "contact_id", name="pk_organisation_attempts"
        ),
    )
    op.create_index("ix_organisation_attempts_contact_id", "organisation_attempts", ["contact_id"])
    op.create_index("ix_organisation_attempts_at", "organisation_attempts", ["at"])


def downgrade() -> None:
    op.drop_table("organisation_attempts")
    op.drop_table("organisations")
    op.drop_column("tenants", "organisation")
