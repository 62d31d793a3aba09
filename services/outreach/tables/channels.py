"""Channels: the settings of tenants, addresses that do not work, slots."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.outreach.tables.metadata import INSTANT, metadata

tenant_settings = Table(
    "tenant_settings",  # every version of `PUT /v1/settings`; the highest number counts
    metadata,
    Column("tenant_id", Text),
    Column("number", BigInteger),
    Column("document", LargeBinary, nullable=False),  # JSON, without secrets
    Column("recorded_at", INSTANT, nullable=False),  # machine time
    Column("recorded_by", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "number"),
)

address_states = Table(
    "address_states",  # what is known of how addresses work; deleted when the account is erased
    metadata,
    Column("tenant_id", Text),
    Column("account_id", Text),
    Column("channel", Text),
    Column("address", Text),  # personal data
    Column("state", Text),  # dead, wrong-party; null: it works
    Column("because", Text),  # the provider's code
    Column("changed_at", INSTANT),  # business time
    Column("soft_at", ARRAY(INSTANT), nullable=False, server_default=text("'{}'")),
    Column("paused_until", INSTANT),  # business time: too many soft bounces
    PrimaryKeyConstraint("tenant_id", "account_id", "channel", "address"),
)

slots = Table(
    "slots",  # contacts begun, by day of the tenant, under each limit
    metadata,
    Column("tenant_id", Text),
    Column("day", Date),
    Column("name", Text),  # ramp, ramp/{strategy}/{version}, capacity/{channel or queue}
    Column("taken", Integer, nullable=False),
    Column("most", Integer),  # that there could be when one was last taken
    PrimaryKeyConstraint("tenant_id", "day", "name"),
)
