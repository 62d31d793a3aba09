"""Keep the links into the portal that messages carry, with their intents."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.activity.domain.portal_links import CARRIERS
from services.outreach.activity.store.portal_links import upsert_links
from services.outreach.channels.domain.links import Links
from services.outreach.dunning.domain.intents import link_of
from shared.database import Session


async def keep_links(
    session: Session,
    tenant: str,
    at: datetime,
    contacts: Sequence[DebtorContact],
    links: Links,
    link_days: int,
) -> None:
    """Of those that begin to leave now: what nobody has written down opens nothing."""
    expires_at = at + timedelta(days=link_days)
    carried = [link_of(tenant, c, links, expires_at) for c in contacts if c.channel in CARRIERS]
    await upsert_links(session, tenant, carried, at)
