"""Segment policies become versioned documents like all others."""

import sqlalchemy as sa
from alembic import op

from shared.documents.migrations import create_documents_1, drop_documents_1

revision = "segmentation_0004"
down_revision = "segmentation_0003"
branch_labels = None
depends_on = None

Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_documents_1()
    op.execute(
        """
        insert into documents (tenant_id, kind, name, version, source, hash, stored_at, stored_by)
        select tenant_id, 'policies', 'segments', policy_version, source,
               sha256(convert_to(source, 'UTF8')), stored_at, stored_by
        from policies
        """
    )
    # The highest number was in force, whatever instants were noted: a later one begins no earlier.
    op.execute(
        """
        insert into activations (tenant_id, kind, number, name, version, from_version, from_at,
                                 recorded_at, recorded_by, reason)
        select tenant_id, 'policies', number, 'segments', policy_version, from_version,
               max(activated_at) over (partition by tenant_id order by number),
               activated_at, activated_by, reason
        from policy_activations
        """
    )
    op.drop_table("policy_activations")
    op.drop_table("policies")


def downgrade() -> None:
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
    op.execute(
        """
        insert into policies (tenant_id, policy_version, source, stored_at, stored_by)
        select tenant_id, version, source, stored_at, stored_by from documents
        where kind = 'policies' and name = 'segments'
        """
    )
    op.execute(
        """
        insert into policy_activations (tenant_id, number, policy_version, from_version,
                                        activated_at, activated_by, reason)
        select tenant_id, number, version, from_version, recorded_at, recorded_by, reason
        from activations where kind = 'policies' and name = 'segments'
        """
    )
    drop_documents_1()
