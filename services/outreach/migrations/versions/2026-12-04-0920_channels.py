"""Tenants' settings, addresses that do not work, slots, contacts that are uncertain or failed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0013"
down_revision = "outreach_0012"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tenant_settings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_tenant_settings"),
    )
    op.create_table(
        "address_states",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text()),
        sa.Column("because", sa.Text()),
        sa.Column("changed_at", _INSTANT),
        sa.Column("soft_at", ARRAY(_INSTANT), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("paused_until", _INSTANT),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "channel", "address", name="pk_address_states"
        ),
    )
    op.create_table(
        "slots",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "name", name="pk_slots"),
    )
    op.add_column("contacts", sa.Column("find_at", _INSTANT))
    op.create_index(
        "ix_contacts_uncertain",
        "contacts",
        ["find_at"],
        postgresql_where=sa.text("state = 'uncertain'"),
    )
    op.create_index(
        "ix_contacts_failed",
        "contacts",
        ["tenant_id", "debtor_key"],
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_contacts_message_id",
        "contacts",
        ["tenant_id", "message_id"],
        postgresql_where=sa.text("message_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_contacts_message_id", "contacts")
    op.drop_index("ix_contacts_failed", "contacts")
    op.drop_index("ix_contacts_uncertain", "contacts")
    op.drop_column("contacts", "find_at")
    op.drop_table("slots")
    op.drop_table("address_states")
    op.drop_table("tenant_settings")
