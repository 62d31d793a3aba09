"""What is announced of costs: recorded, withdrawn. They count on the day on which they arose."""

from datetime import date

from msgspec import Struct, structs

from services.metrics.domain.cost_entries import CostEntry
from shared.clock import day_start
from shared.events import Announcement
from shared.events.metrics import CostRecorded, CostWithdrawn


def recorded(cost: CostEntry, revision: int, zone: str) -> Announcement:
    """`revision`: a cost that was withdrawn may be recorded again."""
    data = CostRecorded(**structs.asdict(cost))
    return _announcement("cost-recorded", cost.cost_id, revision, cost.incurred_on, zone, data)


def withdrawn(cost: CostEntry, revision: int, zone: str) -> Announcement:
    data = CostWithdrawn(cost_id=cost.cost_id, account_id=cost.account_id)
    return _announcement("cost-withdrawn", cost.cost_id, revision, cost.incurred_on, zone, data)


def _announcement(
    type_: str, cost_id: str, revision: int, on: date, zone: str, data: Struct
) -> Announcement:
    return Announcement(type_, cost_id, f"revision {revision}", day_start(on, zone), on, data)
