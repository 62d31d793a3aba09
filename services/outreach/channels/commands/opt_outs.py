"""Who follows the link that stands on every e-mail wants no more of them at that address."""

from datetime import datetime

from services.outreach.activity.store.addresses import find_addresses_of
from services.outreach.activity.store.contacts import find_contact_anywhere
from services.outreach.consents.commands import Refusal, refuse_address
from shared.business_time import Clock
from shared.database import Session

BY_LINK = "opt-out link"
EVIDENCE = "one-click opt-out of an e-mail"


async def opt_out_of_email(
    session: Session, contact_id: str, clock: Clock, *, at: datetime | None = None
) -> bool:
    """Whether anything changed. Nothing does where the account was erased meanwhile: no address of
    it is known any more."""
    found = await find_contact_anywhere(session, contact_id)
    if found is None:
        return False
    tenant, contact = found
    account_ids = contact.account_ids
    addresses = [contact.address] if contact.channel == "email" and contact.address else []
    if not addresses:  # of messages that left before addresses were kept with contacts
        addresses = await find_addresses_of(session, tenant, "email", account_ids)
    changed = 0
    for address in addresses:
        refusal = Refusal("email", address, EVIDENCE, at)
        changed += await refuse_address(session, tenant, clock, refusal, BY_LINK, also=account_ids)
    return changed > 0
