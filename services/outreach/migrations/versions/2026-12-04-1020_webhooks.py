"""Endpoints that are told of events, and what waits for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0018"
down_revision = "outreach_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "webhooks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("off_because", sa.Text()),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_before", sa.LargeBinary()),
        sa.Column("before_until", instant),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("succeeded_at", instant),
        sa.Column("failing_since", instant),
        sa.Column("failing_because", sa.Text()),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_lanes",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("due_at", instant),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("lease_until", instant),
        sa.PrimaryKeyConstraint("tenant_id", "webhook_id", "account_id", name="pk_webhook_lanes"),
    )
    op.create_index(
        "ix_webhook_lanes_due",
        "webhook_lanes",
        ["due_at"],
        postgresql_where=sa.text("due_at is not null"),
    )
    op.create_table(
        "webhook_events",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("failed_at", instant),
        sa.Column("failure", sa.Text()),
        sa.PrimaryKeyConstraint(
            "tenant_id", "webhook_id", "account_id", "ord", name="pk_webhook_events"
        ),
    )
    op.create_index(
        "ix_webhook_events_failed",
        "webhook_events",
        ["tenant_id", "webhook_id", "ord"],
        postgresql_where=sa.text("failed_at is not null"),
    )


def downgrade() -> None:
    op.drop_table("webhook_events")
    op.drop_table("webhook_lanes")
    op.drop_table("webhooks")
