"""What segmentation says (`segmentation.events`). Models and policies are tenant-wide: no key."""

from datetime import date

from msgspec import Struct, field


class Reason(Struct, frozen=True):
    """One feature's share of a score: more points, more likely to pay."""

    feature: str
    value: str
    points: int


class AccountScored(Struct, frozen=True, kw_only=True):
    account_id: str
    target: str  # late_payment | pays_within
    probability: float  # 0–1
    horizon_days: int
    expected_recovery_minor: int
    currency: str | None = None
    priority: int
    reasons: tuple[Reason, ...]
    model_version: str
    policy_version: str


class SegmentChanged(Struct, frozen=True, kw_only=True):
    account_id: str
    from_segment: str | None = field(name="from")
    to_segment: str = field(name="to")
    arms: dict[str, str]
    priority: int
    because: str
    policy_version: str


class EarlyWarningRaised(Struct, frozen=True, kw_only=True):
    """Said once per episode: another one of the kind comes only after this one has ended."""

    account_id: str
    kind: str  # escalating-delay | good-payer-turning | exposure-over-limit
    since_on: date  # the day on which the episode began
    because: str
    figures: dict[str, int]
    currency: str | None = None  # of the figures that are amounts
    segment: str
    arms: dict[str, str]
    priority: int
    policy_version: str


class ModelPromoted(Struct, frozen=True, kw_only=True):
    """From now on this model answers for the target."""

    target: str  # late_payment | pays_within
    model_version: str
    from_version: str  # what answered before
    is_rollback: bool = False  # it had been in force before
    reason: str
    promoted_by: str


class SegmentPolicyActivated(Struct, frozen=True, kw_only=True):
    policy_version: str
    from_version: str  # what was in force before
    is_rollback: bool = False  # it had been in force before
    reason: str | None = None
    activated_by: str


TYPES: dict[str, type[Struct]] = {
    "account-scored": AccountScored,
    "segment-changed": SegmentChanged,
    "early-warning-raised": EarlyWarningRaised,
    "model-promoted": ModelPromoted,
    "segment-policy-activated": SegmentPolicyActivated,
}
