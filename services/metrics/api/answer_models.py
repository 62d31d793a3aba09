"""How answers look, for OpenAPI and so for the TypeScript client. The figures' own answers are
written by `domain/answers.py`; tests hold them against these models."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Base of what is answered. Members are only added: readers pass over those they don't know."""

    model_config = ConfigDict(frozen=True)


class TargetView(Shape):
    from_on: date = Field(description="the first day that it holds for")
    split: dict[str, str] = Field(description="dimension → value; of exactly these figures")
    value: float


class KpiTargets(Shape):
    kpi: str
    items: list[TargetView]


class KpiTargetList(Shape):
    items: list[KpiTargets]


Unit = Literal["ratio", "days", "minor", "count"]
# What a KPI says beside its three numbers; which one has which, the catalogue lists.
Number = int | float | None


class Numbers(Shape):
    """`value` is null, never 0, where the denominator is 0 or a rate is missing."""

    model_config = ConfigDict(frozen=True, extra="allow")

    value: Number
    numerator: Number
    denominator: Number


class PartOfSeries(Numbers):
    from_: date = Field(alias="from")
    to: date
    is_complete: bool = Field(description="a whole day, week or month that is over")


class PreviousNumbers(Numbers):
    from_: date = Field(alias="from")
    to: date


class ChangeView(Shape):
    absolute: Number
    relative: Number = Field(description="null where it was 0 or null")


class GroupOfFigures(Numbers):
    key: dict[str, str | None] = Field(description="dimension → value; null is unknown")
    series: list[PartOfSeries]
    target: Number
    target_plan: str | None = Field(None, description="the running plan whose objective it is")
    previous: PreviousNumbers | None = None
    change: ChangeView | None = None


class RateUsed(Shape):
    currency: str
    on: date = Field(
        description="since when it holds; of a missing one, the first of the days without"
    )
    rate: str | None = Field(description="a decimal; null where it is missing")


class KnownAnswer(Shape):
    """Of which revision an answer is."""

    revision: int = Field(description="rises with everything that changes a figure")
    known_until: datetime | None = Field(
        description="until when what was recorded is in; without `as_of` it is counted"
    )
    stale_since: datetime | None = Field(
        None,
        description="only while figures stand still: another release made them, and this one is"
        " at work on its own",
    )


class KpiAnswer(Numbers, KnownAnswer):
    """One KPI over a window of days. Money in minor units; ratios 0 to 1."""

    name: str
    unit: Unit
    currency: str | None
    from_: date = Field(alias="from")
    to: date
    at: date | None = Field(None, description="cohorts: looked at at the end of this day")
    series: list[PartOfSeries]
    groups: list[GroupOfFigures]
    target: Number
    target_plan: str | None = Field(None, description="the running plan whose objective it is")
    previous: PreviousNumbers | None = None
    change: ChangeView | None = None
    rates: list[RateUsed] | None = Field(None, description="with `in`")


class KpiDescription(Shape):
    name: str
    definition: str
    unit: Unit
    kind: Literal["flow", "stock", "cohort"]
    better: Literal["higher", "lower"] | None
    dimensions: list[str] = Field(description="what it can be split by; each is a filter, too")
    by: list[Literal["amount", "count"]] = Field(description="the first is the default")
    per: list[str]
    members: list[str] = Field(description="what answers say beside the three numbers")
    ripe_days: int = Field(description="the days that must pass before a thing of a cohort counts")
    is_money: bool = Field(description="per currency; else over all of them")
    has_curve: bool


class KpiCatalogue(Shape):
    items: list[KpiDescription]


class QuestionProblem(Shape):
    """In the place of an answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


class QueryAnswer(KnownAnswer):
    items: list[KpiAnswer | QuestionProblem]


class RestatementView(Shape):
    known_on: date
    value: Number


def answers_with(model: type[Shape]) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route that writes its answers itself."""
    return {200: {"model": model}, 304: {"description": "The caller has this answer."}}
