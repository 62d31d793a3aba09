"""By which revision of its rates an account was last computed, and which a run brings to it."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0015"
down_revision = "ledger_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts", sa.Column("rates_revision", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "runs", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("runs", "revision")
    op.drop_column("accounts", "rates_revision")
