"""What was talked about with people."""

import sqlalchemy as sa
from alembic import op

revision = "metrics_0008"
down_revision = "metrics_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_talks",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("collector", sa.Text(), nullable=False),
        sa.Column("talk_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("agreed", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "collector", "talk_id", name="pk_people_talks"),
    )


def downgrade() -> None:
    op.drop_table("people_talks")
