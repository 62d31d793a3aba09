"""What segmentation says (`segmentation.events`)."""

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


TYPES: dict[str, type[Struct]] = {
    "account-scored": AccountScored,
    "segment-changed": SegmentChanged,
}
