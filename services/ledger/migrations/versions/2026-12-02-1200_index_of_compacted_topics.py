"""An index of the outbox's compacted topics: what later revisions replace is dropped by it."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0006"
down_revision = "ledger_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_compacted",
        "outbox",
        ["aggregatetype", "aggregateid", "seq"],
        postgresql_where=sa.text("aggregatetype in ('ledger.contacts', 'ledger.tenants')"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_compacted", "outbox")
