"""What comes in, kept before it is read."""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0016"
down_revision = "outreach_0015"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inbound",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("try_at", INSTANT, nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("command", sa.LargeBinary()),
        sa.Column("ended_at", INSTANT),
        sa.Column("debtor_key", sa.Text()),
        sa.Column("account_id", sa.Text()),
        sa.Column("contact_id", sa.Text()),
        sa.Column("reply_class", sa.Text()),
        sa.Column("effect", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.PrimaryKeyConstraint("tenant_id", "inbound_id", name="pk_inbound"),
    )
    op.create_index(
        "ix_inbound_open", "inbound", ["try_at"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_inbound_address",
        "inbound",
        ["tenant_id", "address"],
        postgresql_where=sa.text("address is not null"),
    )
    op.create_index(
        "ix_inbound_state", "inbound", ["tenant_id", "state", "received_at", "inbound_id"]
    )
    op.create_index("ix_inbound_account", "inbound", ["tenant_id", "account_id"])
    op.create_index("ix_inbound_debtor", "inbound", ["tenant_id", "debtor_key"])
    # Whose numbers these are. Those written without their country come with the next details.
    op.execute(
        r"""
        insert into account_addresses (tenant_id, account_id, channel, address, mark)
        select tenant_id, account_id, 'sms', number,
               sha256(convert_to(tenant_id || '/sms/' || number, 'UTF8'))
        from (select p.tenant_id, p.account_id,
                     regexp_replace(n.phone ->> 'number', '[^+0-9]', '', 'g') as number
              from people p, lateral jsonb_array_elements(
                coalesce(convert_from(p.details, 'UTF8')::jsonb -> 'phones', '[]')) n (phone)) k
        where number ~ '^[+][1-9][0-9]{6,14}$'
        on conflict do nothing
        """
    )


def downgrade() -> None:
    op.drop_table("inbound")
