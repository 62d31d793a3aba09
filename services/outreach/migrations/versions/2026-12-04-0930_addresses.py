"""Which accounts are reached at which address, and which addresses want nothing more.

Addresses of people that are known already are filled in where they are written in ASCII; others
come with the next details of their accounts.
"""

import sqlalchemy as sa
from alembic import op

revision = "outreach_0014"
down_revision = "outreach_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_addresses",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "account_id", "channel", "address", name="pk_account_addresses"
        ),
    )
    op.create_table(
        "opt_outs",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "channel", "mark", name="pk_opt_outs"),
    )
    op.execute(
        r"""
        insert into account_addresses (tenant_id, account_id, channel, address, mark)
        select tenant_id, account_id, 'email', split_part(email, '@', 1) || '@'
                 || lower(split_part(email, '@', 2)),
               sha256(convert_to(tenant_id || '/email/' || lower(email), 'UTF8'))
        from (select tenant_id, account_id,
                     trim(convert_from(details, 'UTF8')::jsonb ->> 'email') as email
              from people) p
        where email ~ '^[!-?A-~]+@[A-Za-z0-9.-]+$' and email !~ '(?i)xn--'
        """
    )
    op.create_index(
        "ix_account_addresses_tenant_id_channel_mark",
        "account_addresses",
        ["tenant_id", "channel", "mark"],
    )
    # A token in an address names a contact and no tenant.
    op.create_index("ix_contacts_contact_id", "contacts", ["contact_id"])


def downgrade() -> None:
    op.drop_index("ix_contacts_contact_id", "contacts")
    op.drop_table("opt_outs")
    op.drop_table("account_addresses")
