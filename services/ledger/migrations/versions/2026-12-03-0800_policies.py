"""Policies and when each is in force, what was asked of them, and the segments they look at."""

import sqlalchemy as sa
from alembic import op

from shared.documents.migrations import create_documents_1, drop_documents_1

revision = "ledger_0009"
down_revision = "ledger_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_documents_1()
    op.create_table(
        "segments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_segments")),
    )
    op.create_table(
        "requests",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "request_id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_noun", "requests", ["tenant_id", "noun", "request_id"])
    op.create_index("ix_requests_account", "requests", ["tenant_id", "account_id"])
    op.create_index("ix_requests_kept_at", "requests", ["kept_at"])


def downgrade() -> None:
    op.drop_table("requests")
    op.drop_table("segments")
    drop_documents_1()
