"""What a tenant decides, and what was asked of it: requests, approvals, rates, erasures."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from services.ledger.tables.base import Instant, metadata

segments = Table(
    "segments",  # as last heard of from segmentation
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("segment", Text, nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

requests = Table(
    "requests",  # what was asked of policies, for the dry runs of others
    metadata,
    Column("tenant_id", Text),
    Column("request_id", BigInteger, Identity()),
    Column("account_id", Text, nullable=False),
    Column("noun", Text, nullable=False),  # promise, plan, settlement, dispute
    Column("requested_at", Instant, nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("answer", Text, nullable=False),  # accepted, supervisor, finance, refused
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "request_id"),
)
Index("ix_requests_noun", requests.c.tenant_id, requests.c.noun, requests.c.request_id)
Index("ix_requests_account", requests.c.tenant_id, requests.c.account_id)
Index("ix_requests_kept_at", requests.c.kept_at)

erasures = Table(
    "erasures",  # accounts whose personal data is gone
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("erased_at", Instant, nullable=False),  # machine time
    Column("certificate", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

approvals = Table(
    "approvals",  # what waits for a decision, as its account has it
    metadata,
    Column("tenant_id", Text),
    Column("approval_id", Text),  # <noun>:<id> of what waits
    Column("account_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # open, approved, refused, expired, withdrawn
    Column("requested_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "approval_id"),
)
Index(
    "ix_approvals_state",
    approvals.c.tenant_id,
    approvals.c.state,
    approvals.c.requested_at,
    approvals.c.approval_id,
)
Index(
    "ix_approvals_account",
    approvals.c.tenant_id,
    approvals.c.account_id,
    approvals.c.requested_at,
)

rate_rows = Table(
    "rate_rows",  # a tenant's own reference rates, append-only: of a half-year the last row counts
    metadata,
    Column("tenant_id", Text),
    Column("revision", BigInteger),  # of the tenant's rates, from 1
    Column("name", Text),
    Column("from_on", Date),
    Column("percent", Text, nullable=False),  # a decimal, exact
    Column("source", Text, nullable=False),
    Column("stored_by", Text, nullable=False),
    Column("stored_at", Instant, nullable=False),  # machine time
    PrimaryKeyConstraint("tenant_id", "revision", "name", "from_on"),
)

runs = Table(
    "runs",  # of the accounts of a tenant that are restated, range by range
    metadata,
    Column("tenant_id", Text),
    Column("run_id", Text),
    Column("because", Text, nullable=False),
    Column("from_on", Date, nullable=False),  # the first day that may have become another
    Column("cursor", Text, nullable=False),  # the last account that is done
    Column("accounts", BigInteger, nullable=False),  # when it began
    Column("done", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("set_aside", BigInteger, nullable=False),  # accounts that can't be computed
    Column("begun_at", Instant, nullable=False),  # machine time
    Column("ended_at", Instant),
    Column("failure", Text),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # of the rates it brings
    PrimaryKeyConstraint("tenant_id", "run_id"),
)
Index("ix_runs_open", runs.c.begun_at, postgresql_where=runs.c.ended_at.is_(None))
