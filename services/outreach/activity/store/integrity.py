"""SQL of what must always hold: each check counts its violations."""

from datetime import datetime, timedelta

from shared.database import Session

# An item that came in is read within seconds; what waits longer waits for somebody to notice.
OPEN_FOR = timedelta(hours=1)
LEASE_OVERDUE = timedelta(minutes=5)  # lost leases are looked for every few seconds

# $1: the tenant; $2: the machine's instant before which something should have happened.
CHECKS: dict[str, str] = {
    "what came in is read within an hour": (
        "select count(*) from inbound where tenant_id = $1 and state = 'open' and stored_at < $2"
    ),
    "what ended has ended in one of four ways": (
        "select count(*) from inbound where tenant_id = $1 and (ended_at is null) <> (state ="
        " 'open') or tenant_id = $1 and state not in"
        " ('open', 'applied', 'for-person', 'auto-reply', 'receipt')"
    ),
    "a step is made by a contact that was made": (
        "select count(*) from steps s where tenant_id = $1 and not exists (select from contacts c"
        " where c.tenant_id = s.tenant_id and c.contact_id = s.contact_id)"
    ),
    "a debtor has at most one contact under way": (
        "select count(*) from (select from contacts where tenant_id = $1 and state in"
        " ('planned', 'claimed', 'intent') group by debtor_key, lane having count(*) > 1) d"
    ),
    "a contact in somebody's hands has a lease": (
        "select count(*) from contacts where tenant_id = $1 and state in ('claimed', 'intent')"
        " and (claim is null or lease_until is null)"
    ),
    "lost leases are ended": (
        "select count(*) from contacts where tenant_id = $1 and state in ('claimed', 'intent')"
        " and lease_until < $2"
    ),
    "a contact has accounts": (
        "select count(*) from contacts c where tenant_id = $1 and not exists (select from"
        " contact_accounts a where a.tenant_id = c.tenant_id and a.contact_id = c.contact_id)"
    ),
    "slots given are no fewer than none": (
        "select count(*) from slots where tenant_id = $1 and taken < 0"
    ),
    "slots given are no more than there were": (
        "select count(*) from slots where tenant_id = $1 and taken > most"
    ),
    "a task that is open or claimed has an open case": (
        "select count(*) from tasks t join cases c using (tenant_id, case_id)"
        " where t.tenant_id = $1 and t.state in ('open', 'claimed') and c.state <> 'open'"
    ),
    "an erased account keeps no details": (
        "select count(*) from accounts a where tenant_id = $1 and is_erased and ("
        "exists (select from people p where p.tenant_id = a.tenant_id"
        " and p.account_id = a.account_id)"
        " or exists (select from account_addresses d where d.tenant_id = a.tenant_id"
        " and d.account_id = a.account_id))"
    ),
}


_SINCE = {"what came in is read within an hour": OPEN_FOR, "lost leases are ended": LEASE_OVERDUE}


async def count_violations(session: Session, tenant: str, now: datetime) -> dict[str, int]:
    """By name of the invariant."""
    counted = {}
    for name, query in CHECKS.items():
        since = [now - _SINCE[name]] if name in _SINCE else []
        counted[name] = await session.fetchval(query, tenant, *since)
    return counted
