"""The tables that every service's database has: the log it writes and the logs it reads.

Declared for Alembic and the test that models and migrations agree; the SQL stands with the code
that uses each table (`outbox.py`, `positions.py`, `dead_letters.py`, `web`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

Instant = DateTime(timezone=True)
_NOW = text("statement_timestamp()")  # machine time: for lag and retention only


def new_metadata() -> MetaData:
    """A metadata whose constraints have names that do not depend on the database."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def add_log_tables(metadata: MetaData) -> None:
    """Add the log's tables to a service's metadata."""
    _leaving(metadata)
    _coming_in(metadata)
    _dead_letters(metadata)
    Table(
        "database_ids",  # one row: who this database is, as a source of events
        metadata,
        Column("is_only", Boolean, primary_key=True, server_default=text("true")),
        Column("id", Uuid, nullable=False, server_default=text("gen_random_uuid()")),
        Column("epoch", BigInteger, nullable=False, server_default=text("1")),  # restores raise it
        CheckConstraint("is_only", name="one_row"),
    )
    Table(
        "idempotency_keys",  # first answers to `Idempotency-Key` requests
        metadata,
        Column("tenant", Text),
        Column("route", Text),
        Column("key", Text),
        Column("request_hash", LargeBinary, nullable=False),
        Column("status", Integer),  # null: still running
        Column("content_type", Text),
        Column("body", LargeBinary),
        Column("created_at", Instant, nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("tenant", "route", "key"),
    )


def add_holds(metadata: MetaData) -> None:
    """Add `holds` to the metadata of a service that does things by itself."""
    Table(
        "holds",  # what must not go on by itself until a person has looked
        metadata,
        Column("tenant_id", Text),  # empty: all of them
        Column("name", Text),
        Column("reason", Text, nullable=False),
        Column("measure", Double),  # how much of it was seen last
        Column("since_at", Instant, nullable=False, server_default=_NOW),
        Column("seen_at", Instant, nullable=False, server_default=_NOW),
        Column("released_at", Instant),  # null: it stands
        Column("released_by", Text),
        PrimaryKeyConstraint("tenant_id", "name"),
    )


def _leaving(metadata: MetaData) -> None:
    Table(
        "outbox",  # the log. Debezium's column names, so that its router could replace the relay
        metadata,
        Column("seq", BigInteger, Identity(always=True, cache=1), primary_key=True),
        Column("id", Uuid, nullable=False),
        Column("aggregatetype", Text, nullable=False),  # the topic
        Column("aggregateid", Text, nullable=False),  # the log key, `tenant/account`
        Column("type", Text, nullable=False),
        Column("sequence", BigInteger, nullable=False),  # or revision, on a compacted topic
        Column("payload", Text),  # null: a tombstone, or erased
        Column("headers", Text, nullable=False),
        Column("recorded_at", Instant, nullable=False, server_default=_NOW),
    )
    Table(
        "sequences",  # the last number given, per key of a topic
        metadata,
        Column("tenant", Text),
        Column("topic", Text),
        Column("key", Text),
        Column("last", BigInteger, nullable=False),
        PrimaryKeyConstraint("tenant", "topic", "key"),
        postgresql_with={"fillfactor": "70"},  # updates stay in their page
    )


def _coming_in(metadata: MetaData) -> None:
    Table(
        "positions",  # how far a consumer (or the relay) has read each part of a source
        metadata,
        Column("consumer", Text),
        Column("source", Text),  # a Kafka cluster's id, or the producing database's
        Column("part", Text),  # `topic/partition`, or the topics read from an outbox
        Column("position", BigInteger, nullable=False),
        Column("caught_up_at", Instant),  # when `position` was last seen to be the end
        Column("last_id", Uuid),  # of the outbox row at `position`: whether it is still that log
        PrimaryKeyConstraint("consumer", "source", "part"),
        postgresql_with={"fillfactor": "50"},
    )
    Table(
        "heads",  # the last event applied, per key of a topic
        metadata,
        Column("consumer", Text),
        Column("tenant", Text),
        Column("topic", Text),
        Column("key", Text),
        Column("sequence", BigInteger, nullable=False),
        Column("is_parked", Boolean, nullable=False, server_default=text("false")),
        Column("epoch", BigInteger, nullable=False, server_default=text("1")),  # of that event
        # The first number of that epoch, as it came: what an older one gave from here on is void.
        Column("epoch_from", BigInteger, nullable=False, server_default=text("1")),
        Column("recent", Text, nullable=False, server_default=text("''")),  # marks of the last ids
        PrimaryKeyConstraint("consumer", "tenant", "topic", "key"),
        Index(None, "consumer", "topic", postgresql_where=text("is_parked")),
        postgresql_with={"fillfactor": "70"},
    )
    Table(
        "waiting",  # events behind a gap or a dead letter
        metadata,
        Column("consumer", Text),
        Column("tenant", Text),
        Column("topic", Text),
        Column("key", Text),
        Column("sequence", BigInteger),
        Column("headers", Text, nullable=False),
        Column("value", LargeBinary),
        Column("origin", Text, nullable=False),
        Column("since_at", Instant, nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("consumer", "tenant", "topic", "key", "sequence"),
    )


def _dead_letters(metadata: MetaData) -> None:
    Table(
        "dead_letters",  # messages that could not be applied, until an operator decides
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("part", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("tenant", Text),  # null: the message has no readable key
        Column("key", Text),
        Column("sequence", BigInteger),  # null: the message has no readable number
        Column("is_ordered", Boolean, nullable=False),  # false: a fact from outside, without a head
        Column("is_replaying", Boolean, nullable=False, server_default=text("false")),
        Column("raw_key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("failed_at", Instant, nullable=False, server_default=_NOW),
        Index(None, "consumer", "tenant", "topic", "key"),
    )
    Table(
        "skips",  # operators' decisions to do without a message; rebuilds keep them
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("tenant", Text),
        Column("key", Text),
        Column("sequence", BigInteger),
        Column("source", Text, nullable=False),  # where it stood, for messages without a number
        Column("part", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("decided_at", Instant, nullable=False, server_default=_NOW),
        Index(None, "consumer"),
    )
