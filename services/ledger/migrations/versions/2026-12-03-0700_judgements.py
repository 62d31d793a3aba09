"""Judgements: the day up to which an account's boundaries have happened."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0008"
down_revision = "ledger_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("begun_on", sa.Date))


def downgrade() -> None:
    op.drop_column("accounts", "begun_on")
