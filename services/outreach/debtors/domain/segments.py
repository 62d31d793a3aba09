"""What segmentation has found of an account, folded from its events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.events import segmentation


@dataclass(frozen=True)
class SegmentFacts:
    """None: nothing was announced of it."""

    segment: str | None = None
    arms: Mapping[str, str] | None = None  # by experiment
    pays_within: float | None = None
    late_payment: float | None = None
    priority: int | None = None


def in_segment(found: SegmentFacts, data: segmentation.SegmentChanged) -> SegmentFacts:
    return replace(found, segment=data.to_segment, arms=data.arms, priority=data.priority)


def scored(found: SegmentFacts, data: segmentation.AccountScored) -> SegmentFacts:
    if data.target == "pays_within":
        return replace(found, pays_within=data.probability, priority=data.priority)
    if data.target == "late_payment":
        return replace(found, late_payment=data.probability, priority=data.priority)
    return replace(found, priority=data.priority)
