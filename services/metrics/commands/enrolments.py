"""Accounts in experiments: who is in which arm, and what came of it, as events are folded."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.metrics.domain.accounts import AccountItems
from services.metrics.domain.announced import EXPERIMENTS
from services.metrics.domain.experiments.analysis import Analysis
from services.metrics.domain.experiments.enrolments import (
    ArmKey,
    Counted,
    Enrolments,
    RunKey,
    RunStarted,
    counts_of,
    names_of,
    replace_rows,
    sums_of,
)
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.restate import Views
from services.metrics.domain.slots import UNTIL_NOW, slot_of
from services.metrics.store import enrolments as store
from services.metrics.store.announcements import list_announcements
from services.metrics.store.enrolments import Stored
from services.metrics.store.experiments import find_analysis
from services.metrics.store.remembered import AccountKey
from shared.database import Session
from shared.events import Received, segmentation

Reached = Mapping[AccountKey, int]  # by account: since when what reaches it is known

_STARTED = EXPERIMENTS[0]


async def lock_runs(session: Session, events: Iterable[Received]) -> None:
    """Before any account: nobody is at the accounts of a tenant while a new run of it is taken."""
    tenants: dict[str, bool] = {}
    for event in events:
        tenants[event.tenant] = tenants.get(event.tenant, False) or event.type == _STARTED
    await store.lock_runs(session, tenants)


async def list_reached(session: Session, events: Iterable[Received]) -> dict[AccountKey, int]:
    """The accounts that a new run reaches though nothing new is known of them: their segment
    changed within it, and that was known before the run was."""
    reached: dict[AccountKey, int] = {}
    for event in events:
        if event.type == _STARTED:
            name, slot = event.decode().name, slot_of(event.recordedtime)
            for key in await store.list_named_since(session, event.tenant, name, event.time):
                reached[key] = min(slot, reached.get(key, slot))
    return reached


async def rewrite_enrolments(
    session: Session, touched: Mapping[AccountKey, tuple[AccountItems, Views]], reached: Reached
) -> None:
    """What the news of accounts change in their experiments."""
    by_tenant: dict[str, dict[AccountKey, tuple[AccountItems, Views]]] = defaultdict(dict)
    for key, (items, views) in touched.items():
        if names_of(items):
            by_tenant[key[0]][key] = items, views
    for tenant, accounts in sorted(by_tenant.items()):
        await _rewrite(session, tenant, accounts, reached)


async def _rewrite(
    session: Session,
    tenant: str,
    accounts: Mapping[AccountKey, tuple[AccountItems, Views]],
    reached: Reached,
) -> None:
    names = {name for items, _ in accounts.values() for name in names_of(items)}
    runs = await _list_runs(session, tenant, names)
    analyses = await _list_analyses(session, tenant, runs)
    found = {
        key: Enrolments(items, views, runs, analyses) for key, (items, views) in accounts.items()
    }
    moments = {key: each.moments(reached.get(key))[0] for key, each in found.items()}
    moments = {key: slots for key, slots in moments.items() if slots}
    if not moments:
        return
    stored = await store.list_enrolments(session, {key: slots[0] for key, slots in moments.items()})
    gone: list[Stored] = []
    come: list[Stored] = []
    for key, slots in moments.items():
        old = stored.get(key, [])
        new = replace_rows(old, found[key], slots)
        gone += ((key, row) for row in old if row not in new)
        come += ((key, row) for row in new if row not in old)
    await store.replace_enrolments(session, gone, come)
    await store.add_sums(session, tenant, _added(gone, come))
    await store.add_counts(session, tenant, _counted(gone, come))


def _added(gone: Sequence[Stored], come: Sequence[Stored]) -> dict[ArmKey, ArmSums]:
    added = sums_of((row for _, row in come), 1)
    for key, sums in sums_of((row for _, row in gone), -1).items():
        added[key] = added.get(key, ArmSums()).plus(sums)
    return added


def _counted(gone: Sequence[Stored], come: Sequence[Stored]) -> dict[ArmKey, Counted]:
    counted = counts_of((row for _, row in come), 1)
    for key, counts in counts_of((row for _, row in gone), -1).items():
        counted[key] = counted.get(key, Counted()).plus(counts)
    return counted


async def _list_runs(session: Session, tenant: str, names: set[str]) -> list[RunStarted]:
    found = []
    for each in await list_announcements(session, tenant, (_STARTED,), UNTIL_NOW):
        started = msgspec.json.decode(each.content, type=segmentation.ExperimentStarted)
        if started.name in names:
            found.append(RunStarted(each.known, started.name, started.run, each.time))
    return found


async def _list_analyses(
    session: Session, tenant: str, runs: Iterable[RunStarted]
) -> dict[RunKey, Analysis]:
    found = {}
    for key in sorted({(run.name, run.run) for run in runs}):
        analysis = await find_analysis(session, tenant, *key)
        if analysis is not None:
            found[key] = analysis
    return found
