"""Endpoints that are told of events, and what waits for them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.outreach.tables.metadata import INSTANT, metadata

webhooks = Table(
    "webhooks",  # all instants of these tables are machine time
    metadata,
    Column("tenant_id", Text),
    Column("webhook_id", Text),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),  # on | off
    Column("off_because", Text),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("secret_before", LargeBinary),
    Column("before_until", INSTANT),
    Column("created_at", INSTANT, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("succeeded_at", INSTANT),
    Column("failing_since", INSTANT),
    Column("failing_because", Text),
    PrimaryKeyConstraint("tenant_id", "webhook_id"),
)

webhook_lanes = Table(
    "webhook_lanes",  # an account's events wait one behind the other for an endpoint
    metadata,
    Column("tenant_id", Text),
    Column("webhook_id", Text),
    Column("account_id", Text),  # the key of its events; empty: those of the tenant
    Column("due_at", INSTANT),  # of the first that waits; null: none does
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", INSTANT),
    PrimaryKeyConstraint("tenant_id", "webhook_id", "account_id"),
    Index("ix_webhook_lanes_due", "due_at", postgresql_where=text("due_at is not null")),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("tenant_id", Text),
    Column("webhook_id", Text),
    Column("account_id", Text),
    Column("ord", BigInteger, Identity(always=True)),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON, never personal data
    Column("failed_at", INSTANT),  # since then it is set aside
    Column("failure", Text),
    PrimaryKeyConstraint("tenant_id", "webhook_id", "account_id", "ord"),
    Index(
        "ix_webhook_events_failed",
        "tenant_id",
        "webhook_id",
        "ord",
        postgresql_where=text("failed_at is not null"),
    ),
)
