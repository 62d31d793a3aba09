"""SQL of messages by hand: what is under way for a debtor, and when the last message left."""

from datetime import datetime

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.store.contacts import to_contact
from shared.database import Session


async def find_under_way(session: Session, tenant: str, debtor_key: str) -> list[DebtorContact]:
    """What is planned, held, claimed or being sent, hand-overs apart."""
    rows = await session.fetch(
        """
        select * from contacts where tenant_id = $1 and debtor_key = $2 and lane = ''
          and state in ('planned', 'held', 'claimed', 'intent') for update
        """,
        tenant,
        debtor_key,
    )
    return [to_contact(row) for row in rows]


async def find_last_message(session: Session, tenant: str, debtor_key: str) -> datetime | None:
    """When something was last sent to the debtor, or may have been."""
    at: datetime | None = await session.fetchval(
        """
        select max(attempted_at) from contacts where tenant_id = $1 and debtor_key = $2
          and state in ('sent', 'delivered', 'uncertain', 'intent')
        """,
        tenant,
        debtor_key,
    )
    return at


async def find_contact(session: Session, tenant: str, contact_id: str) -> DebtorContact | None:
    row = await session.fetchrow(
        "select * from contacts where tenant_id = $1 and contact_id = $2", tenant, contact_id
    )
    return None if row is None else to_contact(row)
