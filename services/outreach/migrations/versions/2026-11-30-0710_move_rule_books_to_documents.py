"""Rule books become versioned documents like all others."""

import sqlalchemy as sa
from alembic import op

from shared.documents.migrations import create_documents_1, drop_documents_1

revision = "outreach_0003"
down_revision = "outreach_0002"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_documents_1()
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
    drop_documents_1()
