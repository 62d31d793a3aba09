"""Watching a model: has the population moved, does it still say the truth, and is it fair to all?

Drift compares what it looks at now (cases decided after its training window) with what it was
trained on, in its own bins. Calibration holds what it says of those cases against what came.
Fairness does the same for groups of accounts, and shows whom we contact.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

import numpy as np
from msgspec import Struct

from services.segmentation.learning.cases import Case, InvoiceFacts, Target, cases_of
from services.segmentation.learning.challenger import Challenger
from services.segmentation.learning.figures import Floats, Truths, brier, calibration_error, psi
from services.segmentation.learning.model import Model
from services.segmentation.learning.walk import Walked, walk

Verdict = Literal["steady", "moving", "moved"]
GroupBy = Literal["kind", "country", "currency", "tag"]

MOVING_FROM, MOVED_FROM = 0.1, 0.25  # the usual reading of PSI
CASES_TO_JUDGE = 30  # fewer say nothing of a group or a month


class Traits(Struct, frozen=True):
    """What groups are made of, and what was done with an account."""

    groups: dict[GroupBy, tuple[str, ...]]
    was_overdue: bool
    contacts: int


class Drift(Struct, frozen=True):
    feature: str
    psi: float
    verdict: Verdict


class Truthfulness(Struct, frozen=True, kw_only=True):
    """What was predicted for some cases, and what came."""

    cases: int
    mean_probability: float | None
    observed_share: float | None
    brier: float | None
    calibration_error: float | None
    is_enough: bool  # to be judged by


class Month(Struct, frozen=True, kw_only=True):
    month: str  # of the decision days: 2026-03
    figures: Truthfulness


class Group(Struct, frozen=True, kw_only=True):
    """One group of accounts."""

    group: str
    accounts: int
    overdue_accounts: int
    contact_rate: float | None  # share of those ever overdue that were contacted
    contacts_per_account: float | None  # of those
    offer_rate: float | None  # share of those that were offered a plan or a settlement
    figures: Truthfulness


class Shadowing(Struct, frozen=True, kw_only=True):
    """A challenger's answers against those in force, for the same accounts on the same days."""

    scores: int
    mean_difference: float | None
    mean_distance: float | None


class Watch(Struct, frozen=True, kw_only=True):
    """All that is watched of a model."""

    model_version: str
    target: Target
    until: date  # the end of what it was trained on
    as_of: date
    cases: int  # decided after it
    score_drift: Drift | None
    drift: tuple[Drift, ...]
    calibration: Truthfulness
    months: tuple[Month, ...]
    group_by: GroupBy
    groups: tuple[Group, ...]


def watch_model(
    model: Model,
    facts: Sequence[InvoiceFacts],
    traits: Mapping[str, Traits],
    *,
    group_by: GroupBy,
    today: date,
    trees: Challenger | None = None,
) -> Watch:
    """Everything at once, from what is known now. Trees look at the rows of their scorecard: their
    drift is its drift."""
    window = model.document.window
    asked = _asked(model, facts, today)
    known = _known(model, facts, today)
    predicted = None
    if known is not None:
        asking = trees.probability if trees else lambda rows: model.score(rows).probability
        predicted = asking(known.columns)
    return Watch(
        model_version=trees.version if trees else model.version,
        target=model.target,
        until=window.until,
        as_of=today,
        cases=len(asked.cases) if asked is not None else 0,
        score_drift=_score_drift(model, asked) if asked is not None else None,
        drift=_drifts(model, asked) if asked is not None else (),
        calibration=_truthfulness(known, predicted, None),
        months=_months(known, predicted),
        group_by=group_by,
        groups=_groups(known, predicted, traits, group_by),
    )


def _asked(model: Model, facts: Sequence[InvoiceFacts], today: date) -> Walked | None:
    """What the model is asked since its window, whether or not it is known how that ended."""
    if model.target == "pays_within":
        return _known(model, facts, today)
    until = model.document.window.until
    cases = [
        Case(fact, fact.day, fact.is_late, today)
        for fact in facts
        if fact.amount_minor > 0 and fact.was_at_stake and until < fact.day <= today
    ]
    cases.sort(key=lambda case: (case.day, case.fact.account_id, case.fact.invoice_id))
    return walk(facts, cases) if cases else None


