"""The migrations of the documents' tables, written once: the services' revisions call them.

A released function never changes; what comes later is a function of its own.
"""

import sqlalchemy as sa
from alembic import op

Instant = sa.DateTime(timezone=True)


def create_documents_1() -> None:
    """Versions of documents, and when each is in force."""
    op.create_table(
        "documents",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("stored_at", Instant, nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "name", "version", name=op.f("pk_documents")),
    )
    op.create_table(
        "activations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("from_version", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("from_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("options", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "kind", "name", "version"],
            ["documents.tenant_id", "documents.kind", "documents.name", "documents.version"],
            name="fk_activations_document",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "number", name=op.f("pk_activations")),
    )
    op.create_index(
        "ix_activations_in_force",
        "activations",
        [
            "tenant_id",
            "kind",
            "name",
            sa.literal_column("from_at DESC"),
            sa.literal_column("number DESC"),
        ],
        unique=False,
    )


def drop_documents_1() -> None:
    op.drop_table("activations")
    op.drop_table("documents")
