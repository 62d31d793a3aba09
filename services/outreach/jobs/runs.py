"""`run-due`: plan, claim, check, write the intent, hand over, record, until nothing is left that is
due at the instant. Any number of runs may work side by side; each contact is one run's."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from msgspec import Struct

from services.outreach.clients import SMTP_CONNECTIONS_MAX, Mailer
from services.outreach.commands.governing import open_benches
from services.outreach.commands.plans import Moment, plan_contacts
from services.outreach.commands.results import Outcome, record_outcomes, write_intents
from services.outreach.domain import contacts as rules
from services.outreach.domain.addressing import Bench
from services.outreach.domain.collectable import judge
from services.outreach.domain.contacts import Contact, State, worded
from services.outreach.domain.messages import deliverable
from services.outreach.domain.planning import first_reason
from services.outreach.jobs.checks import Checked, check
from services.outreach.jobs.office import Office
from services.outreach.jobs.sending import Letter, Sending, governed
from services.outreach.rulebooks.domain import RuleBookVersions
from services.outreach.store import debtors as debtor_store
from services.outreach.store import facts as fact_store
from services.outreach.store import history as history_store
from services.outreach.store.history import Judgement
from shared import clock
from shared.errors import FieldError, Invalid, Unavailable
from shared.events import ledger
from shared.process import telemetry
from shared.process.crash import crash_point

COUNTS = ("planned", "sent", "suppressed", "deferred", "cancelled", "uncertain")
# As many intents at once as there are connections: none waits for another's while its lease runs.
# Just before the data a lease that has grown old is renewed with the check (sending.py).
WAVE = SMTP_CONNECTIONS_MAX
UNCERTAIN_MAX = 3  # in one run; a server that loses that many gets no more until the next run
CHECK_SECONDS_MAX = 1.0  # a wave that begins on an older check asks again, for all that wait
SCHEDULE_SECONDS = 60.0

People = Mapping[str, ledger.Contact]  # by account

log = telemetry.logger(__name__)


class RunDue(Struct, frozen=True):
    counts: dict[str, int]
    next_due_at: datetime | None


async def run_due(office: Office, tenant: str, at: datetime) -> RunDue:
    """Make the tenant's contacts that are due up to an instant of business time. Idempotent."""
    if office.clock == "system" and at > clock.now():
        problem = FieldError("/at", "lies in the future; with the system clock it can't")
        raise Invalid("Business time is the machine's here.", [problem])
    started = clock.monotonic()
    async with office.db.transaction() as session:
        at = await debtor_store.raise_business_time(session, tenant, at)
    shelf = await _shelf(office, tenant, at)
    run = _Run(office, tenant, at, shelf)
    await run.work()
    async with office.db.reading() as session:
        due_at, is_dirty = await debtor_store.find_next_due(session, tenant)
    if is_dirty:
        due_at = at
    telemetry.JOB_SECONDS.labels("outreach", "run-due", "done").observe(clock.monotonic() - started)
    return RunDue(
        {name: run.counts[name] for name in COUNTS}, None if due_at is None else max(at, due_at)
    )


async def _shelf(office: Office, tenant: str, at: datetime) -> RuleBookVersions:
    """The tenant's rule books. Raises `Unavailable` where they contradict each other: then nobody
    is contacted, and the tenants after it have their turn all the same."""
    async with office.db.reading() as session:
        shelf = await office.shelves.of(session, tenant)
    try:
        shelf.at(at)
    except Invalid as error:
        raise Unavailable(f"the rule books of {tenant}: {error.detail}") from error
    return shelf


