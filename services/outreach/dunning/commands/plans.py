"""Plan the contacts of debtors whose facts have changed or whose contact is due, and claim those
that are to be made now."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec.structs import replace

from services.outreach.activity.commands import announce
from services.outreach.activity.domain.contacts import DebtorContact, State
from services.outreach.activity.store.debtors import reopen_debtors
from services.outreach.activity.store.judgements import upsert_judgements
from services.outreach.debtors.store.invoices import set_anchors
from services.outreach.debtors.store.profiles import get_profiles
from services.outreach.dunning.domain.governor import ContactGovernor
from services.outreach.dunning.domain.planner import PlanChanges, Planner
from services.outreach.dunning.domain.runs import ContentVersions, RunTime
from services.outreach.dunning.store import contacts as contact_store
from services.outreach.dunning.store import debtors as debtor_store
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.database import Session

DEBTORS_MAX = 100  # planned for in one transaction: some hundred milliseconds of work
LEASE = timedelta(seconds=60)  # machine time; longer than any hand-over can take

_OPEN: frozenset[State] = frozenset({"planned", "claimed"})


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
    *,
    claim: str,
    tried: Collection[str],
    skipped: Collection[str] = (),
    only: Collection[str] | None = None,
    looked_at: list[str] | None = None,
) -> PlannedBatch:
    """One batch of debtors: plan anew, and claim what is due. `tried` are contacts that this run
    has tried already; each is tried once a run. `skipped` are debtors to leave to the next run;
    `only` those to choose from. `looked_at` tells the caller whom a failure is about."""
    keys = await debtor_store.lock_debtors(
        session,
        tenant,
        at=time.at,
        machine_now=time.machine_now,
        tried=tried,
        skipped=skipped,
        limit=DEBTORS_MAX,
        only=only,
    )
    if looked_at is not None:
        looked_at += keys
    if not keys:
        return PlannedBatch()
    states = await debtor_store.get_debtors(session, tenant, keys, time.machine_now)
    profiles = await get_profiles(session, tenant, keys, content.residence_default)
    planner = Planner(tenant, time, content, tried)
    for state in states:
        debtor = state.debtor
        governor = ContactGovernor(
            profiles[debtor.key], debtor.invoices, content.strategies, rulebooks
        )
        planner.decide(state, governor)
    changes = planner.changes
    await _save(session, tenant, changes, time, claim)
    return PlannedBatch(len(keys), changes.claimed, changes.counts)


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
    await contact_store.insert_steps(session, tenant, unreachable)
    await reopen_debtors(session, tenant, {c.debtor_key for c in unreachable})
    await upsert_judgements(session, tenant, changes.judgements)
    await announce(session, tenant, time.recorded_at, changes.entries)
