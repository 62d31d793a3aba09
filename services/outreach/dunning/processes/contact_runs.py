"""One run for one tenant: batch by batch, each contact from its claim to its end.

plan and claim → check → intent → hand over → result: each a step of its own, and no transaction is
open between them. A process may die anywhere: at most one message leaves
(docs/decisions/0003-how-outreach-plans.md). Any number of runs may work side by side; each contact
is one run's.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from msgspec.structs import replace

from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.domain.decisions import Judgement
from services.outreach.channels.clients.registry import TenantChannels
from services.outreach.channels.domain.creditors import creditor_of
from services.outreach.context import Context
from services.outreach.dunning.commands.failures import set_aside
from services.outreach.dunning.commands.governors import load_governors
from services.outreach.dunning.commands.plans import PlannedBatch, plan_contacts
from services.outreach.dunning.commands.portal_links import keep_links
from services.outreach.dunning.commands.recipients import load_recipients
from services.outreach.dunning.commands.results import record_outcomes, write_intents
from services.outreach.dunning.commands.slots import is_tight
from services.outreach.dunning.domain import outgoing, retries, suppressions
from services.outreach.dunning.domain.dialler import OFFER_LEASE
from services.outreach.dunning.domain.governor import ContactGovernor, Means
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.outgoing import OutgoingMessage, Recipients
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.domain.slots import SlotLimits
from services.outreach.dunning.processes.delivery import Delivery
from services.outreach.dunning.processes.live_check import LiveCheck, check
from services.outreach.dunning.processes.provider_use import ProviderUse
from services.outreach.dunning.store.debtors import Phase
from services.outreach.dunning.store.dialler import offer_calls
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared import clock
from shared.database.holds import Held
from shared.errors import Unavailable
from shared.process.crash import crash_point
from shared.process.failures import halves, is_for_now, note_failure, survived
from shared.process.tasks import end

SET_ASIDE_MAX = 100  # debtors of one run; where more fail, something else is broken than they
CHECK_SECONDS_MAX = 1.0  # a wave that begins on an older check asks again, for all that wait


class ContactRun:
    """One run for one tenant."""

    def __init__(
        self,
        context: Context,
        tenant: str,
        at: datetime,
        rulebooks: RuleBookVersions,
        channels: TenantChannels,
        means: Means,
        limits: SlotLimits,
    ) -> None:
        self._context = context
        self._channels = channels
        self._means = means
        self._limits = limits
        self._rulebooks = rulebooks
        self._tenant = tenant
        self._at = at
        self._claim = uuid4().hex
        self._tried: set[str] = set()
        self._refuted: set[str] = set()  # debtors of whom the ledger knows more than we do yet
        self._begun: set[str] = set()  # contacts that have left their claim: intended, or ended
        self._stopped_by: str | None = None  # the rule under which this run tries nothing more
        self._providers = ProviderUse(channels)
        self.counts: Counter[str] = Counter()

    async def work(self) -> None:
        """Batch by batch: plan and claim, then make what was claimed."""
        async with self._context.db.reading() as session:
            is_ordered = await is_tight(session, self._tenant, self._at, self._limits)
        while (batch := await self._next(is_ordered=is_ordered)).debtors:
            self.counts += batch.counts
            if batch.claimed:
                crash_point("outreach.after_claim")
                self._tried |= {contact.contact_id for contact in batch.claimed}
                await self._make(batch.claimed)

    async def _make(self, claimed: Sequence[DebtorContact]) -> None:
        """All of them; where that fails for good, the culprit is set aside and the others made."""
        try:
            await self._make_all(claimed)
        except Exception as error:
            if is_for_now(error) or isinstance(error, Held):
                raise
            if len(claimed) == 1:
                await self._set_aside(claimed[0].debtor_key, error)
                return
            for half in halves([c for c in claimed if c.contact_id not in self._begun]):
                await self._make(half)

    async def _make_all(self, claimed: Sequence[DebtorContact]) -> None:
        """Wave by wave: check, intent, hand over. What falls on the way is recorded at once."""
        recipients = await self._recipients(claimed)
        waiting, ended = outgoing.split(recipients.address(contact) for contact in claimed)
        await self._record(ended, {"claimed"})
        waiting = await self._offer(waiting)
        checked: LiveCheck | None = None
        while waiting:
            if self._stopped_by is None and (
                checked is None or checked.age_seconds > CHECK_SECONDS_MAX
            ):
                checked = await self._check(waiting)
                crash_point("outreach.after_check")
            if self._stopped_by is not None or checked is None:
                rule = self._stopped_by or suppressions.LIVE_CHECK_UNANSWERED
                deferred = [Outcome(message.contact, "deferred", rule) for message in waiting]
                await self._record(deferred, {"claimed"})
                return
            self._refuse_jumps()
            waiting = await self._put_off(waiting)
            wave, waiting = self._providers.wave(waiting)
            await self._send(await self._intend(wave, checked, recipients), checked)

    async def _recipients(self, claimed: Sequence[DebtorContact]) -> Recipients:
        async with self._context.db.reading() as session:
            return await load_recipients(
                session,
                self._tenant,
                claimed,
                self._time(),
                self._context.content,
                self._context.strategies,
                configured=self._channels.configured,
            )

    async def _put_off(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
        """Defer those whose provider gets nothing now; gives the others."""
        remaining: list[OutgoingMessage] = []
        ended: list[Outcome] = []
        for message in messages:
            provider = self._providers.of(message.contact)
            if provider is None or self._providers.takes(provider):
                remaining.append(message)
            else:
                contact = retries.stopped(message.contact, self._at, provider.seconds_left)
                ended.append(Outcome(contact, "deferred", suppressions.CHANNEL_UNAVAILABLE))
        await self._record(ended, {"claimed"})
        return remaining

    async def _offer(self, messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
        """Put calls on the list of the tenant's dialler, which comes for them; gives the others."""
        offered: list[OutgoingMessage] = []
        remaining: list[OutgoingMessage] = []
        for message in messages:
            provider = self._providers.of(message.contact)
            is_diallers = provider is not None and provider.setup.provider.kind == "dialler"
            (offered if is_diallers else remaining).append(message)
        if offered:
            async with self._context.db.transaction() as session:
                await offer_calls(
                    session,
                    self._tenant,
                    [message.contact.contact_id for message in offered],
                    claim=self._claim,
                    lease_until=clock.now() + OFFER_LEASE,
                )
        return remaining

    # ------------------------------------------------------------------ the steps, one by one

    def _refuse_jumps(self) -> None:
        """Before a step that the clock decides. What is claimed goes on with a later run."""
        if self._context.clock == "system" and self._context.guard.has_jumped():
            raise Held("the machine's clock went ahead during the run")

    async def _next(self, *, is_ordered: bool) -> PlannedBatch:
        """The next batch. Where slots are short all are planned before any is claimed."""
        if not is_ordered:
            return await self._plan()
        planned = await self._plan(phase="plan")
        return planned if planned.debtors else await self._plan(phase="claim")

    async def _plan(self, only: Sequence[str] | None = None, phase: Phase = "all") -> PlannedBatch:
        """Where planning fails for good, the culprit is set aside and the others are planned."""
        self._refuse_jumps()
        looked_at: list[str] = []
        try:
            async with self._context.db.transaction() as session:
                return await plan_contacts(
                    session,
                    self._tenant,
                    self._time(),
                    self._context.content,
                    self._rulebooks,
                    self._context.strategies,
                    self._means,
                    claim=self._claim,
                    tried=self._tried,
                    skipped=self._refuted,
                    only=only,
                    looked_at=looked_at,
                    limits=self._limits,
                    phase=phase,
                )
        except Exception as error:
            if is_for_now(error) or isinstance(error, Held) or not looked_at:
                raise
            if len(looked_at) == 1:
                await self._set_aside(looked_at[0], error)
                return PlannedBatch(1)
            batch = PlannedBatch()
            for half in halves(looked_at):
                batch.add(await self._plan(half, phase))
            return batch

    async def _set_aside(self, debtor_key: str, error: Exception) -> None:
        """The debtor waits, and a person is told."""
        note_failure("outreach", "run-due", error, tenant=self._tenant)
        self._refuted.add(debtor_key)
        self.counts["set_aside"] += 1
        with survived("outreach", "run-due", tenant=self._tenant):  # else each run tries it again
            async with self._context.db.transaction() as session:
                await set_aside(session, self._tenant, debtor_key, self._time(), error)
        if self.counts["set_aside"] >= SET_ASIDE_MAX:
            raise Unavailable(
                f"{SET_ASIDE_MAX} debtors were set aside in one run; the last for"
                f" {type(error).__name__}. The others are tried in the next"
            )

    async def _check(self, messages: Sequence[OutgoingMessage]) -> LiveCheck | None:
        """Ask the ledger about all of them; None: nothing more is tried in this run."""
        accounts = {a for message in messages for a in message.contact.account_ids}
        checked = await check(self._context.ledger, self._tenant, accounts)
        if isinstance(checked, str):
            self._stopped_by = checked
            return None
        return checked

    async def _intend(
        self, wave: Sequence[OutgoingMessage], checked: LiveCheck, recipients: Recipients
    ) -> list[OutgoingMessage]:
        """Decide on each by the check and by the contact rules; end those that fall, write the
        intents of the others."""
        content = self._context.content
        remaining, ended = outgoing.split(
            outgoing.confirmed(message, checked.accounts, recipients, content) for message in wave
        )
        allowed, refused, judgements = await self._govern(remaining)
        await self._record([*ended, *refused], {"claimed"})
        return await self._write(allowed, judgements)

    async def _govern(
        self, messages: Sequence[OutgoingMessage]
    ) -> tuple[list[OutgoingMessage], list[Outcome], list[Judgement]]:
        """The contact rules, on what is known of the debtors by now; and the questions asked."""
        if not messages:
            return [], [], []
        context = self._context
        governors = await self._governors([message.contact for message in messages])
        results: list[OutgoingMessage | Outcome] = []
        judgements: list[Judgement] = []
        for message in messages:
            governor = governors[message.contact.contact_id]
            at = context.business_now(self._at)
            result = outgoing.reviewed(message, governor, context.content, at)
            if isinstance(result, OutgoingMessage):
                creditor = creditor_of(self._channels.settings, context.sender)
                result = outgoing.governed(result, at, context.templates, creditor)
                judgements += governor.judgements(message.contact)
            results.append(result)
        return *outgoing.split(results), judgements

    async def _governors(self, contacts: Sequence[DebtorContact]) -> dict[str, ContactGovernor]:
        async with self._context.db.reading() as session:
            return await load_governors(
                session,
                self._tenant,
                contacts,
                self._context.content,
                self._rulebooks,
                self._at,
                self._means.shared,
            )

    async def _write(
        self, messages: Sequence[OutgoingMessage], judgements: Sequence[Judgement]
    ) -> list[OutgoingMessage]:
        """The intents; gives the messages that may be handed over."""
        by_contact = {message.contact.contact_id: message for message in messages}
        async with self._context.db.transaction() as session:
            intents, doubled, late = await write_intents(
                session,
                self._tenant,
                self._time(),
                [self._addressed(message) for message in messages],
                judgements,
                claim=self._claim,
                mark_secret=self._context.links.keys.signing.secret,
                limits=self._means.shared,
            )
            link_days = self._channels.settings.portal.link_days
            links = self._context.links
            await keep_links(session, self._tenant, self._time().at, intents, links, link_days)
        self._begun |= {contact.contact_id for contact in intents}
        await self._record(
            [
                *(Outcome(c, "cancelled", "superseded") for c in doubled),
                *(Outcome(c, "deferred", suppressions.ORGANISATION_CAP) for c in late),
            ],
            {"claimed"},
        )
        if intents:
            crash_point("outreach.after_intent")
        return [by_contact[contact.contact_id].with_contact(contact) for contact in intents]

    def _addressed(self, message: OutgoingMessage) -> DebtorContact:
        provider = self._providers.of(message.contact)
        return replace(message.addressed, provider=None if provider is None else provider.name)

    async def _send(self, messages: Sequence[OutgoingMessage], checked: LiveCheck) -> None:
        """Hand over side by side; record what has ended, as it ends."""
        pending = {asyncio.ensure_future(self._hand_over(m, checked)) for m in messages}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                outcomes = [outcome for task in done if (outcome := task.result()) is not None]
                await self._record(outcomes, {"intent"})
                if outcomes:
                    crash_point("outreach.after_result")
        finally:
            await end(pending)  # what was begun and not recorded ends with its lease

    async def _hand_over(self, message: OutgoingMessage, checked: LiveCheck) -> Outcome | None:
        provider = self._channels.named(message.contact.provider or "")
        assert provider is not None, "intents are only written when there is a channel"
        delivery = Delivery(
            self._context,
            self._tenant,
            self._time(),
            self._claim,
            message,
            checked,
            self._channels,
            provider,
            lambda: self._providers.rule_against(provider) or self._stopped_by,
        )
        try:
            outcome = await delivery.hand_over()
        except Exception as error:
            if is_for_now(error):
                raise
            await self._set_aside(message.contact.debtor_key, error)
            return None  # whether it left is not known: it ends with its lease
        self._providers.watch(provider, delivery.blame, outcome)
        return outcome

    async def _record(self, outcomes: Sequence[Outcome], expected: Collection[State]) -> None:
        """Where that fails for good, the others are recorded; the culprit ends with its lease."""
        if not outcomes:
            return
        self._refuted |= {o.contact.debtor_key for o in outcomes if o.kind == "cancelled"}
        try:
            async with self._context.db.transaction() as session:
                counts = await record_outcomes(
                    session,
                    self._tenant,
                    self._time(),
                    outcomes,
                    expected=expected,
                    claim=self._claim,
                )
        except Exception as error:
            if is_for_now(error):
                raise
            if len(outcomes) == 1:
                await self._set_aside(outcomes[0].contact.debtor_key, error)
                return
            for half in halves(outcomes):
                await self._record(half, expected)
            return
        self.counts += counts
        self._begun |= {outcome.contact.contact_id for outcome in outcomes}

    def _time(self) -> RunTime:
        now = clock.now()
        recorded_at = now if self._context.clock == "system" else self._at
        return RunTime(self._at, recorded_at, now, self._context.clock)
