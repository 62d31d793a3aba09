"""What messages name of what they answer, and where an invoice can be paid."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0020"
down_revision = "outreach_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("occasions", sa.Column("amount_minor", sa.BigInteger()))
    op.add_column("occasions", sa.Column("due_on", sa.Date()))
    op.add_column("occasions", sa.Column("base_minor", sa.BigInteger()))
    op.add_column("occasions", sa.Column("outcome", sa.Text()))
    op.add_column("invoices", sa.Column("payment_url", sa.Text()))


def downgrade() -> None:
    op.drop_column("invoices", "payment_url")
    for name in ("outcome", "base_minor", "due_on", "amount_minor"):
        op.drop_column("occasions", name)
