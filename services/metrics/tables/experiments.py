"""The tables of experiments, for Alembic."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)


def experiment_tables(metadata: MetaData) -> None:
    """Add them to metrics' metadata."""
    Table(
        "analyses",  # of runs; without one the default holds
        metadata,
        Column("tenant_id", Text),
        Column("name", Text),
        Column("run", Integer, autoincrement=False),
        Column("content", Text, nullable=False),
        Column("written_by", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "name", "run"),
    )
    Table(
        "experiment_days",  # the sums of ripe accounts, by when they were known; rows add up
        metadata,
        Column("tenant_id", Text),
        Column("name", Text),
        Column("run", Integer, autoincrement=False),
        Column("arm", Text),
        Column("metric", Text),
        Column("currency", Text),  # empty: of a metric that is of no money
        Column("day", Date),
        Column("known", Integer, autoincrement=False),
        Column("accounts", BigInteger, nullable=False),
        Column("y", Numeric, nullable=False),
        Column("x", Numeric, nullable=False),
        Column("yy", Numeric, nullable=False),
        Column("xy", Numeric, nullable=False),
        Column("xx", Numeric, nullable=False),
        PrimaryKeyConstraint(
            "tenant_id", "name", "run", "arm", "metric", "currency", "day", "known"
        ),
    )
    Table(
        "experiment_exposures",  # accounts by arm and day, by when they were known; rows add up
        metadata,
        Column("tenant_id", Text),
        Column("name", Text),
        Column("run", Integer, autoincrement=False),
        Column("arm", Text),
        Column("day", Date),
        Column("known", Integer, autoincrement=False),
        Column("enrolled", BigInteger, nullable=False),
        Column("exposed", BigInteger, nullable=False),
        Column("crossed", BigInteger, nullable=False),
        PrimaryKeyConstraint("tenant_id", "name", "run", "arm", "day", "known"),
    )
