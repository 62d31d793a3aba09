"""The metadata that every module of tables adds to, and what their columns share."""

from sqlalchemy import DateTime, text

from shared.documents import document_tables
from shared.log.tables import add_holds, add_log_tables, new_metadata

metadata = new_metadata()
add_log_tables(metadata)
add_holds(metadata)
document_tables(metadata)  # rule books, strategies, their assignments, templates

INSTANT = DateTime(timezone=True)
FALSE = text("false")
