"""What segmentation says (`segmentation.events`). Models, policies, experiments and exchange rates
are tenant-wide: no key."""

from datetime import date

from msgspec import UNSET, Struct, UnsetType, field


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


class ArmShare(Struct, frozen=True, gc=False):
    """An arm, and which part of those who take part is to be in it."""

    name: str
    share: float


class ExperimentStarted(Struct, frozen=True, kw_only=True):
    """It begins, or goes on with the arms that were drawn before it was stopped."""

    name: str
    run: int  # another design is another run
    champion: str
    arms: tuple[ArmShare, ...]


class ExperimentStopped(Struct, frozen=True, kw_only=True):
    name: str
    run: int
    because: str


class DatedRate(Struct, frozen=True, gc=False):
    """What one unit of `currency` is worth in another, from a day until the next."""

    currency: str
    on: date
    rate: str  # a decimal as text: "0.92"


class RatesChanged(Struct, frozen=True, kw_only=True):
    """The rates into `to` that hold now, in place of all that were announced before. Those that
    do not fit in one event come in parts, in their order: readers replace at part 1, then add."""

    to: str
    rates: tuple[DatedRate, ...]
    part: int | UnsetType = UNSET  # 1 to `parts`; both absent where the event is whole
    parts: int | UnsetType = UNSET


TYPES: dict[str, type[Struct]] = {
    "account-scored": AccountScored,
    "segment-changed": SegmentChanged,
    "early-warning-raised": EarlyWarningRaised,
    "model-promoted": ModelPromoted,
    "segment-policy-activated": SegmentPolicyActivated,
    "experiment-started": ExperimentStarted,
    "experiment-stopped": ExperimentStopped,
    "rates-changed": RatesChanged,
}
