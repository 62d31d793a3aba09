"""Outreach's facts, plans and contacts, the log that is written, the logs that are read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "outreach_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_facts()
    _create_invoices()
    _create_debtors()
    _create_contacts()
    _create_log()
    _create_idempotency()
    _create_positions()
    _create_dead_letters()


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


def _create_log() -> None:
    op.create_table(
        "database_ids",
        sa.Column("is_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("is_only", name=op.f("ck_database_ids_one_row")),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_database_ids")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True, cache=1), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("aggregatetype", sa.Text(), nullable=False),
        sa.Column("aggregateid", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
    )
    op.create_table(
        "sequences",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "topic", "key", name=op.f("pk_sequences")),
        postgresql_with={"fillfactor": "70"},
    )


def _create_idempotency() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("tenant", "route", "key", name=op.f("pk_idempotency_keys")),
    )


def _create_positions() -> None:
    op.create_table(
        "heads",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("is_parked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "tenant", "topic", "key", name=op.f("pk_heads")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        op.f("ix_heads_consumer_topic"),
        "heads",
        ["consumer", "topic"],
        unique=False,
        postgresql_where=sa.text("is_parked"),
    )
    op.create_table(
        "positions",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("consumer", "source", "part", name=op.f("pk_positions")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "waiting",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column(
            "since_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "consumer", "tenant", "topic", "key", "sequence", name=op.f("pk_waiting")
        ),
    )


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("is_ordered", sa.Boolean(), nullable=False),
        sa.Column("is_replaying", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("raw_key", sa.LargeBinary(), nullable=True),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "failed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
    )
    op.create_index(
        op.f("ix_dead_letters_consumer_tenant_topic_key"),
        "dead_letters",
        ["consumer", "tenant", "topic", "key"],
        unique=False,
    )
    op.create_table(
        "skips",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skips")),
    )
    op.create_index(op.f("ix_skips_consumer"), "skips", ["consumer"], unique=False)


def downgrade() -> None:
    op.drop_table("skips")
    op.drop_table("dead_letters")
    op.drop_table("waiting")
    op.drop_table("positions")
    op.drop_table("heads")
    op.drop_table("idempotency_keys")
    op.drop_table("sequences")
    op.drop_table("outbox")
    op.drop_table("database_ids")
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
