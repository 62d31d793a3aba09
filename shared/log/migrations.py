"""The migrations of the log's tables, declared once: every service's revisions call them.

A released function never changes; what comes later is a function of its own.
"""

import sqlalchemy as sa
from alembic import op

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.text("statement_timestamp()")


def create_log_1() -> None:
    """The log a service writes, and what it keeps of the logs it reads."""
    _database_ids()
    _dead_letters()
    _heads()
    _idempotency_keys()
    _outbox()
    _positions()
    _sequences()
    _skips()
    _waiting()


def drop_log_1() -> None:
    for table in (
        "database_ids",
        "dead_letters",
        "heads",
        "idempotency_keys",
        "outbox",
        "positions",
        "sequences",
        "skips",
        "waiting",
    ):
        op.drop_table(table)


def add_epochs() -> None:
    """What tells a log from the one that a restore took back."""
    op.add_column(
        "database_ids",
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.add_column("positions", sa.Column("last_id", sa.Uuid(), nullable=True))
    for name in ("epoch", "epoch_from"):
        op.add_column(
            "heads", sa.Column(name, sa.BigInteger(), server_default=sa.text("1"), nullable=False)
        )
    op.add_column(
        "heads", sa.Column("recent", sa.Text(), server_default=sa.text("''"), nullable=False)
    )


def drop_epochs() -> None:
    op.drop_column("database_ids", "epoch")
    op.drop_column("positions", "last_id")
    for name in ("epoch", "epoch_from", "recent"):
        op.drop_column("heads", name)


def create_holds_1() -> None:
    """What a service does by itself, held until a person has looked."""
    op.create_table(
        "holds",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("measure", sa.Double(), nullable=True),
        sa.Column("since_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("seen_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("released_at", _INSTANT, nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_holds")),
    )


def drop_holds_1() -> None:
    op.drop_table("holds")


def _database_ids() -> None:
    op.create_table(
        "database_ids",
        sa.Column("is_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("is_only", name=op.f("ck_database_ids_one_row")),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_database_ids")),
    )


def _dead_letters() -> None:
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


def _heads() -> None:
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


def _idempotency_keys() -> None:
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


def _outbox() -> None:
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


def _positions() -> None:
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


def _sequences() -> None:
    op.create_table(
        "sequences",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "topic", "key", name=op.f("pk_sequences")),
        postgresql_with={"fillfactor": "70"},
    )


def _skips() -> None:
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


def _waiting() -> None:
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
