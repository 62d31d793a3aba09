"""The tables of experiments, for Alembic."""

from sqlalchemy import (
    Column,
    Integer,
    MetaData,
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
