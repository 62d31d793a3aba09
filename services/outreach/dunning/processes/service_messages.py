"""Send what leaves at once: a STOP confirmed, a new link, a code, the answer to a promise. Where it
cannot leave now, a worker tries again while it is worth sending."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.context import Context
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.commands.results import record_outcomes
from services.outreach.dunning.commands.service_messages import ask_for
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.domain.service_messages import (
    SERVICE,
    TOO_LATE,
    GivenRecipients,
    ServiceMessage,
    as_asked,
    kept_waiting,
)
from services.outreach.dunning.processes.contact_runs import ContactRun
from services.outreach.dunning.processes.run_setup import open_run
from services.outreach.dunning.store import service_messages as store
from shared import clock
from shared.process.failures import survived

WAITING_MAX = 50  # taken at once by a worker
LOOK_AGAIN = timedelta(seconds=5)  # machine time


async def send_now(context: Context, tenant: str, message: ServiceMessage) -> str | None:
    """Its contact; None: one was asked for by the same cause before, or there is no such account.
    Whatever became of it stands in the contact."""
    async with context.db.transaction() as session:
        at = await tenant_now(session, context.clock, tenant)
        asked = await ask_for(session, tenant, at, message)
    if asked is None:
        return None
    with survived("outreach", "service-messages", tenant=tenant):
        await send_asked(context, tenant, *asked, message=message)
    return asked[0].contact_id


async def send_asked(
    context: Context,
    tenant: str,
    contact: DebtorContact,
    claim: str,
    *,
    message: ServiceMessage | None = None,
) -> None:
    """One that was asked for under this claim; `message`: with what is kept nowhere."""
    async with context.db.reading() as session:
        at = await tenant_now(session, context.clock, tenant)
    run = await open_run(context, tenant, max(at, contact.due_at), kind=_AtOnce)
    run.begin(claim, message)
    await run.make([contact])


async def send_waiting(context: Context) -> int:
    """What could not leave at once, or whose sender died; gives how many were looked at."""
    now, claim = clock.now(), f"{SERVICE}/{uuid4().hex}"
    async with context.db.transaction() as session:
        waiting = await store.claim_waiting(
            session, claim=claim, machine_now=now, lease_until=now + LEASE, limit=WAITING_MAX
        )
    for tenant, contact in waiting:
        with survived("outreach", "service-messages", tenant=tenant):
            await _send_waiting(context, tenant, contact, claim)
    return len(waiting)


async def _send_waiting(context: Context, tenant: str, contact: DebtorContact, claim: str) -> None:
    async with context.db.reading() as session:
        at = await tenant_now(session, context.clock, tenant)
    terms = contact.service
    assert terms is not None, "only these have such a lane"
    if at >= terms.expires_at or terms.is_requested:  # what it told is kept nowhere
        now = clock.now()
        time = RunTime(at, now if context.clock == "system" else at, now, context.clock)
        too_late = Outcome(contact, "suppressed", TOO_LATE)
        async with context.db.transaction() as session:
            await record_outcomes(
                session, tenant, time, [too_late], expected={"claimed"}, claim=claim
            )
    elif contact.due_at > at:
        async with context.db.transaction() as session:
            await store.let_go(session, tenant, contact.contact_id, claim, clock.now() + LOOK_AGAIN)
    else:
        await send_asked(context, tenant, contact, claim)


class _AtOnce(ContactRun):
    """The way of one message that waits for nothing that others wait for."""

    _message: ServiceMessage | None = None

    def begin(self, claim: str, message: ServiceMessage | None) -> None:
        self._claim, self._message = claim, message
        self._means = replace(self._means, shared=None)

    async def make(self, claimed: Sequence[DebtorContact]) -> None:
        await self._make(claimed)

    async def _recipients(self, claimed: Sequence[DebtorContact]) -> GivenRecipients:
        known = await super()._recipients(claimed)
        return GivenRecipients(
            known.people,
            known.sequences,
            known.configured,
            known.countries,
            known.unusable,
            message=self._message,
        )

    async def _governors(self, contacts: Sequence[DebtorContact]) -> dict[str, ContactGovernor]:
        governors = await super()._governors(contacts)
        for contact in contacts:
            governor = governors[contact.contact_id]
            governor.profile = as_asked(governor.profile, contact)
            if contact.service is not None and contact.service.is_requested:
                governor.initiated_by = "debtor"
        return governors

    async def _record(self, outcomes: Sequence[Outcome], expected: Collection[State]) -> None:
        await super()._record([kept_waiting(o, self._at) for o in outcomes], expected)
