"""Shapes of plans, alerts and experiments over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.web import Day, Instant, Model
from shared.web.models import CHECKED_TEXT

Text = Annotated[str, Field(min_length=1, max_length=4000), CHECKED_TEXT]
ReasonText = Annotated[str, Field(min_length=1, max_length=500), CHECKED_TEXT]


class ApproveRequest(Model):
    version: Annotated[int, Field(ge=1, le=1_000_000)]


class WithdrawRequest(Model):
    reason: ReasonText


class CloseRequest(Model):
    reason: ReasonText | None = Field(None, description="Needed unless the plan was reviewed.")


class DecisionBody(Model):
    text: Text
    who: Annotated[str, Field(min_length=1, max_length=128), CHECKED_TEXT] | None = None
    by: Day | None = None


class ReviewRequest(Model):
    for_day: Day | None = Field(None, description="Default: the latest day that fell due.")
    final: bool = False
    notes: Annotated[str, Field(max_length=20_000), CHECKED_TEXT] = ""
    decisions: Annotated[list[DecisionBody], Field(default_factory=list, max_length=100)]


class BeginDaysRequest(Model):
    """Exactly one of both."""

    day: Day | None = None
    at: Instant | None = None


class BegunDayCounts(Model):
    checked: int
    raised: int
    cleared: int
    corrected: int
    acted: int


class BegunDaysAnswer(Model):
    counts: BegunDayCounts


class NoteRequest(Model):
    note: Annotated[str, Field(max_length=2000), CHECKED_TEXT] | None = None


class WarningView(Model):
    pointer: str
    detail: str


class PlanVersionView(Model):
    version: int
    edit: int
    authors: list[str]
    written_on: date
    approved_by: str | None
    approved_on: date | None
    holds_from: date | None


class PlanView(Model):
    plan_id: str
    state: Literal["draft", "approved", "running", "reviewed", "closed"]
    version: int = Field(description="Of the document shown.")
    draft_version: int | None = Field(description="Of what is being written.")
    etag: str = Field(description="For `If-Match`: of the newest version.")
    started_on: date | None
    ended_on: date | None
    reason: str | None
    document: dict[str, Any]
    versions: list[PlanVersionView]
    warnings: list[WarningView]


class PlanSummary(Model):
    plan_id: str
    title: str
    state: str
    version: int
    draft_version: int | None
    currency: str | None
    from_: Annotated[date | None, Field(alias="from")]
    to: date | None
    started_on: date | None
    ended_on: date | None


class PlanPage(Model):
    items: list[PlanSummary]
    next_cursor: str | None


class PlanForecastView(Model):
    value: float
    low: float
    high: float
    by: date
    weeks: int
    errors: int


class PathPointView(Model):
    on: date
    value: float


class ObjectiveView(Model):
    id: str
    kpi: str
    unit: str
    value: float | None
    baseline: float | None
    expected_today: float | None
    target: float
    wanted: Literal["at_least", "at_most"]
    by: date
    forecast: PlanForecastView | None
    verdict: str
    provisional: bool
    because: str
    path: list[PathPointView] = Field(description="The values of the weeks before.")


class BudgetForecastView(Model):
    value: float
    low: float
    high: float
    weeks: int
    errors: int


class BudgetLineView(Model):
    id: str
    amount_minor: int | None
    actual_minor: float
    forecast: BudgetForecastView | None
    state: Literal["within", "at_risk", "over"] | None
    because: str


class InForceView(Model):
    kind: str
    name: str | None
    planned: str
    in_force: str | None
    match: Literal["same", "other", "none"]


class ContingencyView(Model):
    id: str
    state: Literal["armed", "triggered", "acted", "waiting", "failed"]
    action: str
    triggered_on: date | None
    from_on: date | None
    because: str | None


class ReviewTimesView(Model):
    last_on: date | None
    next_on: date | None
    overdue: bool


class ShownAlertView(Model):
    alert_id: str
    kind: str
    rule: str
    subject: str
    state: str
    days: list[date]
    words: str


class ProgressView(Model):
    plan_id: str
    title: str
    currency: str | None
    state: str
    version: int
    day: date
    objectives: list[ObjectiveView]
    budget: list[BudgetLineView]
    resources: dict[str, Any]
    in_force: list[InForceView]
    contingencies: list[ContingencyView]
    reviews: ReviewTimesView
    alerts: list[ShownAlertView]


class SaidObjectiveView(Model):
    id: str
    verdict: str
    value: float | None
    because: str


class SaidLineView(Model):
    id: str
    state: str | None
    actual_minor: float


class SaidDayView(Model):
    day: date
    version: int | None
    is_behind: bool
    objectives: list[SaidObjectiveView]
    budget: list[SaidLineView]


class SaidDayPage(Model):
    items: list[SaidDayView]
    next_cursor: str | None


class ReviewView(Model):
    for_day: date
    is_final: bool
    notes: str
    decisions: list[dict[str, Any]]
    reviewed_by: str
    reviewed_on: date
    progress: dict[str, Any]


class ReviewList(Model):
    items: list[ReviewView]


class DeliveryView(Model):
    person: str
    day: date
    state: Literal["queued", "sent", "failed", "not-configured", "no-address"]
    attempts: int
    reason: str | None
    sent_at: datetime | None


class CorrectedDayView(Model):
    day: date
    was: str
    is_: Annotated[str, Field(alias="is")]


class AlertView(Model):
    alert_id: str
    plan_id: str | None
    kind: Literal["rule", "contingency"]
    rule: str
    subject: str
    state: Literal["raised", "cleared", "corrected"]
    raised_on: date
    ended_on: date | None
    days: list[date]
    figures: dict[str, float | None]
    words: str
    corrections: list[CorrectedDayView]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    note: str | None
    deliveries: list[DeliveryView]


class AlertPage(Model):
    items: list[AlertView]
    next_cursor: str | None


class AlertRulesView(Model):
    rules: list[dict[str, Any]]
    people: list[dict[str, Any]]
    etag: str


class ExperimentSummary(Model):
    name: str
    run: int
    status: Literal["running", "stopped"]
    champion: str
    started_on: date
    stopped_on: date | None


class ExperimentList(Model):
    items: list[ExperimentSummary]


class AnalysisView(Model):
    name: str
    run: int
    analysis: dict[str, Any]


class ExperimentAnswer(Model):
    name: str
    run: int
    status: Literal["running", "stopped"]
    champion: str
    started_on: date
    stopped_on: date | None
    because: str | None
    at: date
    analysis: dict[str, Any]
    arms: list[dict[str, Any]]
    mismatch: dict[str, Any]
    comparisons: list[dict[str, Any]]
    series: list[dict[str, Any]]
    verdict: str
    words: str
