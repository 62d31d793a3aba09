"""A collection plan as it is written. What its members must be to one another: drafts.py."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from services.metrics.domain.plans.conditions import Condition
from shared.money import MAX_MINOR
from shared.texts import matching

ItemId = Annotated[str, matching("[A-Za-z0-9][A-Za-z0-9._-]*", 64)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Note = Annotated[str, Meta(max_length=2000)]
CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3)]
Split = dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=128)]]
Target = Annotated[float, Meta(ge=-1e15, le=1e15)]
Days = Annotated[int, Meta(ge=1, le=3660)]

CostLineKind = Literal["contact", "task", "gateway", "agency", "legal", "software", "other"]
PolicyKind = Literal["segments", "rulebook", "template", "model"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Member(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Objective(_Member, frozen=True, kw_only=True):
    """A KPI, and what it is to be by a day."""

    id: ItemId
    kpi: Name
    split: Split = field(default_factory=dict)
    currency: CurrencyCode | None = None  # else the plan's
    per: Annotated[str, Meta(max_length=40)] | None = None
    counted: Literal["amount", "count"] | None = None  # else what the KPI counts first
    days: Days | Literal["plan", "month"] | None = None  # else 90; of `roll_rate` the last month
    at_least: Target | None = None
    at_most: Target | None = None
    by: date
    why: Note | None = None

    @property
    def target(self) -> float:
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    @property
    def is_floor(self) -> bool:
        """Whether more is better."""
        return self.at_least is not None


class PlannedPerson(_Member, frozen=True, kw_only=True):
    collector: Name
    role: Name | None = None
    hours_per_week: Annotated[float, Meta(gt=0, le=168)]


class PlannedChannel(_Member, frozen=True, kw_only=True):
    channel: Name
    per_day: Annotated[int, Meta(ge=1, le=100_000_000)]


class Resources(_Member, frozen=True, kw_only=True):
    people: Annotated[tuple[PlannedPerson, ...], Meta(max_length=1000)] = ()
    channels: Annotated[tuple[PlannedChannel, ...], Meta(max_length=50)] = ()
    tools: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    training: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()  # names of certificates


class BudgetLine(_Member, frozen=True, kw_only=True):
    """What it takes: a cost that is of one of the kinds, of one of the channels, … named here."""

    id: ItemId
    kinds: Annotated[tuple[CostLineKind, ...], Meta(max_length=10)] = ()
    channels: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    queues: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    collectors: Annotated[tuple[Name, ...], Meta(max_length=1000)] = ()
    amount_minor: Annotated[int, Meta(ge=0, le=MAX_MINOR)]


class PlannedStrategy(_Member, frozen=True, kw_only=True):
    name: Name
    version: Name


class PlannedPolicy(_Member, frozen=True, kw_only=True):
    kind: PolicyKind
    name: Name | None = None  # of rule books, templates and models (its target)
    version: Name


class ActivateStrategy(_Member, frozen=True, kw_only=True):
    name: Name
    version: Name
    in_flight: Literal["keep", "move"] = "keep"


class ActivateAssignments(_Member, frozen=True, kw_only=True):
    version: Name
    in_flight: Literal["keep", "move"] = "keep"


class StopExperiment(_Member, frozen=True, kw_only=True):
    name: Name


class SendAlert(_Member, frozen=True, kw_only=True):
    to: Annotated[tuple[ItemId, ...], Meta(max_length=100)] = ()


class Deed(_Member, frozen=True, kw_only=True):
    """Exactly one of these."""

    activate_strategy: ActivateStrategy | None = None
    activate_assignments: ActivateAssignments | None = None
    stop_experiment: StopExperiment | None = None
    alert: SendAlert | None = None


class Contingency(_Member, frozen=True, kw_only=True):
    """What is done by itself when its condition has held on so many days."""

    id: ItemId
    when: Condition
    for_days: Annotated[int, Meta(ge=1, le=366)] = 1
    do: Deed
    once: bool = False
    to: Annotated[tuple[ItemId, ...], Meta(max_length=100)] = ()  # else whoever reviews


class ReviewRhythm(_Member, frozen=True, kw_only=True):
    every: Literal["week", "month", "quarter"]
    weekday: Weekday | None = None
    day: Annotated[int, Meta(ge=1, le=31)] | None = None
    people: Annotated[tuple[ItemId, ...], Meta(max_length=100)] = ()


class Recipient(_Member, frozen=True, kw_only=True):
    id: ItemId
    name: Name
    email: Annotated[str, Meta(max_length=320)] | None = None


class AlertRule(_Member, frozen=True, kw_only=True):
    id: ItemId
    when: Condition
    for_days: Annotated[int, Meta(ge=1, le=366)] = 1
    to: Annotated[tuple[ItemId, ...], Meta(max_length=100)] = ()


class CollectionPlan(_Member, frozen=True, kw_only=True):
    """A draft needs an id and a title; drafts.py says what more an approval does."""

    plan_id: ItemId
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    currency: CurrencyCode | None = None
    from_on: date | None = field(name="from", default=None)
    to_on: date | None = field(name="to", default=None)
    objectives: Annotated[tuple[Objective, ...], Meta(max_length=50)] = ()
    resources: Resources = Resources()
    budget: Annotated[tuple[BudgetLine, ...], Meta(max_length=100)] = ()
    strategies: Annotated[tuple[PlannedStrategy, ...], Meta(max_length=100)] = ()
    policies: Annotated[tuple[PlannedPolicy, ...], Meta(max_length=100)] = ()
    contingencies: Annotated[tuple[Contingency, ...], Meta(max_length=50)] = ()
    reviews: ReviewRhythm | None = None
    people: Annotated[tuple[Recipient, ...], Meta(max_length=200)] = ()
    alerts: Annotated[tuple[AlertRule, ...], Meta(max_length=100)] = ()


class AlertRules(_Member, frozen=True, kw_only=True):
    """A tenant's own, which belong to no plan."""

    rules: Annotated[tuple[AlertRule, ...], Meta(max_length=100)] = ()
    people: Annotated[tuple[Recipient, ...], Meta(max_length=200)] = ()


def people_of(people: tuple[Recipient, ...]) -> Mapping[str, Recipient]:
    return {person.id: person for person in people}
