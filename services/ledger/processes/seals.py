"""Sealing a tenant's journal: two transactions at once, one that reads and one that writes."""

from services.ledger.commands.seals import find_due_seal, make_seal
from services.ledger.context import Context
from shared import clock
from shared.process.crash import crash_point


async def seal_journal(context: Context, tenant_id: str) -> None:
    """Seal the day before the begun one, unless it is sealed.

    The snapshot is of after the lock: it shows what the seal before has sealed.
    """
    async with context.db.transaction() as session:
        due = await find_due_seal(session, tenant_id, context, now=clock.now())
        if due is None:
            return
        async with context.db.reading() as snapshot:
            await make_seal(session, snapshot, due)
        crash_point("ledger.seal.before_commit")
