"""The facts of calls as they are committed now, and calls that were let through."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from services.outreach.activity.domain.decisions import Decision
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.desk.domain.calls import CallFacts
from services.outreach.desk.store import calls as store
from services.outreach.desk.store import people
from services.outreach.rulebooks.store import RuleBooks
from shared import ids
from shared.database import Session
from shared.errors import NotFound

PHONE_CHANNELS = ("sms", "voice")


async def load_calls(
    session: Session,
    tenant: str,
    accounts: Collection[str],
    rulebooks: RuleBooks,
    residence_default: str | None,
) -> dict[str, CallFacts]:
    """By account, of those that the ledger has announced."""
    keys = await store.find_debtor_keys(session, tenant, accounts)
    if not keys:
        return {}
    debtors = set(keys.values())
    profiles = await get_profiles(session, tenant, debtors, residence_default)
    invoices = await store.find_open_invoices(session, tenant, keys)
    unusable = await store.find_unusable(session, tenant, debtors, PHONE_CHANNELS)
    versions = await rulebooks.of(session, tenant)
    return {
        account: CallFacts(
            profiles[key],
            account,
            tuple(invoices[account]),
            versions,
            unusable.get(key, frozenset()),
        )
        for account, key in keys.items()
    }


async def load_call(
    session: Session,
    tenant: str,
    account_id: str,
    rulebooks: RuleBooks,
    residence_default: str | None,
) -> CallFacts:
    found = await load_calls(session, tenant, {account_id}, rulebooks, residence_default)
    if account_id not in found:
        raise NotFound(f"There is no account {account_id}.")
    return found[account_id]


async def keep_call(
    session: Session, row: Any, person: str, to: str | None, at: datetime, decision: Decision
) -> str:
    """A call that is let through, under an id of its own."""
    call_id = ids.event_id(
        row["tenant_id"], "outreach", "call", row["task_id"], person, to or "", at.isoformat()
    )
    await people.insert_call(
        session,
        row["tenant_id"],
        call_id,
        {
            "task_id": row["task_id"],
            "account_id": row["account_id"],
            "collector": person,
            "address": to,
            "at": at,
            "decision": msgspec.json.encode(decision),
        },
    )
    return call_id
