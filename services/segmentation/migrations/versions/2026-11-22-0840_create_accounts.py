"""What is believed of accounts, the log that is written, and the logs that are read."""

import sqlalchemy as sa
from alembic import op

from shared.log.migrations import create_log_1, drop_log_1

revision = "segmentation_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_accounts()
    create_log_1()


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column(
            "expected_recovery_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("latest_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", name=op.f("pk_accounts")),
    )
    op.create_index(
        "ix_accounts_priority",
        "accounts",
        ["tenant_id", sa.literal_column("priority DESC"), "account_id"],
        unique=False,
    )
    op.create_index(
        "ix_accounts_segment_priority",
        "accounts",
        ["tenant_id", "segment", sa.literal_column("priority DESC"), "account_id"],
        unique=False,
    )
    op.create_table(
        "assessments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_assessments_tenant_id_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "on_day", name=op.f("pk_assessments")),
    )


def downgrade() -> None:
    drop_log_1()
    op.drop_table("assessments")
    op.drop_table("accounts")
