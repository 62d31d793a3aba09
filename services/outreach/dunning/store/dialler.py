"""SQL of the calls that diallers make."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from services.outreach.dunning.domain.dialler import OFFERED
from shared.database import Session


async def offer_calls(
    session: Session,
    tenant: str,
    contact_ids: Collection[str],
    *,
    claim: str,
    lease_until: datetime,
) -> None:
    """From the claim of a run to the dialler's list."""
    await session.execute(
        """
        update contacts set claim = $4, lease_until = $5
        where tenant_id = $1 and contact_id = any($2) and state = 'claimed' and claim = $3
        """,
        tenant,
        sorted(contact_ids),
        claim,
        OFFERED,
        lease_until,
    )


async def list_offered(
    session: Session, tenant: str, machine_now: datetime, limit: int
) -> list[DebtorContact]:
    rows = await session.fetch(
        """
        select * from contacts
        where tenant_id = $1 and state = 'claimed' and claim = $2 and lease_until > $3
        order by due_at, contact_id limit $4
        """,
        tenant,
        OFFERED,
        machine_now,
        limit,
    )
    return [to_contact(row) for row in rows]


async def take_offered(
    session: Session,
    tenant: str,
    contact_id: str,
    *,
    claim: str,
    machine_now: datetime,
    lease_until: datetime,
) -> DebtorContact | None:
    """From the list to whoever asks first; None: it is not on the list."""
    rows = await session.fetch(
        """
        update contacts set claim = $4, lease_until = $6
        where tenant_id = $1 and contact_id = $2 and state = 'claimed' and claim = $3
          and lease_until > $5
        returning *
        """,
        tenant,
        contact_id,
        OFFERED,
        claim,
        machine_now,
        lease_until,
    )
    return to_contact(rows[0]) if rows else None


async def find_call(
    session: Session, tenant: str, contact_id: str, *, for_update: bool = False
) -> tuple[DebtorContact, datetime | None] | None:
    """A contact that is a call, and until when it is held."""
    rows = await session.fetch(
        f"""
        select * from contacts where tenant_id = $1 and contact_id = $2
        {"for update" if for_update else ""}
        """,
        tenant,
        contact_id,
    )
    if not rows:
        return None
    contact = to_contact(rows[0])
    return (contact, rows[0]["lease_until"]) if contact.channel == "voice" else None


async def give_call(
    session: Session,
    tenant: str,
    contact: DebtorContact,
    *,
    claim: str,
    lease_until: datetime,
) -> bool:
    """The dialler has it now. False: somebody else has recorded how it ended."""
    status = await session.execute(
        """
        update contacts set body = $3, lease_until = $5
        where tenant_id = $1 and contact_id = $2 and state = 'intent' and claim = $4
        """,
        tenant,
        contact.contact_id,
        msgspec.json.encode(contact),
        claim,
        lease_until,
    )
    return status.endswith(" 1")
