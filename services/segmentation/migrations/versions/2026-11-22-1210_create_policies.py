"""Segment policies by tenant, experiments, and early warnings."""

import sqlalchemy as sa
from alembic import op

revision = "segmentation_0003"
down_revision = "segmentation_0002"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_policies()
    _create_experiments()
    _create_warnings()


def _create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stored_at", Instant, nullable=False),
        sa.Column("stored_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "policy_version", name=op.f("pk_policies")),
    )
    op.create_table(
        "policy_activations",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("from_version", sa.Text(), nullable=False),
        sa.Column("activated_at", Instant, nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "policy_version"],
            ["policies.tenant_id", "policies.policy_version"],
            name=op.f("fk_policy_activations_tenant_id_policy_version_policies"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_policy_activations")),
    )


def _create_experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("design", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stored_at", Instant, nullable=False),
        sa.Column("started_at", Instant, nullable=True),
        sa.Column("stopped_at", Instant, nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "name", "run", name=op.f("pk_experiments")),
    )


def _create_warnings() -> None:
    op.create_table(
        "warnings",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("warning_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("raised_at", Instant, nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.account_id"],
            name=op.f("fk_warnings_tenant_id_account_id_accounts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "warning_id", name=op.f("pk_warnings")),
    )
    op.create_index(
        "ix_warnings_raised",
        "warnings",
        ["tenant_id", sa.literal_column("raised_at DESC"), "warning_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("warnings")
    op.drop_table("experiments")
    op.drop_table("policy_activations")
    op.drop_table("policies")
