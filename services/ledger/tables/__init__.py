"""The ledger's tables. `tenant_id` leads every key, `account_id` comes next.

`facts` is the truth; everything else follows from it (and from what was already announced) and is
kept so that it can be read and searched with one query. Documents (a fact's data, what was
announced) are JSON as bytes, written and read by msgspec, never queried into.
"""

from services.ledger.tables.accounts import (
    accounts,
    announcements,
    business_times,
    facts,
    failures,
    invoices,
    open_charges,
    rejections,
    tenants,
    waiting_facts,
)
from services.ledger.tables.base import Instant, metadata
from services.ledger.tables.imports import (
    import_parts,
    import_refusals,
    imports,
)
from services.ledger.tables.journal import (
    journal,
    seal_blocks,
    seal_heads,
    seals,
)
from services.ledger.tables.policies import (
    approvals,
    erasures,
    rate_rows,
    requests,
    runs,
    segments,
)

__all__ = [
    "Instant",
    "accounts",
    "announcements",
    "approvals",
    "business_times",
    "erasures",
    "facts",
    "failures",
    "import_parts",
    "import_refusals",
    "imports",
    "invoices",
    "journal",
    "metadata",
    "open_charges",
    "rate_rows",
    "rejections",
    "requests",
    "runs",
    "seal_blocks",
    "seal_heads",
    "seals",
    "segments",
    "tenants",
    "waiting_facts",
]