class _Run:
    """One run for one tenant."""

    def __init__(self, office: Office, tenant: str, at: datetime, shelf: RuleBookVersions) -> None:
        self._office = office
        self._shelf = shelf
        self._tenant = tenant
        self._at = at
        self._claim = uuid4().hex
        self._tried: set[str] = set()
        self._refuted: set[str] = set()  # debtors of whom the ledger knows more than we do yet
        self._barred: str | None = None  # the rule under which nothing more is tried in this run
        self._judged: list[Judgement] = []  # questions asked again, to be kept
        self.counts: Counter[str] = Counter()

    async def work(self) -> None:
        while True:
            async with self._office.db.transaction() as session:
                planned = await plan_contacts(
                    session,
                    self._tenant,
                    self._moment(),
                    self._office.words,
                    self._shelf,
                    claim=self._claim,
                    tried=self._tried,
                    skipped=self._refuted,
                )
            self.counts += planned.counts
            if planned.debtors == 0:
                return
            if planned.claimed:
                crash_point("outreach.after_claim")
                self._tried |= {contact.contact_id for contact in planned.claimed}
                await self._make(planned.claimed)

    def _moment(self) -> Moment:
        now = clock.now()
        return Moment(self._at, now if self._office.clock == "system" else self._at, now)

    async def _make(self, claimed: Sequence[Contact]) -> None:
        accounts = sorted({a for contact in claimed for a in contact.account_ids})
        async with self._office.db.reading() as session:
            people = await fact_store.find_people(session, self._tenant, accounts)
            known = await fact_store.find_accounts(session, {(self._tenant, a) for a in accounts})
        sequences = {account_id: facts.sequence for (_, account_id), facts in known.items()}
        outcomes: list[Outcome] = []
        waiting: list[Letter] = []
        for contact in claimed:
            letter = self._addressed(contact, people)
            if isinstance(letter, Outcome):
                outcomes.append(letter)
            else:
                waiting.append(letter)
        await self._record(outcomes, {"claimed"})
        checked: Checked | None = None
        while waiting:
            if self._barred is None and (
                checked is None or checked.age_seconds > CHECK_SECONDS_MAX
            ):
                checked = await self._check(waiting)
                crash_point("outreach.after_check")
            if self._barred is not None or checked is None:
                rule = self._barred or rules.LIVE_CHECK_UNANSWERED
                outcomes = [Outcome(letter.contact, "deferred", rule) for letter in waiting]
                await self._record(outcomes, {"claimed"})
                return
            wave, waiting = waiting[:WAVE], waiting[WAVE:]
            await self._send(await self._intend(wave, checked, sequences, people), checked)

    def _addressed(self, contact: Contact, people: People) -> Letter | Outcome:
        """To whom it goes; or that it can't. A person who takes over needs no address."""
        if contact.channel == "person":
            return Letter(contact, "", "")
        if self._office.mailer is None:
            return Outcome(contact, "suppressed", rules.CHANNEL_NOT_CONFIGURED)
        for account_id in contact.account_ids:
            person = people.get(account_id)
            address = deliverable(person.email) if person is not None else None
            if person is not None and address is not None:
                return Letter(contact, address, person.name)
        if not people.keys() >= set(contact.account_ids):  # every account has details in the log
            return Outcome(contact, "deferred", rules.DETAILS_BEHIND)
        return Outcome(contact, "suppressed", rules.NO_ADDRESS)

    async def _check(self, letters: Sequence[Letter]) -> Checked | None:
        accounts = {a for letter in letters for a in letter.contact.account_ids}
        checked = await check(self._office.ledger, self._tenant, accounts)
        if isinstance(checked, str):
            self._barred = checked
            return None
        return checked

    async def _intend(
        self,
        wave: Sequence[Letter],
        checked: Checked,
        sequences: dict[str, int],
        people: People,
    ) -> list[Letter]:
        """Judge each contact by the check and by the contact rules; end those that fall, write the
        others' intent."""
        words = self._office.words
        outcomes: list[Outcome] = []
        checked_letters: list[Letter] = []
        found = {name: account.sequence for name, account in checked.accounts.items()}
        for letter in wave:
            contact = letter.contact
            if not checked.covers(contact.account_ids, sequences):
                outcomes.append(Outcome(contact, "deferred", rules.LIVE_CHECK_BEHIND))
                continue
            verdict = judge(contact.items, checked.accounts, words.strategies)
            if not verdict.items:
                is_news = checked.is_ahead(contact.account_ids, sequences)
                outcomes.append(Outcome(contact, "cancelled", verdict.because, is_news=is_news))
                continue
            contact = worded(
                contact, verdict.items, words.strategies, words.template_versions, found
            )
            if contact.channel == "person":
                outcomes.append(Outcome(contact, "handed-over"))
                continue
            # Where the hand-over it was to be has fallen away, a message for the rest is left.
            addressed = (
                replace(letter, contact=contact)
                if letter.recipient
                else self._addressed(contact, people)
            )
            if isinstance(addressed, Outcome):
                outcomes.append(addressed)
            else:
                checked_letters.append(addressed)
        letters, refused = await self._govern(checked_letters)
        await self._record([*outcomes, *refused], {"claimed"})
        return await self._write(letters)

    async def _govern(self, letters: Sequence[Letter]) -> tuple[list[Letter], list[Outcome]]:
        """The contact rules, on what is known of the debtors by now."""
        if not letters:
            return [], []
        contacts = [letter.contact for letter in letters]
        async with self._office.db.reading() as session:
            benches = await open_benches(
                session, self._tenant, contacts, self._office.words, self._shelf
            )
        standing: list[Letter] = []
        outcomes: list[Outcome] = []
        for letter in letters:
            seated = self._seated(letter, benches[letter.contact.contact_id])
            ruled = (
                seated
                if isinstance(seated, Outcome)
                else governed(self._office, seated, self._office.business_now(self._at))
            )
            self._keep_question(benches[letter.contact.contact_id], letter.contact)
            if isinstance(ruled, Outcome):
                outcomes.append(ruled)
            else:
                standing.append(ruled)
        return standing, outcomes

    def _keep_question(self, bench: Bench, contact: Contact) -> None:
        if bench.judged is not None:
            ruling, question = bench.judged.ruling, bench.judged.question
            judged = Judgement(contact.contact_id, contact.account_id, ruling.at, question)
            self._judged.append(judged)

    def _seated(self, letter: Letter, bench: Bench) -> Letter | Outcome:
        """The letter before the governor, about what still stands: the log may have told of a
        payment since the check was asked."""
        contact = letter.contact
        lapsed = {item: why for item in contact.items if (why := bench.lapsed(item)) is not None}
        if not lapsed:
            return replace(letter, bench=bench)
        items = tuple(item for item in contact.items if item not in lapsed)
        if not items:
            return Outcome(contact, "cancelled", first_reason(lapsed.values()), is_news=True)
        words = self._office.words
        sequences = {cover.account_id: cover.checked_sequence for cover in contact.covers}
        contact = worded(contact, items, words.strategies, words.template_versions, sequences)
        return replace(letter, contact=contact, bench=bench)

    async def _write(self, letters: Sequence[Letter]) -> list[Letter]:
        """The intents; gives the letters that may be handed over."""
        by_contact = {letter.contact.contact_id: letter for letter in letters}
        judged, self._judged = self._judged, []
        async with self._office.db.transaction() as session:
            await history_store.upsert_judgements(session, self._tenant, judged)
            intents, doubled = await write_intents(
                session,
                self._tenant,
                self._moment(),
                [letter.contact for letter in letters],
                claim=self._claim,
            )
        await self._record([Outcome(c, "cancelled", "superseded") for c in doubled], {"claimed"})
        if intents:
            crash_point("outreach.after_intent")
        return [replace(by_contact[c.contact_id], contact=c) for c in intents]

    async def _send(self, letters: Sequence[Letter], checked: Checked) -> None:
        """Hand over side by side; record what has ended, as it ends."""
        mailer = self._office.mailer
        if not letters:
            return
        assert mailer is not None, "letters are only written when there is a channel"
        pending = {
            asyncio.ensure_future(self._hand_over(mailer, letter, checked)) for letter in letters
        }
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                outcomes = [outcome for task in done if (outcome := task.result()) is not None]
                await self._record(outcomes, {"intent"})
                if outcomes:
                    crash_point("outreach.after_result")
        finally:
            for task in pending:  # what was begun and not recorded ends with its lease
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _hand_over(self, mailer: Mailer, letter: Letter, checked: Checked) -> Outcome | None:
        sending = Sending(
            self._office,
            mailer,
            self._tenant,
            self._moment(),
            self._claim,
            letter,
            checked,
            lambda: self._barred,
        )
        outcome = await sending.hand_over()
        if sending.is_server_away:
            self._barred = rules.CHANNEL_UNAVAILABLE
        return outcome

    async def _record(self, outcomes: Sequence[Outcome], expected: Collection[State]) -> None:
        if not outcomes:
            return
        self._refuted |= {o.contact.debtor_key for o in outcomes if o.kind == "cancelled"}
        async with self._office.db.transaction() as session:
            self.counts += await record_outcomes(
                session,
                self._tenant,
                self._moment(),
                outcomes,
                expected=expected,
                claim=self._claim,
            )
        if self.counts["uncertain"] >= UNCERTAIN_MAX:
            self._barred = rules.CHANNEL_UNAVAILABLE


async def run_scheduler(office: Office, *, stop: asyncio.Event) -> None:
    """With the system clock: every contacting tenant, about once a minute."""
    while not stop.is_set():
        try:
            await run_tenants(office, stop=stop)
        except Unavailable as error:
            log.warning("tenants not listed", reason=error.detail)
        try:
            await asyncio.wait_for(stop.wait(), SCHEDULE_SECONDS)
        except TimeoutError:
            continue


async def run_tenants(office: Office, *, stop: asyncio.Event) -> None:
    """What is due now, tenant by tenant."""
    async with office.db.reading() as session:
        tenants = await fact_store.list_contacting_tenants(session)
    for tenant in tenants:
        if stop.is_set():
            return
        try:
            ran = await run_due(office, tenant, clock.now())
        except Unavailable as error:  # the tenants after it have their turn all the same
            log.warning("run-due failed", tenant=tenant, reason=error.detail)
            continue
        if any(ran.counts.values()):
            log.info("contacts made", tenant=tenant, **ran.counts)
