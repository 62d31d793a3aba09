"""Rule books become versioned documents like all others."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0003"
down_revision = "outreach_0002"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_documents()
    op.execute(
        """
        insert into documents (tenant_id, kind, name, version, source, hash, category, stored_at,
                               stored_by)
        select tenant_id, 'rulebooks', name, version, text, sha256(convert_to(text, 'UTF8')),
               class, recorded_at, recorded_by
        from rulebooks
        """
    )
    op.execute(
        """
        insert into activations (tenant_id, kind, number, name, version, from_on, from_at,
                                 recorded_at, recorded_by)
        select tenant_id, 'rulebooks', row_number() over (partition by tenant_id order by ord),
               name, version, from_on, from_at, recorded_at, recorded_by
        from rulebook_activations
        """
    )
    op.drop_table("rulebook_activations")
    op.drop_table("rulebooks")


def _create_documents() -> None:
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


def downgrade() -> None:
    op.create_table(
        "rulebooks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "version", name=op.f("pk_rulebooks")),
    )
    op.create_table(
        "rulebook_activations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("ord", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("from_at", Instant, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "ord", name=op.f("pk_rulebook_activations")),
    )
    op.execute(
        """
        insert into rulebooks (tenant_id, name, version, class, text, recorded_at, recorded_by)
        select tenant_id, name, version, category, source, stored_at, stored_by
        from documents where kind = 'rulebooks'
        """
    )
    op.execute(
        """
        insert into rulebook_activations (tenant_id, name, version, from_on, from_at, recorded_at,
                                          recorded_by)
        select tenant_id, name, version, from_on, from_at, recorded_at, recorded_by
        from activations where kind = 'rulebooks' order by tenant_id, number
        """
    )
    op.drop_table("activations")
    op.drop_table("documents")
