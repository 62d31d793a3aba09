"""Ask for a message that leaves at once, in the transaction of what it answers."""

from datetime import datetime
from uuid import uuid4

from services.outreach.activity.commands import announce
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.domain.service_messages import SERVICE, ServiceMessage
from services.outreach.dunning.store import contacts as contact_store
from services.outreach.dunning.store import service_messages as store
from shared import clock
from shared.clock import local_day
from shared.database import Session


async def ask_for(
    session: Session,
    tenant: str,
    at: datetime,
    message: ServiceMessage,
    version: str | None = None,
) -> tuple[DebtorContact, str] | None:
    """The contact and its claim, to be sent once this transaction has ended; where nobody does, a
    worker will. None: there is one for the cause already, or no such account."""
    known = await store.find_service_account(session, tenant, message.account_id)
    if known is None:
        return None
    contact = message.contact(
        tenant,
        at,
        debtor_key=known.debtor_key,
        debtor_id=known.debtor_id,
        zone=known.zone,
        day=local_day(at, known.zone),
        version=version,
    )
    claim = f"{SERVICE}/{uuid4().hex}"
    is_new = await store.insert_claimed(
        session, tenant, contact, at, claim=claim, lease_until=clock.now() + LEASE
    )
    if not is_new:
        return None
    await contact_store.upsert_contact_accounts(session, tenant, [contact])
    await announce(session, tenant, at, ContactEvents(at).planned(contact))
    return contact, claim
