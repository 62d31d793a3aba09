"""The ledger's tables, and the log's."""

import sqlalchemy as sa
from alembic import op

from shared.log.migrations import create_log_1, drop_log_1

revision = "ledger_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _announcements()
    _business_times()
    _invoices()
    _journal()
    _rejections()
    _tenants()
    _facts()
    create_log_1()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_registered", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phones", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("debtor_id", sa.Text(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("journal_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_accounts")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_accounts_next_on",
        "accounts",
        ["tenant_id", "next_on"],
        unique=False,
        postgresql_where=sa.text("next_on IS NOT NULL"),
    )


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "invoice_id", "key", name=op.f("pk_announcements")
        ),
    )


def _business_times() -> None:
    op.create_table(
        "business_times",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_business_times")),
    )


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("disputed_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "invoice_id", name=op.f("pk_invoices")),
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index(
        "ix_invoices_open",
        "invoices",
        ["tenant_id", "account_id", "invoice_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("fact_kind", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("postings", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "entry", name=op.f("pk_journal")),
    )


def _rejections() -> None:
    op.create_table(
        "rejections",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("rejection_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("errors", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "rejection_id", name=op.f("pk_rejections")),
    )
    op.create_index(
        "ix_rejections_account",
        "rejections",
        ["tenant_id", "account_id", "rejection_id"],
        unique=False,
    )


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("reporting_currency", sa.Text(), nullable=True),
        sa.Column("contact_from", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenants")),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_facts_tenant_id_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "kind", "fact_id", name=op.f("pk_facts")
        ),
        sa.UniqueConstraint(
            "tenant_id", "kind", "fact_id", name=op.f("uq_facts_tenant_id_kind_fact_id")
        ),
    )


def downgrade() -> None:
    drop_log_1()
    for table in (
        "facts",
        "tenants",
        "rejections",
        "journal",
        "invoices",
        "business_times",
        "announcements",
        "accounts",
    ):
        op.drop_table(table)
