"""A debtor that can't be planned for or contacted is set aside for a while."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0006"
down_revision = "outreach_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("debtors", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("debtors", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column("debtors", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_debtors_retry_at",
        "debtors",
        ["tenant_id", "retry_at"],
        postgresql_where=sa.text("retry_at is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_debtors_retry_at", "debtors")
    for column in ("retry_at", "failure", "failed_at"):
        op.drop_column("debtors", column)
