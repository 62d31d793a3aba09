"""What metrics announces (`metrics.events`), all of it tenant-wide: costs that were recorded with
it, collection plans, alerts, and what plans do by themselves. One file per noun."""

from msgspec import Struct

from shared.events.metrics.alerts import (
    AlertCleared,
    AlertCorrected,
    AlertRaised,
    CorrectedDay,
)
from shared.events.metrics.contingencies import (
    ContingencyActed,
    ContingencyFailed,
    ContingencyTriggered,
)
from shared.events.metrics.costs import CostKind, CostRecorded, CostWithdrawn
from shared.events.metrics.plans import (
    PlanApproved,
    PlanClosed,
    PlanOutcome,
    PlanReviewed,
    PlanStarted,
)

TYPES: dict[str, type[Struct]] = {
    "cost-recorded": CostRecorded,
    "cost-withdrawn": CostWithdrawn,
    "plan-approved": PlanApproved,
    "plan-started": PlanStarted,
    "plan-reviewed": PlanReviewed,
    "plan-closed": PlanClosed,
    "alert-raised": AlertRaised,
    "alert-cleared": AlertCleared,
    "alert-corrected": AlertCorrected,
    "contingency-triggered": ContingencyTriggered,
    "contingency-acted": ContingencyActed,
    "contingency-failed": ContingencyFailed,
}

__all__ = [
    "TYPES",
    "AlertCleared",
    "AlertCorrected",
    "AlertRaised",
    "ContingencyActed",
    "ContingencyFailed",
    "ContingencyTriggered",
    "CorrectedDay",
    "CostKind",
    "CostRecorded",
    "CostWithdrawn",
    "PlanApproved",
    "PlanClosed",
    "PlanOutcome",
    "PlanReviewed",
    "PlanStarted",
]
