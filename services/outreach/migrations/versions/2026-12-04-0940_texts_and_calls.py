"""Texts in parts, on their way out and in; scripts of calls."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0015"
down_revision = "outreach_0014"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "text_parts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("part_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text()),
        sa.Column("token", sa.Text()),
        sa.Column("number", sa.Integer()),
        sa.Column("total", sa.Integer()),
        sa.Column("message_id", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("at", _INSTANT),
        sa.Column("code", sa.Text()),
        sa.Column("is_address_dead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "provider", "part_id", name="pk_text_parts"),
    )
    op.create_index("ix_text_parts_tenant_id_contact_id", "text_parts", ["tenant_id", "contact_id"])
    op.create_index("ix_text_parts_seen_at", "text_parts", ["seen_at"])
    op.create_table(
        "inbound_parts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("from_number", sa.Text(), nullable=False),
        sa.Column("to_number", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "provider", "key", "number", name="pk_inbound_parts"),
    )
    op.create_index("ix_inbound_parts_at", "inbound_parts", ["at"])
    op.create_table(
        "call_scripts",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_call_scripts"),
    )
    op.create_index("ix_call_scripts_at", "call_scripts", ["at"])


def downgrade() -> None:
    op.drop_table("call_scripts")
    op.drop_table("inbound_parts")
    op.drop_table("text_parts")
