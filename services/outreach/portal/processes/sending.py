"""Send a visitor at once what he asked for: a code, a new link. It is no attempt of ours to reach
him: it stands in the account's history as his."""

from datetime import datetime, timedelta

import msgspec

from services.outreach.channels.domain.contract import Accepted, Intent
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.dunning.domain.intents import callback_token
from services.outreach.history.store import insert_past_contacts
from services.outreach.portal.store.addresses import ReachedAt
from shared import clock, ids
from shared.process import telemetry

DEADLINE = timedelta(seconds=60)  # machine time
log = telemetry.logger(__name__)


async def send_now(
    context: Context,
    tenant: str,
    to: ReachedAt,
    parts: Parts,
    *,
    what: str,
    cause: str,
    language: str,
    name: str,
    at: datetime,
) -> bool:
    """Whether it was taken. `cause` names the request."""
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
    channels = await context.channels.channels(tenant, settings)
    provider = channels.provider(to.channel)
    if provider is None:
        return False
    message_id = ids.event_id(tenant, "outreach", "portal-message", what, cause)

    async def written() -> Parts:
        return parts

    now = clock.now()
    sent = await provider.send(
        Intent(
            tenant=tenant,
            contact_id=message_id,
            to=to.address,
            to_name=name,
            deadline=now + DEADLINE,
            callback_token=callback_token(context.links, message_id),
            at=at,
            language=language,
            parts=written,
            since=now,
            details={"purpose": what, "account_id": to.account_id},
        )
    )
    if not isinstance(sent, Accepted):
        log.warning("portal message not sent", what=what, outcome=type(sent).__name__)
        return False
    entry = {"channel": to.channel, "outcome": "sent", "initiated_by": "debtor", "to": to.address}
    async with context.db.transaction() as session:
        await insert_past_contacts(
            session,
            tenant,
            to.account_id,
            [(f"{what} {message_id}", at, msgspec.json.encode(entry))],
        )
    return True
