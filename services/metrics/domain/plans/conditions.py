"""What alerts and contingencies wait for, and whether it held on a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, field

from services.metrics.domain.experiments.verdicts import ExperimentVerdict
from services.metrics.domain.plans.texts import figure_text, kpi_text, opening
from services.metrics.domain.plans.traits import find_traits

ObjectiveVerdict = Literal[
    "too_early", "ahead", "on_track", "at_risk", "off_track", "met", "missed"
]
BudgetState = Literal["within", "at_risk", "over"]

EVERY = "*"
REVIEW_GRACE_DAYS = 5


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of: an objective's or an experiment's verdict, a budget line's state, a KPI beyond a
    bound, an overdue review, a platform that is behind or has parked accounts."""

    objective: Annotated[str, Meta(max_length=64)] | None = None  # "*": each of them
    budget: Annotated[str, Meta(max_length=64)] | None = None
    kpi: Annotated[str, Meta(max_length=128)] | None = None
    experiment: Annotated[str, Meta(max_length=128)] | None = None
    review: Literal["overdue"] | None = None
    platform: Literal["behind", "parked"] | None = None

    verdict: Annotated[tuple[str, ...], Meta(max_length=10)] = ()  # of objectives, experiments
    state: Annotated[tuple[BudgetState, ...], Meta(max_length=3)] = ()  # of budget lines
    split: dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=128)]] = field(
        default_factory=dict
    )
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | None = None
    per: Annotated[str, Meta(max_length=40)] | None = None
    days: Annotated[int, Meta(ge=1, le=3660)] | None = None
    above: Annotated[float, Meta(ge=-1e15, le=1e15)] | None = None
    below: Annotated[float, Meta(ge=-1e15, le=1e15)] | None = None

    @property
    def of(self) -> str:
        """What it is about."""
        return next((name for name in SUBJECTS if getattr(self, name) is not None), "")


SUBJECTS = ("objective", "budget", "kpi", "experiment", "review", "platform")


class SubjectFigures(Struct, frozen=True, kw_only=True):
    """What is known of one subject at the end of a day: its state, and the figures behind it."""

    subject: str
    state: str  # a verdict, a budget state, a KPI's value in words, …
    figures: Mapping[str, float | None] = field(default_factory=dict)
    words: str = ""


class DayFacts(Struct, frozen=True, kw_only=True):
    """All that conditions are judged by, of one day."""

    day: date
    objectives: Sequence[SubjectFigures] = ()
    budget: Sequence[SubjectFigures] = ()
    kpis: Mapping[str, float | None] = field(default_factory=dict)  # by `kpi_key`
    experiments: Mapping[str, SubjectFigures] = field(default_factory=dict)
    review_due_on: date | None = None  # the oldest that was not held
    is_behind: bool = False
    parked: int = 0


class HeldFinding(Struct, frozen=True, kw_only=True):
    """Whether a condition held, for one subject."""

    subject: str
    held: bool
    state: str
    figures: Mapping[str, float | None] = field(default_factory=dict)
    words: str = ""


def findings(condition: Condition, facts: DayFacts) -> list[HeldFinding]:
    """One for each subject that the condition is about."""
    if condition.objective is not None:
        return _of_named(condition.objective, facts.objectives, condition.verdict)
    if condition.budget is not None:
        return _of_named(condition.budget, facts.budget, condition.state)
    if condition.kpi is not None:
        return [_of_kpi(condition, facts)]
    if condition.experiment is not None:
        known = facts.experiments.get(condition.experiment)
        if known is None:
            return []
        return _of_named(EVERY, [known], condition.verdict)
    if condition.review is not None:
        return [_of_review(facts)]
    return [_of_platform(condition, facts)]


def kpi_key(condition: Condition) -> str:
    """What tells one question from another: text, so that it can be kept."""
    split = ",".join(f"{name}={value}" for name, value in sorted(condition.split.items()))
    parts = (condition.kpi, split, condition.currency, condition.per, condition.days)
    return "|".join("" if part is None else str(part) for part in parts)


