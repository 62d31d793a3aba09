"""Training: cases that are known by a day become a model. The same facts give the same bytes."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from services.segmentation.learning.answers import answers_of
from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    Case,
    InvoiceFacts,
    Target,
    cases_of,
    check_horizon,
)
from services.segmentation.learning.model import Model, ScorecardDocument, Window
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.scorecard import Problem, cards_of
from services.segmentation.learning.seal import CODE_VERSION
from services.segmentation.learning.selection import binned, choose
from services.segmentation.learning.walk import NO_INDICES, Walked, walk
from shared.errors import FieldError, Invalid

ONE_DAY = timedelta(days=1)
CASES_MOST = 60_000  # the latest ones; more say little of what comes next, and take their time


def train(
    target: Target,
    facts: Sequence[InvoiceFacts],
    *,
    until: date,
    horizon_days: int = HORIZON_DAYS,
    today: date,
    indices: Indices = NO_INDICES,
) -> Model:
    """A model from what was known at the end of `until`. Raises `Invalid` saying what is missing.

    `today` is the last begun day; nothing after it is known yet.
    """
    check_horizon(horizon_days)
    if until > today:
        raise Invalid(
            "A model cannot be trained on the future.",
            [FieldError("/until", f"must not be after {today}, the last begun day")],
        )
    cut = min(until + ONE_DAY, today)
    known = known_at(facts, cut)
    cases = cases_of(known, target, horizon_days=horizon_days, today=cut)
    return learn(walk(known, cases, cut, indices), target, horizon_days, cut)


def known_at(facts: Sequence[InvoiceFacts], day: date) -> list[InvoiceFacts]:
    """The invoices as they were known at the beginning of a day."""
    known = []
    for fact in facts:
        if fact.day >= day:
            continue
        if fact.settled_on is not None and fact.settled_on >= day:
            fact = InvoiceFacts(
                account_id=fact.account_id,
                invoice_id=fact.invoice_id,
                currency=fact.currency,
                amount_minor=fact.amount_minor,
                issued_on=fact.issued_on,
                decided_on=fact.decided_on,
                due_on=fact.due_on,
                kind=fact.kind,
            )
        known.append(fact)
    return known


def learn(walked: Walked, target: Target, horizon_days: int, cut: date) -> Model:
    """A model from cases whose outcome is known at the beginning of `cut`."""
    check_classes(walked.cases, target)
    choice = choose(walked, target, horizon_days)
    fitted = walked.latest(CASES_MOST)
    bins, values = binned(choice.features, fitted.columns.values)
    answers = answers_of(fitted, target, horizon_days, float(cut.toordinal()))
    problem = Problem(bins, values, answers, target, choice.others_weight)
    fit, _ = problem.fit(choice.strength)
    start, cards = cards_of(fit, bins, problem.placed, target)
    document = ScorecardDocument(
        code_version=CODE_VERSION,
        target=target,
        horizon_days=0 if target == "late_payment" else horizon_days,
        start=start,
        cards=cards,
        window=window_of(walked, cut),
        portfolio=walked.portfolio,
        shrinkage=choice.strength,
        others_weight=choice.others_weight,
        validation=choice.validation,
        score_edges=(),
        score_shares=(),
    )
    return Model(_with_scores(document, walked))


def window_of(walked: Walked, cut: date) -> Window:
    """What was learned from."""
    return Window(
        from_day=walked.cases[0].day,
        to_day=walked.cases[-1].day,
        until=cut - ONE_DAY,
        cases=len(walked.cases),
        positive=int(walked.outcome.sum()),
        accounts=len({case.fact.account_id for case in walked.cases}),
    )


def check_classes(cases: Sequence[Case], target: Target) -> None:
    """Both outcomes must be there. Raises `Invalid` that names what is missing."""
    what = "late and in time" if target == "late_payment" else "paid and unpaid"
    if not cases:
        raise Invalid(
            f"There is nothing to learn {target} from: no case has a known outcome by then"
        )
    positive = sum(case.outcome for case in cases)
    if positive in (0, len(cases)):
        only = what.split(" and ")[0 if positive else 1]
        raise Invalid(
            f"There is nothing to tell apart: all {len(cases)} cases are {only};"
            f" {target} needs both {what}"
        )


def _with_scores(document: ScorecardDocument, walked: Walked) -> ScorecardDocument:
    """The document with the deciles of its training scores, against which drift is seen."""
    total = Model(document).score(walked.columns).total
    wanted = np.quantile(total, np.arange(1, 10) / 10, method="inverted_cdf")
    edges = np.unique(wanted.astype(np.int64))
    counts = np.bincount(np.searchsorted(edges, total, side="right"), minlength=len(edges) + 1)
    return ScorecardDocument(
        **{name: getattr(document, name) for name in document.__struct_fields__}
        | {
            "score_edges": tuple(int(edge) for edge in edges),
            "score_shares": tuple(round(float(c) / len(total), 6) for c in counts),
        }
    )
