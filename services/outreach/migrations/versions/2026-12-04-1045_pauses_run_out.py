"""Pauses that have run out without anybody seeing to them: once that has been told to people."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0021"
down_revision = "outreach_0020"
branch_labels = None
depends_on = None

_WAITING = "ran_out_at is null and ended_on is null and until_on is null and not is_endless"


def upgrade() -> None:
    op.add_column("pauses", sa.Column("ran_out_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_pauses_waiting", "pauses", ["tenant_id", "from_on"], postgresql_where=sa.text(_WAITING)
    )


def downgrade() -> None:
    op.drop_index("ix_pauses_waiting", "pauses")
    op.drop_column("pauses", "ran_out_at")
