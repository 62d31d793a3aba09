"""What is answered at once, asked for in the transaction that ends the item: whoever was heard is
told so even if we die here."""

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.store import get_settings
from services.outreach.dunning.commands.service_messages import ask_for
from services.outreach.dunning.domain.service_messages import ServiceMessage
from services.outreach.inbound.domain.items import OpenItem
from shared.business_time import Clock
from shared.database import Session


async def ask_to_confirm(
    session: Session, clock_mode: Clock, item: OpenItem, message: ServiceMessage
) -> tuple[DebtorContact, str] | None:
    """The contact and its claim. None: nothing is to be sent; a STOP is confirmed where the tenant
    wishes it."""
    settings = (await get_settings(session, item.tenant)).settings
    if message.template == "stop-confirmed" and not settings.confirm_stop:
        return None
    at = max(item.received_at, await tenant_now(session, clock_mode, item.tenant))
    return await ask_for(session, item.tenant, at, message)
