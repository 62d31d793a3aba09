"""The tables of plans, alerts and what they do, for Alembic."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

_INSTANT = DateTime(timezone=True)


def plan_tables(metadata: MetaData) -> None:
    """Add them to metrics' metadata."""
    _plans(metadata)
    _alerts(metadata)
    _deeds(metadata)


def _plans(metadata: MetaData) -> None:
    Table(
        "begun_days",  # how far the days of a tenant have begun here
        metadata,
        Column("tenant_id", Text, primary_key=True),
        Column("begun_on", Date, nullable=False),
        Column("begun_at", _INSTANT, nullable=False),
    )
    Table(
        "plans",
        metadata,
        Column("tenant_id", Text),
        Column("plan_id", Text),
        Column("state", Text, nullable=False),
        Column("started_on", Date),
        Column("ended_on", Date),
        Column("reason", Text),
        PrimaryKeyConstraint("tenant_id", "plan_id"),
    )
    Table(
        "plan_versions",  # documents; one that nobody has approved is written over
        metadata,
        Column("tenant_id", Text),
        Column("plan_id", Text),
        Column("version", Integer, autoincrement=False),
        Column("edit", Integer, nullable=False),
        Column("content", Text, nullable=False),
        Column("authors", ARRAY(Text), nullable=False),
        Column("written_on", Date, nullable=False),
        Column("approved_by", Text),
        Column("approved_on", Date),
        Column("holds_from", Date),
        PrimaryKeyConstraint("tenant_id", "plan_id", "version"),
    )
    Table(
        "plan_reviews",
        metadata,
        Column("tenant_id", Text),
        Column("plan_id", Text),
        Column("for_day", Date),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "plan_id", "for_day"),
    )
    Table(
        "plan_days",  # what was said of a day; never rewritten. Without a plan: the tenant's rules
        metadata,
        Column("tenant_id", Text),
        Column("plan_id", Text),
        Column("day", Date),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "plan_id", "day"),
    )


def _alerts(metadata: MetaData) -> None:
    alerts = Table(
        "alerts",
        metadata,
        Column("tenant_id", Text),
        Column("alert_id", Text),
        Column("plan_id", Text, nullable=False),  # empty: of the tenant's own rules
        Column("state", Text, nullable=False),
        Column("raised_on", Date, nullable=False),
        Column("content", Text, nullable=False),
        Column("acknowledged_by", Text),
        Column("acknowledged_at", _INSTANT),
        Column("note", Text),
        PrimaryKeyConstraint("tenant_id", "alert_id"),
    )
    Index("ix_alerts_raised_on", alerts.c.tenant_id, alerts.c.raised_on.desc(), alerts.c.alert_id)
    Index("ix_alerts_plan", alerts.c.tenant_id, alerts.c.plan_id, alerts.c.state)
    Table(
        "alert_rules",  # a tenant's own
        metadata,
        Column("tenant_id", Text, primary_key=True),
        Column("content", Text, nullable=False),
        Column("edit", Integer, nullable=False),
        Column("written_by", Text, nullable=False),
    )
    deliveries = Table(
        "deliveries",  # mails: one for each person and check
        metadata,
        Column("tenant_id", Text),
        Column("delivery_id", Text),  # made of person and check; its Message-ID too
        Column("plan_id", Text, nullable=False),
        Column("day", Date, nullable=False),
        Column("person", Text, nullable=False),
        Column("email", Text),
        Column("subject", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("alert_ids", ARRAY(Text), nullable=False),
        Column("state", Text, nullable=False),
        Column("reason", Text),
        Column("attempts", Integer, nullable=False),
        Column("made_at", _INSTANT, nullable=False),  # this and what follows: machine time
        Column("next_at", _INSTANT),  # none: it has ended
        Column("sent_at", _INSTANT),
        PrimaryKeyConstraint("tenant_id", "delivery_id"),
    )
    Index(
        "ix_deliveries_next_at",
        deliveries.c.next_at,
        postgresql_where=deliveries.c.next_at.is_not(None),
    )
    Index("ix_deliveries_alert_ids", deliveries.c.alert_ids, postgresql_using="gin")


def _deeds(metadata: MetaData) -> None:
    actions = Table(
        "plan_actions",  # what contingencies have done, or are to do
        metadata,
        Column("tenant_id", Text),
        Column("plan_id", Text),
        Column("contingency", Text),
        Column("triggered_on", Date),
        Column("state", Text, nullable=False),
        Column("content", Text, nullable=False),
        Column("made_at", _INSTANT, nullable=False),  # this and what follows: machine time
        Column("next_at", _INSTANT),  # none: nothing is to be asked
        PrimaryKeyConstraint("tenant_id", "plan_id", "contingency", "triggered_on"),
    )
    Index(
        "ix_plan_actions_next_at",
        actions.c.next_at,
        postgresql_where=actions.c.next_at.is_not(None),
    )
    Table(
        "announcements",  # tenant-wide facts of the others, as they were announced
        metadata,
        Column("tenant_id", Text),
        Column("event_id", Text),
        Column("type", Text, nullable=False),
        Column("known", Integer, nullable=False),  # the quarter of an hour of its recording
        Column("time", _INSTANT, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("content", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "event_id"),
        Index("ix_announcements_type", "tenant_id", "type"),
    )
    Table(
        "experiment_stops",  # that an experiment was to be stopped, and what came of it
        metadata,
        Column("tenant_id", Text),
        Column("name", Text),
        Column("run", Integer, autoincrement=False),
        Column("verdict", Text, nullable=False),
        Column("words", Text, nullable=False),
        Column("decided_on", Date, nullable=False),
        Column("is_done", Boolean, nullable=False),
        Column("answer", Text),
        Column("attempts", Integer, nullable=False),
        Column("made_at", _INSTANT, nullable=False),  # this and what follows: machine time
        Column("next_at", _INSTANT),  # none: it has ended
        PrimaryKeyConstraint("tenant_id", "name", "run"),
    )
