"""Files of events."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from services.ledger.tables.base import Instant, metadata

# Files of events. The file itself is kept while it may be needed: an import survives the processes
# that take it and work on it.
imports = Table(
    "imports",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),  # of tenant, file and mapping
    Column("name", Text, nullable=False),
    Column("mapping", Text),  # None: its rows are events
    Column("state", Text, nullable=False),  # reading, sending, done, failed, cancelled
    Column("created_at", Instant, nullable=False),  # machine time
    Column("finished_at", Instant),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("sent", BigInteger, nullable=False, server_default="0"),
    Column("accepted", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
    Column("refused_rows", BigInteger, nullable=False, server_default="0"),
    Column("refused_events", BigInteger, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),  # of sending
    Column("reason", Text),  # why it failed
    Column("report", LargeBinary),
    Column("worker", Text),  # who works on it, until
    Column("lease_until", Instant),
    PrimaryKeyConstraint("tenant_id", "import_id"),
)
Index("ix_imports_created", imports.c.tenant_id, imports.c.created_at, imports.c.import_id)
Index(
    "ix_imports_running",
    imports.c.created_at,
    postgresql_where=text("state in ('reading', 'sending')"),
)

import_parts = Table(
    "import_parts",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),
    Column("part", Integer),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "import_id", "part"),
    ForeignKeyConstraint(
        ["tenant_id", "import_id"], ["imports.tenant_id", "imports.import_id"], ondelete="CASCADE"
    ),
)

import_refusals = Table(
    "import_refusals",
    metadata,
    Column("tenant_id", Text),
    Column("import_id", Text),
    Column("refusal_id", BigInteger, Identity()),
    Column("is_read", Boolean, nullable=False),  # found while the file was read
    Column("line", BigInteger, nullable=False),
    Column("last_line", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("cells", Text, nullable=False),  # the row as it stands in the file
    PrimaryKeyConstraint("tenant_id", "import_id", "line", "refusal_id"),
    ForeignKeyConstraint(
        ["tenant_id", "import_id"], ["imports.tenant_id", "imports.import_id"], ondelete="CASCADE"
    ),
)
