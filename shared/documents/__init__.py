"""Versioned documents: segment policies, rule books, and whatever else a tenant writes for us.

Every version is kept for ever under the hash of its text, with who sent it and when. An activation
puts one in force, at once or from a business day on, with a reason; an earlier version put in force
again is a rollback. What was in force on a day never changes once that day has begun.

A new kind of document is one declaration and one test (`tests/integration/shared/test_documents.py`
declares one and does everything with it):

1. once per service, `document_tables(metadata)` in its `tables.py`, `create_documents_1()` in a
   revision of its migrations;
2. `CHARGES = DocumentKind(kind="policies", word="policy", parse=…, version_of=…)` in its domain;
3. one `Documents(CHARGES, built_in=[…])` in its context: `keep`, `activate`, `in_force`, `history`;
4. a command that calls `activate` and does what follows it: events, work to be done;
5. `document_router(Surface(path="/v1/policies/{name}", …), …)` of `shared.web.documents`, with
   the kind's `dry_run`.

activations.py what is in force when · history.py a tenant's documents as one value · kind.py the
declaration (these three are pure) · versions.py keeping and activating · store.py SQL · tables.py,
migrations.py
"""

from shared.documents.activations import Activation
from shared.documents.history import BuiltIn, History, StoredVersion
from shared.documents.kind import (
    ActivationRequest,
    ActivationResult,
    DocumentKind,
    KeptVersion,
    Outline,
    Proposal,
)
from shared.documents.tables import document_tables
from shared.documents.versions import SOURCE_HERE_MAX, Documents, refuse_begun_day

__all__ = [
    "SOURCE_HERE_MAX",
    "Activation",
    "ActivationRequest",
    "ActivationResult",
    "BuiltIn",
    "DocumentKind",
    "Documents",
    "History",
    "KeptVersion",
    "Outline",
    "Proposal",
    "StoredVersion",
    "document_tables",
    "refuse_begun_day",
]
