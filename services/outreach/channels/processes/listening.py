"""Be connected to the operators who hand messages and receipts over by themselves."""

from services.outreach.channels.store import list_tenants_with
from services.outreach.context import Context
from shared.process.failures import survived

LISTENED_TO = "smpp"


async def listen(context: Context) -> None:
    """Every tenant's; those after one that fails have their turn. Safe to repeat: who is connected
    stays so, and settings that have changed count from now on."""
    async with context.db.reading() as session:
        found = await list_tenants_with(session, LISTENED_TO)
    for tenant, settings in found.items():
        with survived("outreach", "texts", tenant=tenant):
            channels = await context.channels.channels(tenant, settings)
            for provider in channels.providers:
                provider.listen()
