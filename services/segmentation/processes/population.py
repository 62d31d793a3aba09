"""All accounts of a tenant, slice by slice: each slice is read in a transaction of its own and
worked on in a compute process, so that the event loop and the pool stay free for others."""

from collections.abc import AsyncIterator

from services.segmentation.context import Context
from services.segmentation.domain.encoding import StoredAccount, facts_in
from services.segmentation.store import accounts

SLICE_ACCOUNTS = 2_000


async def slices_of(context: Context, tenant: str) -> AsyncIterator[list[StoredAccount]]:
    """All accounts that have a segment, in the order of their ids."""
    after = ""
    while True:
        async with context.db.reading() as session:
            found = await accounts.list_stored(session, tenant, after=after, limit=SLICE_ACCOUNTS)
        if found:
            after = found[-1].account_id
            yield found
        if len(found) < SLICE_ACCOUNTS:
            return


async def packed_facts(context: Context, tenant: str) -> list[bytes]:
    """All invoices as models learn from them; `unpacked_facts` reads them."""
    return [
        await context.compute.run(tenant, facts_in, found)
        async for found in slices_of(context, tenant)
    ]
