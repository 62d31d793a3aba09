"""A dialler's calls: check, governor and intent happen when it asks to `go`, and at no other time.

What was given stays an intent until its result is told; after four hours without one its lease
ends, as every intent's does, and how it ended is not known.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.channels.domain.call_outcomes import CallResult
from services.outreach.channels.store.call_scripts import find_script
from services.outreach.context import Context
from services.outreach.dunning.commands.plans import LEASE
from services.outreach.dunning.commands.receipts import take_receipts
from services.outreach.dunning.domain import dialler, suppressions
from services.outreach.dunning.domain.dialler import Go, NoGo
from services.outreach.dunning.domain.intents import callback_token
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.outgoing import OutgoingMessage
from services.outreach.dunning.processes.contact_runs import ContactRun
from services.outreach.dunning.processes.live_check import LiveCheck
from services.outreach.dunning.processes.run_setup import open_run
from services.outreach.dunning.store import dialler as store
from shared import clock
from shared.errors import Conflict, NotFound

_GIVEN: frozenset[State] = frozenset({"intent", "uncertain"})


async def give(context: Context, tenant: str, contact_id: str) -> Go | NoGo:
    """Whether the call may be made now, and what it says. Raises `NotFound`, `Held`."""
    machine_now = clock.now()
    claim = f"{dialler.OFFERED}/{uuid4().hex}"
    async with context.db.transaction() as session:
        contact = await store.take_offered(
            session,
            tenant,
            contact_id,
            claim=claim,
            machine_now=machine_now,
            lease_until=machine_now + LEASE,
        )
        if contact is None:
            found = await store.find_call(session, tenant, contact_id)
            if found is None:
                raise NotFound("There is no such call.")
            return dialler.no_go(*found)
    async with context.db.reading() as session:
        at = await tenant_now(session, context.clock, tenant)
    run = await open_run(context, tenant, at, kind=_Giving)
    run.begin(claim)
    await run.make([contact])
    return run.answer or NoGo(suppressions.LIVE_CHECK_UNANSWERED)


class _Giving(ContactRun):
    """The way of one contact, whose hand-over is the answer to the dialler."""

    answer: Go | NoGo | None = None

    def begin(self, claim: str) -> None:
        self._claim = claim

    async def make(self, claimed: Sequence[DebtorContact]) -> None:
        await self._make(claimed)

    async def _offer(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
        return list(messages)  # it was offered, and is asked for now

    async def _send(self, messages: Sequence[OutgoingMessage], checked: LiveCheck) -> None:
        for message in messages:
            outcome = await self._hand_over(message, checked)
            if outcome is not None and outcome.kind == "sent":
                await self._give(message, outcome.contact)
            elif outcome is not None:
                await self._record([outcome], {"intent"})

    async def _give(self, message: OutgoingMessage, contact: DebtorContact) -> None:
        now = clock.now()
        async with self._context.db.transaction() as session:
            is_ours = await store.give_call(
                session,
                self._tenant,
                contact,
                claim=self._claim,
                lease_until=now + dialler.RESULT_WITHIN,
            )
            token = callback_token(self._context.links, contact.contact_id)
            script = await find_script(session, contact.provider or "", token)
        if is_ours and script is not None:
            self.answer = Go(
                message.recipient,
                script.text,
                contact.disclosures,
                contact.language,
                now + dialler.DIAL_WITHIN,
            )

    async def _record(self, outcomes: Sequence[Outcome], expected: Collection[State]) -> None:
        await super()._record(outcomes, expected)
        for outcome in outcomes:
            self.answer = dialler.refused(outcome, self._at)


async def take_result(
    context: Context, tenant: str, contact_id: str, result: CallResult
) -> DebtorContact:
    """How a call went that was given. The same again changes nothing. Raises `NotFound`,
    `Conflict` (it was not given, or ended otherwise)."""
    now = clock.now()
    async with context.db.transaction() as session:
        found = await store.find_call(session, tenant, contact_id, for_update=True)
        if found is None:
            raise NotFound("There is no such call.")
        contact = found[0]
        if contact.state not in _GIVEN:
            if dialler.is_same(contact, result):
                return contact
            raise Conflict(f"The call is {dialler.call_state(contact.state)}.")
        business = await tenant_now(session, context.clock, tenant)
        receipt = result.receipt(business, token=contact_id, provider_id=contact_id)
        await take_receipts(
            session, tenant, now, [receipt], links=context.links, clock_mode=context.clock
        )
        after = await store.find_call(session, tenant, contact_id)
        return contact if after is None else after[0]


async def list_calls(
    context: Context, tenant: str, limit: int, now: datetime
) -> list[dialler.OfferedCall]:
    """Those that are due and on offer, the longest due first."""
    async with context.db.reading() as session:
        found = await store.list_offered(session, tenant, now, limit)
    return [dialler.OfferedCall(contact) for contact in found]


async def get_call(context: Context, tenant: str, contact_id: str) -> DebtorContact:
    """Raises `NotFound`."""
    async with context.db.reading() as session:
        found = await store.find_call(session, tenant, contact_id)
    if found is None:
        raise NotFound("There is no such call.")
    return found[0]
