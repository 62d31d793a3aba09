"""Imports of files: how far each has come, the file while it is needed, what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0012"
down_revision = "ledger_0011"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT),
        _count("rows"),
        _count("events"),
        _count("sent"),
        _count("accepted"),
        _count("duplicates"),
        _count("refused_rows"),
        _count("refused_events"),
        sa.Column("seconds", sa.Float(), nullable=False, server_default="0"),
        sa.Column("reason", sa.Text()),
        sa.Column("report", sa.LargeBinary()),
        sa.Column("worker", sa.Text()),
        sa.Column("lease_until", _INSTANT),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_created", "imports", ["tenant_id", "created_at", "import_id"])
    op.create_index(
        "ix_imports_running",
        "imports",
        ["created_at"],
        postgresql_where=sa.text("state in ('reading', 'sending')"),
    )
    op.create_table(
        "import_parts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "part", name=op.f("pk_import_parts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.import_id"],
            name=op.f("fk_import_parts_tenant_id_import_id_imports"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "import_refusals",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Text(), nullable=False),
        sa.Column("refusal_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("is_read", sa.Boolean(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("last_line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "import_id", "line", "refusal_id", name=op.f("pk_import_refusals")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["imports.tenant_id", "imports.import_id"],
            name=op.f("fk_import_refusals_tenant_id_import_id_imports"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("import_refusals")
    op.drop_table("import_parts")
    op.drop_table("imports")
