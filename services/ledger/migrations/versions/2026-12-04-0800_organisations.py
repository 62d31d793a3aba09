"""Tenants of one organisation share limits on contacts."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0017"
down_revision = "ledger_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenants", sa.Column("organisation", sa.Text()))


def downgrade() -> None:
    op.drop_column("tenants", "organisation")
