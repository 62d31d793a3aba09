"""Outreach's facts, plans and contacts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.log.migrations import create_log_1, drop_log_1

revision = "outreach_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_log_1()
    _create_facts()
    _create_invoices()
    _create_debtors()
    _create_contacts()


def _create_facts() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("contact_from", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "business_times",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_business_times")),
    )
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("debtor_key", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("arms", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_registered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_erased", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("contacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_accounts")),
    )
    op.create_index(
        op.f("ix_accounts_tenant_id_debtor_key"),
        "accounts",
        ["tenant_id", "debtor_key"],
        unique=False,
    )
    op.create_table(
        "people",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_people")),
    )


def _create_invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("disputed_minor", sa.BigInteger(), nullable=False),
        sa.Column("is_disputed_whole", sa.Boolean(), nullable=False),
        sa.Column("due_soon_on", sa.Date(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("anchor_on", sa.Date(), nullable=True),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id", name=op.f("pk_invoices")),
    )
    op.create_table(
        "story",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "at", "ord", name=op.f("pk_story")),
    )


def _create_debtors() -> None:
    op.create_table(
        "debtors",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("debtor_key", sa.Text(), nullable=False),
        sa.Column("is_dirty", sa.Boolean(), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contacts_made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "debtor_key", name=op.f("pk_debtors")),
    )
    op.create_index(
        "ix_debtors_dirty",
        "debtors",
        ["tenant_id", "debtor_key"],
        unique=False,
        postgresql_where=sa.text("is_dirty"),
    )
    op.create_table(
        "steps",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "invoice_id", "due_on", "step", name=op.f("pk_steps")
        ),
    )


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("debtor_key", sa.Text(), nullable=False),
        sa.Column("debtor_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "contact_id", name=op.f("pk_contacts")),
    )
    op.create_index(
        "ix_contacts_due",
        "contacts",
        ["tenant_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state in ('planned', 'claimed', 'intent')"),
    )
    op.create_index(
        "ix_contacts_leases",
        "contacts",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state in ('claimed', 'intent')"),
    )
    op.create_index(
        "uq_contacts_under_way",
        "contacts",
        ["tenant_id", "debtor_key"],
        unique=True,
        postgresql_where=sa.text("state in ('planned', 'claimed', 'intent')"),
    )
    op.create_table(
        "contact_accounts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "contact_id", name=op.f("pk_contact_accounts")
        ),
    )


def downgrade() -> None:
    op.drop_table("contact_accounts")
    op.drop_table("contacts")
    op.drop_table("steps")
    op.drop_table("debtors")
    op.drop_table("story")
    op.drop_table("invoices")
    op.drop_table("people")
    op.drop_table("accounts")
    op.drop_table("business_times")
    op.drop_table("tenants")
    drop_log_1()
