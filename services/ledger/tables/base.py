"""What all tables stand in, and the tables of the log."""

from sqlalchemy import (
    DateTime,
    Index,
    text,
)

from shared.documents import document_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
document_tables(metadata)  # policies
_outbox = metadata.tables["outbox"]
Index(  # for dropping what later revisions replace
    "ix_outbox_compacted",
    _outbox.c.aggregatetype,
    _outbox.c.aggregateid,
    _outbox.c.seq,
    postgresql_where=text("aggregatetype in ('ledger.contacts', 'ledger.tenants')"),
)
Index(  # for taking tags out of what an account's records published
    "ix_outbox_records",
    _outbox.c.aggregateid,
    postgresql_where=text("type in ('account-registered', 'account-updated')"),
)

Instant = DateTime(timezone=True)
