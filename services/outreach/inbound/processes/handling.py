"""What a person does about what waits for him: tells whose it is, or that it is done."""

from services.outreach.activity.commands import account_now, cancel_tasks
from services.outreach.activity.store.accounts import get_known_account, get_zone
from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.context import Context
from services.outreach.inbound.commands.pauses import cause_of, end_pauses
from services.outreach.inbound.processes.reading import read_item
from services.outreach.inbound.store import items as store
from services.outreach.inbound.store.senders import list_debtor_accounts
from shared.clock import local_day
from shared.errors import Conflict, NotFound
from shared.process.failures import survived


async def assign_item(context: Context, tenant: str, inbound_id: str, account_id: str) -> None:
    """It is read again, as if it had been certain from the start. Raises `Conflict` where it does
    not wait to be told whose it is."""
    async with context.db.transaction() as session:
        await get_known_account(session, tenant, account_id)
        if not await store.save_account(session, tenant, inbound_id, account_id):
            if await store.find_item(session, tenant, inbound_id) is None:
                raise NotFound(f"Nothing of the id {inbound_id} has come in.")
            raise Conflict("It does not wait for anybody to tell whose it is.")
    with survived("outreach", "inbound", tenant=tenant, inbound_id=inbound_id):
        await read_item(context, tenant, inbound_id)


async def handle_item(context: Context, tenant: str, inbound_id: str, by: str, reason: str) -> None:
    """Its task falls away and its pause ends. Raises `Conflict` where it waits for nobody."""
    async with context.db.transaction() as session:
        row = await store.find_item(session, tenant, inbound_id)
        if row is None:
            raise NotFound(f"Nothing of the id {inbound_id} has come in.")
        if row["debtor_key"] is not None:
            await mark_dirty(session, {(tenant, row["debtor_key"])})
        if not await store.handle_item(session, tenant, inbound_id, by):
            raise Conflict("It waits for nobody.")
        if row["account_id"] is None:
            return
        at = await account_now(session, context.clock, tenant, row["account_id"])
        zone = await get_zone(session, tenant, row["account_id"])
        accounts = await list_debtor_accounts(session, tenant, row["debtor_key"])
        await end_pauses(
            session, tenant, [a.account_id for a in accounts], inbound_id, local_day(at, zone)
        )
        await cancel_tasks(
            session, tenant, at, reason, at=at, causes=[cause_of(inbound_id)],
            accounts=[row["account_id"]],
        )  # fmt: skip
