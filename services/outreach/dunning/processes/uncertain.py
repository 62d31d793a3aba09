"""Uncertain contacts: for 72 hours of machine time the provider is asked every 15 minutes what
became of them. Nothing is ever sent again by this; who can say for sure may say so before
(`POST /v1/contacts/{id}/resolve`)."""

from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.contacts import DebtorContact, Resolution
from services.outreach.activity.store.contacts import get_contact
from services.outreach.channels.domain.contract import Accepted, Found, Intent, NotThere
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.store import get_settings
from services.outreach.context import Context
from services.outreach.dunning.commands.results import record_outcomes
from services.outreach.dunning.domain.contact_cost import paid_at_least
from services.outreach.dunning.domain.intents import (
    FIND_AFTER,
    FIND_FOR,
    callback_token,
    details_of,
)
from services.outreach.dunning.domain.receipts import resolved
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store import contacts as store
from shared import clock
from shared.errors import Conflict
from shared.process import telemetry
from shared.process.crash import crash_point
from shared.process.failures import survived

CLAIMED_MAX = 50  # asked about by one worker before it claims again

log = telemetry.logger(__name__)


async def resolve_uncertain(context: Context, machine_now: datetime) -> int:
    """Ask about those whose time has come; gives how many were asked about. Any number of workers
    may do so side by side; a tenant or a provider that fails holds up nobody else."""
    async with context.db.transaction() as session:
        claimed = await store.claim_uncertain(
            session, machine_now, machine_now + FIND_AFTER, CLAIMED_MAX
        )
    for tenant, contact in claimed:
        with survived("outreach", "uncertain", tenant=tenant):
            await _ask(context, tenant, contact, machine_now)
    return len(claimed)


async def _ask(
    context: Context, tenant: str, contact: DebtorContact, machine_now: datetime
) -> None:
    async with context.db.reading() as session:
        settings = (await get_settings(session, tenant)).settings
    channels = await context.channels.channels(tenant, settings)
    provider = channels.named(contact.provider or "")
    found: Found | None = None
    if provider is not None:
        found = await provider.find(_intent(context, tenant, contact))
        crash_point("outreach.uncertain.after_find")
    if isinstance(found, Accepted):
        await _record(context, tenant, contact, was_sent=True, found=found)
    elif isinstance(found, NotThere):
        await _record(context, tenant, contact, was_sent=False)
    elif machine_now >= (contact.handed_at or machine_now) + FIND_FOR:
        await _stop_asking(context, tenant, contact)


def _intent(context: Context, tenant: str, contact: DebtorContact) -> Intent:
    async def nothing() -> Parts | None:
        return None  # nothing is sent

    return Intent(
        tenant=tenant,
        contact_id=contact.contact_id,
        to=contact.address or "",
        to_name="",
        deadline=clock.now(),
        callback_token=callback_token(context.links, contact.contact_id),
        at=contact.left_at or contact.due_at,
        language=contact.language or "",
        parts=nothing,
        provider_id=contact.message_id,
        since=contact.handed_at,
        details=details_of(contact),
    )


async def _record(
    context: Context,
    tenant: str,
    contact: DebtorContact,
    *,
    was_sent: bool,
    found: Accepted | None = None,
    resolution: Resolution | None = None,
) -> None:
    """What was found out, unless somebody else has found it out before."""
    async with context.db.transaction() as session:
        locked = await store.lock_contacts(session, tenant, {contact.contact_id})
        current = replace(locked[contact.contact_id], resolution=resolution)
        if current.state != "uncertain":
            return
        now = await tenant_now(session, context.clock, tenant)
        time = RunTime(now, now, clock.now(), context.clock)
        if was_sent:
            costs = (await get_settings(session, tenant)).settings.costs
            current = paid_at_least(current, costs, 1 if found is None else found.units)
        outcome = resolved(
            current,
            was_sent=was_sent,
            message_id=contact.contact_id if found is None else found.provider_id,
        )
        await record_outcomes(session, tenant, time, [outcome], expected={"uncertain"}, claim=None)
        crash_point("outreach.uncertain.before_commit")
    telemetry.UNCERTAIN_RESOLVED.labels(
        "outreach", contact.channel, "sent" if was_sent else "not-sent"
    ).inc()


async def _stop_asking(context: Context, tenant: str, contact: DebtorContact) -> None:
    """Nobody could say: it stays uncertain, and counts."""
    async with context.db.transaction() as session:
        await store.stop_asking(session, tenant, contact.contact_id)
    telemetry.UNCERTAIN_RESOLVED.labels("outreach", contact.channel, "unknown").inc()
    log.warning("contact stays uncertain", contact=contact.contact_id, channel=contact.channel)


async def resolve_by_hand(
    context: Context, tenant: str, contact_id: str, *, was_sent: bool, evidence: str, by: str
) -> None:
    """A person knows what became of an uncertain contact. The same again is safe. Raises `NotFound`
    or `Conflict`."""
    async with context.db.reading() as session:
        contact, _ = await get_contact(session, tenant, contact_id)
    if contact.state == "uncertain":
        told = Resolution(was_sent, evidence, by, clock.now())
        await _record(context, tenant, contact, was_sent=was_sent, resolution=told)
        async with context.db.reading() as session:
            contact, _ = await get_contact(session, tenant, contact_id)
    expected = ("sent", "delivered") if was_sent else ("failed",)
    if contact.state not in expected:
        raise Conflict(f"The contact is {contact.state}: only an uncertain one can be resolved.")
