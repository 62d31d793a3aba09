"""An index of the outbox's compacted topics: what later revisions replace is dropped by it."""

import sqlalchemy as sa
from alembic import op

revision = "ledger_0003_compacted"
down_revision = "ledger_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():  # writers go on meanwhile
        op.create_index(
            "ix_outbox_compacted",
            "outbox",
            ["aggregatetype", "aggregateid", "seq"],
            postgresql_where=sa.text("aggregatetype in ('ledger.contacts', 'ledger.tenants')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_outbox_compacted", "outbox")
