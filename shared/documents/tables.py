"""The two tables of a service's versioned documents, for Alembic and the test of agreement."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

_INSTANT = DateTime(timezone=True)


def document_tables(metadata: MetaData) -> None:
    """Add them to a service's metadata, once for all its kinds of documents."""
    Table(
        "documents",  # every version that was sent or activated, for ever; never changed
        metadata,
        Column("tenant_id", Text),
        Column("kind", Text),
        Column("name", Text),
        Column("version", Text),
        Column("source", Text, nullable=False),  # YAML or JSON, byte for byte
        Column("hash", LargeBinary, nullable=False),  # SHA-256 of it, checked when it is read
        Column("category", Text),  # what a kind sorts its documents by
        Column("stored_at", _INSTANT, nullable=False),
        Column("stored_by", Text, nullable=False),
        PrimaryKeyConstraint("tenant_id", "kind", "name", "version"),
    )
    activations = Table(
        "activations",  # of those of a name that have begun, the latest is in force
        metadata,
        Column("tenant_id", Text),
        Column("kind", Text),
        Column("number", BigInteger, autoincrement=False),  # 1, 2, 3… in the order of asking
        Column("name", Text, nullable=False),
        Column("version", Text),  # none: from then on the name is not in force
        Column("from_version", Text),  # what would have been in force; none: nothing, or not noted
        Column("from_on", Date),  # the day that was asked for; none: at once
        Column("from_at", _INSTANT, nullable=False),  # its first instant in the tenant's zone
        Column("recorded_at", _INSTANT, nullable=False),  # business time
        Column("recorded_by", Text, nullable=False),
        Column("reason", Text),
        Column("options", LargeBinary),  # JSON: what else a kind wants to know
        PrimaryKeyConstraint("tenant_id", "kind", "number"),
        ForeignKeyConstraint(
            ["tenant_id", "kind", "name", "version"],
            ["documents.tenant_id", "documents.kind", "documents.name", "documents.version"],
            name="fk_activations_document",
        ),
    )
    Index(
        "ix_activations_in_force",
        activations.c.tenant_id,
        activations.c.kind,
        activations.c.name,
        activations.c.from_at.desc(),
        activations.c.number.desc(),
    )
