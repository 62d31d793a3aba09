"""Which accounts are reached at which address, and which addresses want nothing more."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from services.outreach.tables.metadata import INSTANT, metadata

account_addresses = Table(
    "account_addresses",  # as the details of accounts name them now; goes with the details
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("channel", Text),  # email
    Column("address", Text),  # personal data, as the channel takes it
    Column("mark", LargeBinary, nullable=False),  # of the address, however it is spelt
    Column("known_since", INSTANT, nullable=False),  # business time
    PrimaryKeyConstraint("tenant_id", "account_id", "channel", "address"),
    Index(None, "tenant_id", "channel", "mark"),
)

opt_outs = Table(
    "opt_outs",  # for ever: who said no is not asked again under another account
    metadata,
    Column("tenant_id", Text),
    Column("channel", Text),
    Column("mark", LargeBinary),  # of the address, which is not kept itself
    Column("at", INSTANT, nullable=False),  # business time
    Column("evidence", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "channel", "mark"),
)
