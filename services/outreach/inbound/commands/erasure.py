"""What people wrote goes with their details."""

from collections.abc import Sequence

from services.outreach.inbound.store.items import erase_items
from shared import clock
from shared.database import Session
from shared.events import Received


async def erase_replies(session: Session, events: Sequence[Received]) -> None:
    """Before the addresses of erased accounts are forgotten: by them, what nobody knew to be
    theirs is found."""
    erased: dict[str, set[str]] = {}
    for event in events:
        if event.type == "account-erased":
            erased.setdefault(event.tenant, set()).add(event.key)
    for tenant, account_ids in sorted(erased.items()):
        await erase_items(session, tenant, account_ids, clock.now())