def _of_named(
    name: str, subjects: Iterable[SubjectFigures], states: Sequence[str]
) -> list[HeldFinding]:
    return [
        HeldFinding(
            subject=each.subject,
            held=each.state in states,
            state=each.state,
            figures=each.figures,
            words=each.words,
        )
        for each in subjects
        if name in (EVERY, each.subject)
    ]


def _of_kpi(condition: Condition, facts: DayFacts) -> HeldFinding:
    value = facts.kpis.get(kpi_key(condition))
    bound = condition.above if condition.above is not None else condition.below
    is_above = condition.above is not None
    held = (
        value is not None and bound is not None and (value > bound if is_above else value < bound)
    )
    traits = find_traits(str(condition.kpi))
    assert traits is not None, "a rule that was read names a KPI"
    assert bound is not None, "and a bound"
    text = partial(figure_text, traits=traits, currency=condition.currency)
    shown = "no value" if value is None else text(value)
    split = ", ".join(f"{name} {part}" for name, part in sorted(condition.split.items()))
    name = opening(kpi_text(traits.name)) + (f" ({split})" if split else "")
    return HeldFinding(
        subject=f"{condition.kpi} ({split})" if split else str(condition.kpi),
        held=held,
        state=shown,
        figures={"value": value, "above" if is_above else "below": bound},
        words=f"{name} is {shown}, {'above' if is_above else 'below'} {text(bound)}"
        if held
        else f"{name} is {shown}",
    )


def _of_review(facts: DayFacts) -> HeldFinding:
    due = facts.review_due_on
    late = 0 if due is None else (facts.day - due).days
    held = late >= REVIEW_GRACE_DAYS
    words = f"the review of {due} is {late} days late" if due is not None else "no review is due"
    figures: dict[str, float | None] = {"days_late": float(late)}
    return HeldFinding(
        subject="review", held=held, state="overdue" if held else "in time", figures=figures,
        words=words,
    )  # fmt: skip


def _of_platform(condition: Condition, facts: DayFacts) -> HeldFinding:
    if condition.platform == "behind":
        return HeldFinding(
            subject="behind",
            held=facts.is_behind,
            state="behind" if facts.is_behind else "up to date",
            words="events were still to come in" if facts.is_behind else "nothing is behind",
        )
    return HeldFinding(
        subject="parked",
        held=facts.parked > 0,
        state=f"{facts.parked} parked",
        figures={"parked": float(facts.parked)},
        words=f"{facts.parked} accounts are parked: their events wait for a person",
    )


def shape_faults(raw: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Members of a condition that do not go together, with where they are."""
    named = [name for name in SUBJECTS if raw.get(name) is not None]
    if len(named) != 1:
        yield "", f"needs exactly one of {', '.join(SUBJECTS)}"
        return
    of = named[0]
    members = _MEMBERS[of]
    for name in raw:
        if name not in (of, *members) and name in Condition.__struct_fields__:
            yield f"/{name}", f"is not for a condition on {of}"
    if of in ("objective", "experiment"):
        yield from _verdict_faults(raw, of)
    elif of == "budget" and not raw.get("state"):
        yield "/state", "is missing: within, at_risk or over"
    elif of == "kpi" and (raw.get("above") is None) is (raw.get("below") is None):
        yield "/above", "needs exactly one of above, below"


_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "objective": ("verdict",),
    "budget": ("state",),
    "kpi": ("split", "currency", "per", "days", "above", "below"),
    "experiment": ("verdict",),
    "review": (),
    "platform": (),
}
_VERDICTS: Mapping[str, tuple[str, ...]] = {
    "objective": get_args(ObjectiveVerdict),
    "experiment": get_args(ExperimentVerdict),
}


def _verdict_faults(raw: Mapping[str, Any], of: str) -> Iterable[tuple[str, str]]:
    verdicts = raw.get("verdict")
    known = _VERDICTS[of]
    if not verdicts:
        yield "/verdict", f"is missing: some of {', '.join(known)}"
    elif isinstance(verdicts, list):
        for index, verdict in enumerate(verdicts):
            if verdict not in known:
                yield f"/verdict/{index}", f"must be one of {', '.join(known)}"