def _known(model: Model, facts: Sequence[InvoiceFacts], today: date) -> Walked | None:
    """The cases since its window whose outcome is known."""
    horizon = model.horizon_days or 1
    cases = cases_of(facts, model.target, horizon_days=horizon, today=today)
    after = [case for case in cases if case.day > model.document.window.until]
    return walk(facts, after) if after else None


def _drifts(model: Model, asked: Walked) -> tuple[Drift, ...]:
    place = {name: index for index, name in enumerate(asked.columns.names)}
    found = []
    for card in model.document.cards:
        bins = card.bins(asked.columns.values[:, place[card.feature]])
        counts = np.bincount(bins, minlength=len(card.shares)).astype(np.float64)
        found.append(_drift(card.feature, np.array(card.shares, dtype=np.float64), counts))
    return tuple(sorted(found, key=lambda drift: (-drift.psi, drift.feature)))


def _score_drift(model: Model, asked: Walked) -> Drift | None:
    edges, shares = model.document.score_edges, model.document.score_shares
    if not shares:
        return None
    total = model.score(asked.columns).total
    bins = np.searchsorted(np.array(edges), total, side="right")
    counts = np.bincount(bins, minlength=len(shares)).astype(np.float64)
    return _drift("score", np.array(shares, dtype=np.float64), counts)


def _drift(name: str, before: Floats, now: Floats) -> Drift:
    moved = round(psi(before, now), 6)
    verdict: Verdict = "steady"
    if moved >= MOVING_FROM:
        verdict = "moved" if moved >= MOVED_FROM else "moving"
    return Drift(name, moved, verdict)


def _truthfulness(
    known: Walked | None, predicted: Floats | None, which: Truths | None
) -> Truthfulness:
    if known is None or predicted is None:
        return NOTHING_KNOWN
    outcome = known.outcome if which is None else known.outcome[which]
    chance = predicted if which is None else predicted[which]
    if not len(outcome):
        return NOTHING_KNOWN
    return Truthfulness(
        cases=len(outcome),
        mean_probability=round(float(chance.mean()), 6),
        observed_share=round(float(outcome.mean()), 6),
        brier=round(brier(outcome, chance), 6),
        calibration_error=round(calibration_error(outcome, chance), 6),
        is_enough=len(outcome) >= CASES_TO_JUDGE,
    )


NOTHING_KNOWN = Truthfulness(
    cases=0,
    mean_probability=None,
    observed_share=None,
    brier=None,
    calibration_error=None,
    is_enough=False,
)


def _months(known: Walked | None, predicted: Floats | None) -> tuple[Month, ...]:
    if known is None:
        return ()
    months = np.array([case.day.isoformat()[:7] for case in known.cases])
    return tuple(
        Month(month=str(month), figures=_truthfulness(known, predicted, months == month))
        for month in np.unique(months)
    )


def _groups(
    known: Walked | None, predicted: Floats | None, traits: Mapping[str, Traits], group_by: GroupBy
) -> tuple[Group, ...]:
    """An account may be in several groups (tags) or in none."""
    accounts: dict[str, list[Traits]] = {}
    for trait in traits.values():
        for group in trait.groups[group_by]:
            accounts.setdefault(group, []).append(trait)
    of_cases = [
        traits[case.fact.account_id].groups[group_by] if case.fact.account_id in traits else ()
        for case in (known.cases if known is not None else ())
    ]
    found = []
    for group in sorted(accounts):
        members = accounts[group]
        overdue = [member for member in members if member.was_overdue]
        contacted = sum(member.contacts > 0 for member in overdue)
        contacts = sum(member.contacts for member in overdue)
        which = np.array([group in groups for groups in of_cases], dtype=np.bool_)
        found.append(
            Group(
                group=group,
                accounts=len(members),
                overdue_accounts=len(overdue),
                contact_rate=round(contacted / len(overdue), 6) if overdue else None,
                contacts_per_account=round(contacts / len(overdue), 6) if overdue else None,
                offer_rate=None,
                figures=_truthfulness(known, predicted, which),
            )
        )
    return tuple(found)


def shadowing(pairs: Sequence[tuple[float, float]]) -> Shadowing:
    """A challenger's probabilities against those in force."""
    if not pairs:
        return Shadowing(scores=0, mean_difference=None, mean_distance=None)
    both = np.array(pairs, dtype=np.float64)
    difference = both[:, 0] - both[:, 1]
    return Shadowing(
        scores=len(pairs),
        mean_difference=round(float(difference.mean()), 6),
        mean_distance=round(float(np.abs(difference).mean()), 6),
    )
