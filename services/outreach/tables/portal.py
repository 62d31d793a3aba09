"""The portal: links into it, visitors, what they thought of it."""

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.outreach.tables.metadata import INSTANT, metadata

_NONE = text("'{}'")

portal_links = Table(
    "portal_links",  # written with the intent of the message that carries one
    metadata,
    Column("link_id", LargeBinary),  # made of the contact with a key: nobody can guess one
    Column("tenant_id", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("debtor_key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("mark", LargeBinary),  # of the address that had it; none: there is none, or erased
    Column("written_at", INSTANT, nullable=False),  # this and the next: business time
    Column("expires_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),  # this and the instants below: machine time
    Column("ended_because", Text),  # staff | not-me | erased
    Column("wrong_at", ARRAY(INSTANT), nullable=False, server_default=_NONE),
    Column("code_mark", LargeBinary),  # of the last one-time code
    Column("code_expires_at", INSTANT),
    Column("code_tries", Integer, nullable=False, server_default=text("0")),
    Column("codes_at", ARRAY(INSTANT), nullable=False, server_default=_NONE),
    Column("renewed_at", ARRAY(INSTANT), nullable=False, server_default=_NONE),
    Column("visited_on", Date),  # the last day, in the account's zone
    Column("deeds", ARRAY(Text), nullable=False, server_default=_NONE),  # announced of that day
    PrimaryKeyConstraint("link_id"),
    Index(None, "tenant_id", "debtor_key"),
    Index(None, "tenant_id", "contact_id"),
)

portal_sessions = Table(
    "portal_sessions",
    metadata,
    Column("token_hash", LargeBinary),
    Column("tenant_id", Text, nullable=False),
    Column("link_id", LargeBinary, nullable=False),
    Column("level", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),  # this and the next: machine time
    Column("seen_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("token_hash"),
    Index(None, "link_id"),
    Index(None, "seen_at"),
)

portal_feedback = Table(
    "portal_feedback",
    metadata,
    Column("tenant_id", Text),
    Column("feedback_id", Text),
    Column("account_id", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("score", Integer, nullable=False),
    Column("comment", Text),  # personal; deleted when the account is erased
    Column("received_at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "feedback_id"),
    Index(None, "tenant_id", "account_id"),
)

portal_bids = Table(
    "portal_bids",  # for less than what is owed: only so many in a month
    metadata,
    Column("tenant_id", Text),
    Column("bid_id", Text),  # the ledger's key
    Column("debtor_key", Text, nullable=False),
    Column("bid_at", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "bid_id"),
    Index(None, "tenant_id", "debtor_key", "bid_at"),
)
