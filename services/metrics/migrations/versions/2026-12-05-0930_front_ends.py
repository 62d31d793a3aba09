"""What front-ends keep: views, targets, a tenant's settings; and the types of the live stream."""

import sqlalchemy as sa
from alembic import op

revision = "metrics_0005"
down_revision = "metrics_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("changes", sa.Column("type", sa.Text, nullable=False, server_default="figures"))
    op.create_table(
        "views",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "owner", "name"),
    )
    op.create_index(
        "views_shared",
        "views",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("shared"),
    )
    op.create_table(
        "targets",
        sa.Column("tenant_id", sa.Text, nullable=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kpi", "from_on", "split"),
    )
    op.create_table(
        "settings",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("people", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("settings")
    op.drop_table("targets")
    op.drop_table("views")
    op.drop_column("changes", "type")
