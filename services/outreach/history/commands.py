"""Record contacts that others made."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.outreach.activity.commands import CLOCK_SKEW_MAX
from services.outreach.activity.store.accounts import lock_debtor_of
from services.outreach.history import store
from shared import clock
from shared.business_time import Clock
from shared.database import Session


async def import_history(
    session: Session,
    tenant: str,
    account_id: str,
    clock_mode: Clock,
    entries: Sequence[tuple[str, datetime, Mapping[str, Any]]],
) -> tuple[int, int, dict[str, str]]:
    """Contacts that others made. Gives how many are new, how many came before, and why others
    cannot be taken, by id."""
    await lock_debtor_of(session, tenant, account_id)
    limit = clock.now() + CLOCK_SKEW_MAX
    refused: dict[str, str] = {}
    rows = {
        id_: (at, msgspec.json.encode({"at": at, **entry}, order="deterministic"))
        for id_, at, entry in entries
    }
    if clock_mode == "system":
        refused = {id_: "lies in the future" for id_, (at, _) in rows.items() if at > limit}
    known = await store.find_past_entries(session, tenant, account_id, rows.keys())
    for id_, (_, entry) in rows.items():
        if id_ in known and known[id_] != entry and id_ not in refused:
            refused[id_] = "came before, with other content"
    taken = [(id_, at, entry) for id_, (at, entry) in rows.items() if id_ not in refused]
    new = await store.insert_past_contacts(session, tenant, account_id, taken)
    return len(new), len(taken) - len(new), refused
