"""Plan the contacts of debtors whose facts have changed or whose contact is due, and claim those
that are to be made now."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from services.outreach.activity.commands import (
    announce,
    open_tasks,
    request_approvals,
    withdraw_approvals,
)
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.store.debtors import reopen_debtors
from services.outreach.activity.store.judgements import upsert_judgements
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.store.invoices import set_anchors
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.dunning.commands.governors import find_unusable
from services.outreach.dunning.commands.shared_attempts import find_shared_attempts
from services.outreach.dunning.commands.slots import lock_claims, priority_of, take_slots
from services.outreach.dunning.domain.contact_events import ContactEvents
from services.outreach.dunning.domain.debtor_facts import DebtorState
from services.outreach.dunning.domain.governor import ContactGovernor, Means
from services.outreach.dunning.domain.planner import PlanChanges, Planner, asked_about
from services.outreach.dunning.domain.runs import ContentVersions, RunTime
from services.outreach.dunning.domain.shared_attempts import with_others
from services.outreach.dunning.domain.slots import SlotLimits
from services.outreach.dunning.store import contacts as contact_store
from services.outreach.dunning.store import debtors as debtor_store
from services.outreach.dunning.store.debtor_facts import (
    DebtorSources,
    get_debtors,
    list_strategies,
)
from services.outreach.dunning.store.debtors import Phase
from services.outreach.dunning.store.steps import insert_steps
from services.outreach.dunning.store.strategies import StrategyBooks
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.database import Session

DEBTORS_MAX = 100  # planned for in one transaction: some hundred milliseconds of work
LEASE = timedelta(seconds=60)  # machine time; longer than any hand-over can take

_OPEN: frozenset[State] = frozenset({"planned", "held", "claimed"})


@dataclass
class PlannedBatch:
    """What one transaction of planning did."""

    debtors: int = 0
    claimed: list[DebtorContact] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: "PlannedBatch") -> None:
        """As if one transaction had done both."""
        self.debtors += other.debtors
        self.claimed += other.claimed
        self.counts += other.counts


async def plan_contacts(
    session: Session,
    tenant: str,
    time: RunTime,
    content: ContentVersions,
    rulebooks: RuleBookVersions,
    books: StrategyBooks,
    means: Means,
    *,
    claim: str,
    tried: Collection[str],
    skipped: Collection[str] = (),
    only: Collection[str] | None = None,
    looked_at: list[str] | None = None,
    limits: SlotLimits | None = None,
    phase: Phase = "all",
) -> PlannedBatch:
    """One batch of debtors: plan anew, and claim what is due. `tried` are contacts that this run
    has tried already; each is tried once a run. `skipped` are debtors to leave to the next run;
    `only` those to choose from. `looked_at` tells the caller whom a failure is about. Where slots
    are short it is done in phases: all are planned first, and claimed in the order of slots, one
    batch of the tenant after the other."""
    if phase == "claim":
        await lock_claims(session, tenant)
    keys = await debtor_store.lock_debtors(
        session,
        tenant,
        at=time.at,
        machine_now=time.machine_now,
        tried=tried,
        skipped=skipped,
        limit=DEBTORS_MAX,
        only=only,
        phase=phase,
    )
    if looked_at is not None:
        looked_at += keys
    if not keys:
        return PlannedBatch()
    states, profiles = await load_debtors(session, tenant, keys, time, content, books)
    unusable = await find_unusable(session, tenant, profiles, time.at)
    ids = {state.debtor.key: state.debtor.debtor_id for state in states}
    shared = await find_shared_attempts(session, means.shared, profiles, ids, time.at)
    planner = Planner(tenant, time, content.template_versions, tried)
    for state in states:
        key = state.debtor.key
        profile, attempts = profiles[key], shared.get(key)
        governor = ContactGovernor(
            profile if attempts is None else with_others(profile, attempts, tenant),
            state.debtor.invoices,
            rulebooks,
            means,
            unusable=unusable[key],
            shared=attempts,
        )
        planner.decide(state, governor)
    changes = planner.changes
    if phase == "plan":
        changes.claimed = []
    elif limits is not None:
        priorities = {s.debtor.key: priority_of(s.debtor) for s in states}
        await _allot(session, tenant, changes, limits, priorities, time)
    await _save(session, tenant, changes, time, claim)
    return PlannedBatch(len(keys), changes.claimed, changes.counts)


async def _allot(
    session: Session,
    tenant: str,
    changes: PlanChanges,
    limits: SlotLimits,
    priorities: Mapping[str, float],
    time: RunTime,
) -> None:
    """Only those are claimed that get their slots; the others wait for the next day."""
    changes.claimed, put_off = await take_slots(
        session, tenant, changes.claimed, limits, priorities
    )
    events = ContactEvents(time.at)
    for contact, rule in put_off:
        changes.counts["deferred"] += 1
        if rule not in contact.rules:
            changes.entries += events.suppressed(
                contact, rule=rule, until=contact.until, citation=None
            )
            contact = replace(contact, rules=(*contact.rules, rule))
        changes.changed[contact.contact_id] = contact


async def load_debtors(
    session: Session,
    tenant: str,
    keys: Sequence[str],
    time: RunTime,
    content: ContentVersions,
    books: StrategyBooks,
) -> tuple[list[DebtorState], dict[str, DebtorProfile]]:
    """The facts of debtors, with the strategies that their accounts are on."""
    profiles = await get_profiles(session, tenant, keys, content.residence_default)
    on = await list_strategies(session, tenant, keys)
    strategies = await books.get_all(session, tenant, on)
    sources = DebtorSources(profiles, strategies)
    states = await get_debtors(session, tenant, keys, sources, time.at, time.machine_now)
    return states, profiles


async def _save(
    session: Session, tenant: str, changes: PlanChanges, time: RunTime, claim: str
) -> None:
    await debtor_store.settle_debtors(session, tenant, changes.contacts_made)
    await set_anchors(session, tenant, changes.anchors.items())
    # Those that end go first: a debtor has one contact under way at most, by a unique index.
    await contact_store.update_contacts(session, tenant, changes.ended, expected=_OPEN)
    await contact_store.insert_contacts(session, tenant, changes.new, time.at)
    await contact_store.update_contacts(session, tenant, changes.changed.values(), expected=_OPEN)
    claimed = [replace(c, state="claimed") for c in changes.claimed]
    await contact_store.update_contacts(
        session,
        tenant,
        claimed,
        expected=_OPEN,
        claim=claim,
        lease_until=time.machine_now + LEASE,
    )
    await contact_store.upsert_contact_accounts(
        session, tenant, [*changes.new, *changes.changed.values(), *claimed]
    )
    unreachable = [c for c in changes.changed.values() if c.state == "suppressed"]
    await insert_steps(session, tenant, unreachable, time.at)
    await reopen_debtors(session, tenant, {c.debtor_key for c in unreachable})
    await upsert_judgements(session, tenant, changes.judgements)
    await announce(session, tenant, time.recorded_at, changes.entries)
    await _ask(session, tenant, changes, time)


async def _ask(session: Session, tenant: str, changes: PlanChanges, time: RunTime) -> None:
    """What people are asked for, and need not be asked for any more."""
    for contact in changes.withdrawn:
        kind = contact.hand_over.kind if contact.hand_over is not None else "contact"
        subjects = [contact.contact_id, *(asked_about(contact, rule) for rule in contact.rules)]
        await withdraw_approvals(session, tenant, time.recorded_at, kind, set(subjects), at=time.at)
    await request_approvals(session, tenant, time.recorded_at, changes.approvals)
    await open_tasks(session, tenant, time.recorded_at, changes.tasks)
