"""What links and visitors leave behind goes with an account's personal data."""

from collections.abc import Sequence

from services.outreach.channels.store.portal_messages import erase_messages
from services.outreach.portal.store.links import erase_links
from shared import clock
from shared.database import Session
from shared.events import Received


async def erase_visits(session: Session, events: Sequence[Received]) -> None:
    erased: dict[str, set[str]] = {}
    for event in events:
        if event.type == "account-erased":
            erased.setdefault(event.tenant, set()).add(event.key)
    for tenant, account_ids in sorted(erased.items()):
        await erase_links(session, tenant, account_ids, clock.now())
        await erase_messages(session, tenant, account_ids)
