"""What waits for a decision, in all accounts of a tenant."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0013"
down_revision = "ledger_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "approval_id", name=op.f("pk_approvals")),
    )
    op.create_index(
        "ix_approvals_state",
        "approvals",
        ["tenant_id", "state", "requested_at", "approval_id"],
    )
    op.create_index(
        "ix_approvals_account", "approvals", ["tenant_id", "account_id", "requested_at"]
    )


def downgrade() -> None:
    op.drop_table("approvals")
