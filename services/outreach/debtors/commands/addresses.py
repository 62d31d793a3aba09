"""Addresses at which nobody is the debtor."""

from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.store.addresses import find_spellings
from services.outreach.debtors.domain.address_states import WRONG_PARTY, AddressState
from services.outreach.debtors.store.addresses import find_address_states, upsert_address_states
from shared.database import Session


async def mark_wrong_party(
    session: Session, tenant: str, channel: str, mark: bytes, at: datetime, *, because: str
) -> None:
    """No message goes there any more, for no account that has it, however it spells it."""
    found = await find_spellings(session, tenant, channel, mark)
    known = await find_address_states(session, tenant, {account for account, _ in found})
    states = []
    for account_id, address in found:
        key = (account_id, channel, address)
        state = known.get(key) or AddressState(*key)
        states.append(replace(state, state=WRONG_PARTY, because=because, changed_at=at))
    await upsert_address_states(session, tenant, states)
