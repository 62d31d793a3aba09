"""Which strategy each account is on, who has put it there, and dry runs of strategies."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from services.outreach.tables.metadata import FALSE, INSTANT, metadata

account_strategies = Table(
    "account_strategies",
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("strategy", Text),  # none: nobody contacts it of his own accord
    Column("version", Text),
    Column("because", Text, nullable=False),
    Column("rule", Integer),  # its place among the assignments
    Column("assignments_version", Text),  # whose rule it is
    # It stays on what was in force before, until none of its open invoices has a step made.
    Column("is_kept", Boolean, nullable=False, server_default=FALSE),
    Column("number", Integer, nullable=False),  # of the assignments of this account: 1, 2, 3…
    Column("assigned_at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

strategy_overrides = Table(
    "strategy_overrides",  # a person's word, above all rules
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("strategy", Text),  # none: no strategy
    Column("reason", Text, nullable=False),  # free text; deleted at erasure
    Column("recorded_at", INSTANT, nullable=False),  # business time
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "account_id"),
)

assignment_marks = Table(
    "assignment_marks",  # up to which instant activations have reached the accounts
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("at", INSTANT, nullable=False),  # business time
)

strategy_trials = Table(
    "strategy_trials",  # dry runs that take long; deleted a week after they ended
    metadata,
    Column("tenant_id", Text),
    Column("run_id", Text),
    Column("request", LargeBinary, nullable=False),  # JSON: which text, from when to when
    Column("done", Integer, nullable=False, server_default=text("0")),  # debtors
    Column("total", Integer, nullable=False),
    Column("report", LargeBinary),  # JSON; none: not finished
    Column("failure", Text),
    Column("asked_at", INSTANT, nullable=False),  # this and the others: machine time
    Column("lease_until", INSTANT),
    Column("ended_at", INSTANT),
    PrimaryKeyConstraint("tenant_id", "run_id"),
    Index("ix_strategy_trials_open", "asked_at", postgresql_where=text("ended_at is null")),
)
