"""Plan the contacts of debtors whose facts have changed or whose contact is due, and claim those
that are to be made now."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.outreach.commands.saying import Said, say
from services.outreach.domain import contacts as rules
from services.outreach.domain.addressing import Bench
from services.outreach.domain.contacts import Contact, State, Teller
from services.outreach.domain.dossiers import Dossier
from services.outreach.domain.governing import Judged
from services.outreach.domain.planning import (
    Because,
    Debtor,
    Plan,
    fate,
    first_reason,
    plan,
)
from services.outreach.domain.strategies import Strategies
from services.outreach.rulebooks.domain import RuleBookVersions
from services.outreach.store import contacts as contact_store
from services.outreach.store import debtors as debtor_store
from services.outreach.store import dossiers as dossier_store
from services.outreach.store import facts as fact_store
from services.outreach.store import history as history_store
from services.outreach.store.debtors import Standing
from services.outreach.store.history import Judgement
from shared.database import Session

DEBTORS_MAX = 100  # planned for in one transaction: some hundred milliseconds of work
LEASE = timedelta(seconds=60)  # machine time; longer than any hand-over can take

_OPEN: frozenset[State] = frozenset({"planned", "claimed"})


@dataclass(frozen=True)
class Words:
    """What planning needs besides facts: versioned plans and templates, and where debtors may live
    of whom no place is known."""

    strategies: Strategies
    template_versions: Mapping[str, str]
    residence_default: str | None = None


@dataclass(frozen=True)
class Moment:
    """When a run works: business time, what it is recorded as, and machine time for leases."""

    at: datetime
    recorded_at: datetime
    machine_now: datetime


@dataclass
class Planned:
    """What one transaction of planning did."""

    debtors: int = 0
    claimed: list[Contact] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class _Changes:
    """What is to be written, gathered over the debtors of one transaction."""

    new: list[Contact] = field(default_factory=list)
    changed: dict[str, Contact] = field(default_factory=dict)  # by id: moved, or unreachable
    ended: list[Contact] = field(default_factory=list)
    claimed: list[Contact] = field(default_factory=list)
    anchors: dict[tuple[str, str], date] = field(default_factory=dict)
    said: Said = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    judged: list[Judgement] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


async def plan_contacts(
    session: Session,
    tenant: str,
    moment: Moment,
    words: Words,
    shelf: RuleBookVersions,
    *,
    claim: str,
    tried: Collection[str],
    skipped: Collection[str] = (),
) -> Planned:
    """One batch of debtors: plan anew, and claim what is due. `tried` are contacts that this run
    has tried already; each is tried once a run. `skipped` are debtors to leave to the next run."""
    keys = await debtor_store.lock_debtors(
        session,
        tenant,
        at=moment.at,
        machine_now=moment.machine_now,
        tried=tried,
        skipped=skipped,
        limit=DEBTORS_MAX,
    )
    if not keys:
        return Planned()
    standings = await debtor_store.get_debtors(session, tenant, keys, moment.machine_now)
    dossiers = await dossier_store.get_dossiers(session, tenant, keys, words.residence_default)
    changes = _Changes()
    teller = Teller(tenant, moment.at, moment.recorded_at)
    planner = _Planner(teller, words, shelf, moment, tried, changes)
    for standing in standings:
        planner.settle(standing, dossiers[standing.debtor.key])
    await _save(session, tenant, changes, moment, claim)
    return Planned(len(keys), changes.claimed, changes.counts)


async def _save(
    session: Session, tenant: str, changes: _Changes, moment: Moment, claim: str
) -> None:
    await debtor_store.settle_debtors(session, tenant, changes.made)
    await fact_store.set_anchors(session, tenant, changes.anchors.items())
    # Those that end go first: a debtor has one contact under way at most, by a unique index.
    await contact_store.update_contacts(session, tenant, changes.ended, expected=_OPEN)
    await contact_store.insert_contacts(session, tenant, changes.new, moment.at)
    await contact_store.update_contacts(session, tenant, changes.changed.values(), expected=_OPEN)
    claimed = [replace(c, state="claimed") for c in changes.claimed]
    await contact_store.update_contacts(
        session,
        tenant,
        claimed,
        expected=_OPEN,
        claim=claim,
        lease_until=moment.machine_now + LEASE,
    )
    await contact_store.upsert_contact_accounts(
        session, tenant, [*changes.new, *changes.changed.values(), *claimed]
    )
    unreachable = [c for c in changes.changed.values() if c.state == "suppressed"]
    await contact_store.insert_steps(session, tenant, unreachable)
    await debtor_store.reopen_debtors(session, tenant, {c.debtor_key for c in unreachable})
    await history_store.upsert_judgements(session, tenant, changes.judged)
    await say(session, changes.said)


@dataclass(frozen=True)
class _Planner:
    """Decides for one debtor after the other; all effects go to `changes`."""

    teller: Teller
    words: Words
    shelf: RuleBookVersions
    moment: Moment
    tried: Collection[str]
    changes: _Changes

    def settle(self, standing: Standing, dossier: Dossier) -> None:
        debtor, contact = standing.debtor, standing.contact
        made = standing.contacts_made
        if not standing.is_in_flight:
            bench = Bench(dossier, debtor.invoices, self.words.strategies, self.shelf)
            found = plan(debtor, self.words.strategies, self.moment.at, bench.govern)
            if found is not None:
                self.changes.anchors.update(found.anchors)
            if contact is not None:
                contact = self._keep_or_cancel(contact, debtor, found)
            if contact is None and found is not None:
                contact = self._begin(debtor, found, made)
                made += 1
            if contact is not None and contact.contact_id not in self.tried:
                self._make_if_due(contact, bench.judged)
        self.changes.made[debtor.key] = made

    def _keep_or_cancel(
        self, contact: Contact, debtor: Debtor, found: Plan | None
    ) -> Contact | None:
        """The contact as it stands by today's facts; None: it is over."""
        fates: dict[int, Because | None] = {
            number: fate(item, debtor) for number, item in enumerate(contact.items)
        }
        reasons = [reason for reason in fates.values() if reason is not None]
        if found is None or len(reasons) == len(fates):
            because = first_reason(reasons)
            ended = replace(contact, state="cancelled", because=because)
            self.changes.ended.append(ended)
            self.changes.said.append((self.teller.cancelled(ended, because), ended.account_ids))
            self.changes.counts["cancelled"] += 1
            return None
        after = rules.moved(
            replace(contact, state="planned", ruling=found.ruling),
            debtor,
            found.items,
            found.due_at,
            self.words.strategies,
            self.words.template_versions,
        )
        was_due = contact.due_at <= self.moment.at < found.due_at
        if was_due and set(contact.items) & set(found.items):
            after = self._defer(after)
        if after != contact:
            self.changes.changed[after.contact_id] = after
        return after

    def _defer(self, contact: Contact) -> Contact:
        """It was due, but at this instant the debtor may not be contacted."""
        self.changes.counts["deferred"] += 1
        after = replace(contact, until=contact.due_at)
        leading = contact.ruling.leading if contact.ruling is not None else None
        is_ruled = contact.ruling is not None and contact.ruling.verdict == "defer"
        rule = leading.rule if leading is not None and is_ruled else rules.TOO_SOON
        if rule in contact.rules:
            return after
        event = self.teller.suppressed(
            after,
            rule=rule,
            until=after.until,
            citation=leading.citation if leading and is_ruled else None,
        )
        self.changes.said.append((event, after.account_ids))
        return replace(after, rules=(*after.rules, rule))

    def _begin(self, debtor: Debtor, found: Plan, made: int) -> Contact:
        contact = rules.planned(
            debtor,
            found.items,
            found.due_at,
            rules.contact_id(self.teller.tenant, debtor.key, found.items, made + 1),
            self.words.strategies,
            self.words.template_versions,
        )
        contact = replace(contact, ruling=found.ruling)
        self.changes.new.append(contact)
        self.changes.said.append((self.teller.planned(contact), contact.account_ids))
        self.changes.counts["planned"] += 1
        return contact

    def _make_if_due(self, contact: Contact, judged: Judged | None) -> None:
        if contact.due_at > self.moment.at:
            return
        ruling = contact.ruling
        if judged is not None and ruling is not None:
            self.changes.judged.append(
                Judgement(contact.contact_id, contact.account_id, ruling.at, judged.question)
            )
        if ruling is not None and ruling.verdict in ("block", "require_approval"):
            ended, said = rules.refused(contact, ruling, self.teller)
            self.changes.said += said
            self.changes.counts["suppressed"] += 1
            self.changes.changed[ended.contact_id] = ended
            return
        self.changes.claimed.append(contact)
