"""What a tenant's policy names of rates and packs must be there."""

import asyncio

from services.ledger.context import Context
from services.ledger.domain.policies.charge_rules import read_charges
from services.ledger.store.shipped import shipped_packs


async def check_charges(context: Context, tenant_id: str, text: str) -> None:
    """Raises `Invalid` with all faults of a policy `charges`, names that are not there included."""
    async with context.db.reading() as session:
        tables = await context.policies.rates.tables(session, tenant_id)
    await asyncio.to_thread(
        read_charges, text, packs=frozenset(shipped_packs()), rates=frozenset(tables.rates)
    )
