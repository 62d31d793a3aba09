"""Links into the portal, visitors, what they thought of it; since when addresses are known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "outreach_0019"
down_revision = "outreach_0018"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NONE = sa.text("'{}'")


def upgrade() -> None:
    _create_links()
    op.create_table(
        "portal_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(None, "portal_sessions", ["link_id"])
    op.create_index(None, "portal_sessions", ["seen_at"])
    op.create_table(
        "portal_feedback",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("feedback_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "feedback_id"),
    )
    op.create_index(None, "portal_feedback", ["tenant_id", "account_id"])
    op.create_table(
        "portal_bids",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("bid_id", sa.Text(), nullable=False),
        sa.Column("debtor_key", sa.Text(), nullable=False),
        sa.Column("bid_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "bid_id"),
    )
    op.create_index(None, "portal_bids", ["tenant_id", "debtor_key", "bid_at"])
    # Of those that are there already nobody knows since when: from now on.
    op.add_column(
        "account_addresses",
        sa.Column("known_since", _INSTANT, nullable=False, server_default=sa.text("now()")),
    )
    op.alter_column("account_addresses", "known_since", server_default=None)


def _create_links() -> None:
    op.create_table(
        "portal_links",
        sa.Column("link_id", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=False),
        sa.Column("debtor_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary()),
        sa.Column("written_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("ended_because", sa.Text()),
        sa.Column("wrong_at", ARRAY(_INSTANT), nullable=False, server_default=_NONE),
        sa.Column("code_mark", sa.LargeBinary()),
        sa.Column("code_expires_at", _INSTANT),
        sa.Column("code_tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("codes_at", ARRAY(_INSTANT), nullable=False, server_default=_NONE),
        sa.Column("renewed_at", ARRAY(_INSTANT), nullable=False, server_default=_NONE),
        sa.Column("visited_on", sa.Date()),
        sa.Column("deeds", ARRAY(sa.Text()), nullable=False, server_default=_NONE),
        sa.PrimaryKeyConstraint("link_id"),
    )
    op.create_index(None, "portal_links", ["tenant_id", "debtor_key"])
    op.create_index(None, "portal_links", ["tenant_id", "contact_id"])


def downgrade() -> None:
    op.drop_column("account_addresses", "known_since")
    for table in ("portal_links", "portal_bids", "portal_feedback", "portal_sessions"):
        op.drop_table(table)
