"""What the desk does by itself: leases that ended, decisions that nobody took in time, and those
whose command was cut off."""

from services.outreach.activity.commands import tenant_now
from services.outreach.context import Context
from services.outreach.desk.commands import approvals as approval_commands
from services.outreach.desk.commands import tasks as task_commands
from services.outreach.desk.processes.approvals import finish_cut_off
from services.outreach.desk.store import approvals as approval_store
from shared import clock

_EXPIRED_MAX = 200  # at a time


async def tend_desk(context: Context) -> None:
    """Once; to be called again and again."""
    async with context.db.transaction() as session:
        await task_commands.release_ended(session, context.clock, clock.now())
    async with context.db.reading() as session:
        tenants = await approval_store.list_waiting_tenants(session)
    for tenant in tenants:
        async with context.db.transaction() as session:
            now = await tenant_now(session, context.clock, tenant)
            await approval_commands.expire_approvals(session, tenant, now, _EXPIRED_MAX)
    await finish_cut_off(context)
