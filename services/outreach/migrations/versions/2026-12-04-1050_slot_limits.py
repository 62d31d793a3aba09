"""How many slots there could be when one was last taken; when the facts of a story were known."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0022"
down_revision = "outreach_0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slots", sa.Column("most", sa.Integer()))
    op.add_column("story", sa.Column("recorded_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("story", "recorded_at")
    op.drop_column("slots", "most")
