"""Costs that are recorded here, and withdrawn: each goes out as an event, and comes in from there
with all others, so that a rebuild has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.metrics.commands.own_events import announce
from services.metrics.domain.cost_entries import (
    CostEntry,
    RejectedCost,
    differences,
    read_cost,
)
from services.metrics.domain.cost_events import recorded, withdrawn
from services.metrics.store import costs as store
from services.metrics.store.business_times import get_business_time
from shared import clock
from shared.business_time import Clock, business_now
from shared.clock import day_start
from shared.database import Session
from shared.errors import FieldError, NotFound
from shared.texts import id_fault, shown


class CostReceipt(Struct, frozen=True):
    """What became of the costs of one request."""

    recorded: int
    duplicates: int
    rejected: tuple[RejectedCost, ...]

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it can be taken."""
        return bool(self.rejected) and not self.recorded and not self.duplicates


async def record_costs(
    session: Session, clock_mode: Clock, tenant: str, items: Sequence[Any], *, by: str
) -> CostReceipt:
    """Record what is new; good ones are kept when others are bad."""
    read = [read_cost(item) for item in items]
    firsts: dict[str, CostEntry] = {}
    for cost in read:
        if isinstance(cost, CostEntry):
            firsts.setdefault(cost.cost_id, cost)
    zone, latest = await get_business_time(session, tenant)
    at = _recorded_at(clock_mode, latest, zone, list(firsts.values()))
    costs = [firsts[cost_id] for cost_id in sorted(firsts)]
    added = await store.insert_costs(session, tenant, costs, at, by)
    stored = await store.lock_costs(session, tenant, sorted(firsts.keys() - added))
    again = [firsts[name] for name, known in stored.items() if known.withdrawn_at is not None]
    await store.update_costs(session, tenant, again, at, by)
    revisions = dict.fromkeys(added, 1)
    revisions |= {cost.cost_id: stored[cost.cost_id].revision + 1 for cost in again}
    announce(
        session,
        tenant,
        at,
        [recorded(firsts[name], number, zone) for name, number in sorted(revisions.items())],
    )
    standing = {name: firsts[name] for name in revisions}
    standing |= {name: known.cost for name, known in stored.items() if name not in revisions}
    return _receipt(items, read, standing, revisions.keys())


def _receipt(
    items: Sequence[Any],
    read: Sequence[CostEntry | tuple[FieldError, ...]],
    standing: dict[str, CostEntry],
    new: Any,
) -> CostReceipt:
    """Item by item: of one that is new the first counts, and what comes again is compared."""
    left = set(new)
    duplicates, rejected = 0, list[RejectedCost]()
    for index, cost in enumerate(read):
        if not isinstance(cost, CostEntry):
            rejected.append(RejectedCost(index, _named(items[index]), cost))
        elif cost.cost_id in left:
            left.discard(cost.cost_id)
        elif faults := differences(standing[cost.cost_id], cost):
            rejected.append(RejectedCost(index, cost.cost_id, faults))
        else:
            duplicates += 1
    return CostReceipt(len(new), duplicates, tuple(rejected))


def _named(item: Any) -> str | None:
    """The id that a bad item has, where it can be shown."""
    name = item.get("cost_id") if isinstance(item, dict) else None
    return shown(name) if isinstance(name, str) and id_fault(name) is None else None


async def withdraw_cost(session: Session, clock_mode: Clock, tenant: str, cost_id: str) -> None:
    """It was a mistake. Withdrawn already: nothing happens. Raises `NotFound`."""
    known = (await store.lock_costs(session, tenant, [cost_id])).get(cost_id)
    if known is None:
        raise no_cost(cost_id)
    if known.withdrawn_at is not None:
        return
    zone, latest = await get_business_time(session, tenant)
    at = max(known.recorded_at, _recorded_at(clock_mode, latest, zone, [known.cost]))
    await store.withdraw_cost(session, tenant, cost_id, at)
    announce(session, tenant, at, [withdrawn(known.cost, known.revision, zone)])


async def get_cost(session: Session, tenant: str, cost_id: str) -> store.StoredCost:
    """What stands under an id. Raises `NotFound` also for what was withdrawn."""
    found = await store.find_cost(session, tenant, cost_id)
    if found is None or found.withdrawn_at is not None:
        raise no_cost(cost_id)
    return found


def no_cost(cost_id: str) -> NotFound:
    return NotFound(f"There is no cost {shown(cost_id)}.")


def _recorded_at(
    clock_mode: Clock, latest: datetime | None, zone: str, costs: Sequence[CostEntry]
) -> datetime:
    """Business time now. While nothing has happened under the manual clock it grows with what is
    recorded, as in the ledger."""
    if clock_mode == "manual" and latest is None and costs:
        return day_start(max(cost.incurred_on for cost in costs), zone)
    return business_now(clock_mode, clock.now(), latest)
