"""Every door: the item is kept, in a transaction of its own; then it is read, at once if that
works, else by a worker."""

from services.outreach.context import Context
from services.outreach.inbound.commands.items import keep_item
from services.outreach.inbound.domain.items import NewItem, new_message
from services.outreach.inbound.processes.reading import read_item
from shared.process.failures import survived


async def take_item(context: Context, tenant: str, item: NewItem) -> str:
    """Gives its id. A repeat changes nothing."""
    async with context.db.transaction() as session:
        is_new = await keep_item(session, tenant, context.clock, item)
    inbound_id = item.id_in(tenant)
    if is_new:
        with survived("outreach", "inbound", tenant=tenant, inbound_id=inbound_id):
            await read_item(context, tenant, inbound_id)
    return inbound_id


async def take_message(
    context: Context, tenant: str, account_id: str, contact_id: str | None, text: str, key: str
) -> str:
    """Of the portal: who wrote has shown who he is. `key`: the same message has the same one."""
    return await take_item(context, tenant, new_message(text, key, account_id, contact_id))
