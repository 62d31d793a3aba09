"""Facts and announcements carry their account's version: what is newer can be read by itself."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0002"
down_revision = "ledger_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("facts", "announcements"):
        # What is there was stored before versions were kept, so before any that is asked for.
        op.add_column(
            table, sa.Column("version", sa.BigInteger(), server_default="0", nullable=False)
        )
        op.alter_column(table, "version", server_default=None)
        op.create_index(f"ix_{table}_version", table, ["tenant_id", "account_id", "version"])


def downgrade() -> None:
    for table in ("facts", "announcements"):
        op.drop_index(f"ix_{table}_version", table)
        op.drop_column(table, "version")
