"""SQL of messages that leave at once: one for each cause, in lanes of their own."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.dunning.domain.contacts import lane_of
from shared.database import Session


class ServiceAccount(NamedTuple):
    debtor_key: str
    debtor_id: str | None
    zone: str


async def find_service_account(
    session: Session, tenant: str, account_id: str
) -> ServiceAccount | None:
    """None: it is not there, or was erased."""
    row = await session.fetchrow(
        "select debtor_key, debtor_id, timezone from accounts"
        " where tenant_id = $1 and account_id = $2 and is_registered and not is_erased",
        tenant,
        account_id,
    )
    return None if row is None else ServiceAccount(*row)


async def insert_claimed(
    session: Session,
    tenant: str,
    contact: DebtorContact,
    planned_at: datetime,
    *,
    claim: str,
    lease_until: datetime,
) -> bool:
    """False: there is one for the cause already."""
    row = await session.fetchrow(
        """
        insert into contacts (tenant_id, contact_id, debtor_key, debtor_id, lane, state, due_at,
                              body, rules, planned_at, claim, lease_until)
        values ($1, $2, $3, $4, $5, 'claimed', $6, $7, '{}', $8, $9, $10)
        on conflict do nothing
        returning contact_id
        """,
        tenant,
        contact.contact_id,
        contact.debtor_key,
        contact.debtor_id,
        lane_of(contact),
        contact.due_at,
        msgspec.json.encode(contact),
        planned_at,
        claim,
        lease_until,
    )
    return row is not None


async def claim_waiting(
    session: Session, *, claim: str, machine_now: datetime, lease_until: datetime, limit: int
) -> list[tuple[str, DebtorContact]]:
    """Those that could not leave yet, and those whose sender died; with their tenants. Each is
    taken by one; whether its time has come is asked by its tenant's clock."""
    rows = await session.fetch(
        """
        update contacts set state = 'claimed', claim = $1, lease_until = $3
        where (tenant_id, contact_id) in (
          select tenant_id, contact_id from contacts c
          where state in ('planned', 'claimed') and lane like 'service/%'
            and (lease_until is null or lease_until < $2)
          order by due_at limit $4 for update skip locked)
        returning *
        """,
        claim,
        machine_now,
        lease_until,
        limit,
    )
    return [(row["tenant_id"], to_contact(row)) for row in rows]


async def let_go(
    session: Session, tenant: str, contact_id: str, claim: str, until: datetime
) -> None:
    """Its time has not come: nobody looks at it before that instant of machine time."""
    await session.execute(
        """
        update contacts set state = 'planned', lease_until = $4
        where tenant_id = $1 and contact_id = $2 and state = 'claimed' and claim = $3
        """,
        tenant,
        contact_id,
        claim,
        until,
    )
