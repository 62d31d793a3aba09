"""Train a model on a tenant's own history and keep it in the registry; test on the same history."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from services.segmentation.commands.business_time import business_day
from services.segmentation.commands.facts import read_facts
from services.segmentation.commands.workshop import Workshop
from services.segmentation.learning.backtest import backtest, rate
from services.segmentation.learning.cases import (
    HORIZON_DAYS,
    InvoiceFacts,
    Target,
    cases_of,
    check_horizon,
)
from services.segmentation.learning.challenger import Challenger, grow
from services.segmentation.learning.challenger import rate as rate_challenger
from services.segmentation.learning.figures import Figures, figures_of
from services.segmentation.learning.model import Model, described
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.training import ONE_DAY, known_at, learn
from services.segmentation.learning.walk import Walked, walk
from services.segmentation.store import models as store
from services.segmentation.store.figures import indices_of
from shared import clock
from shared.business_time import Clock
from shared.database import Session
from shared.errors import FieldError, Invalid


class Order(Struct, frozen=True, kw_only=True):
    """What is to be trained."""

    target: Target
    horizon_days: int = HORIZON_DAYS
    until: date | None = None  # None: the last begun day, which leaves nothing to test on
    by: str


class Trained(Struct, frozen=True, kw_only=True):
    """What training and testing came to. Figures are None where no case came after."""

    model: Model
    challenger: Challenger
    until: date
    n_test: int
    tested: Figures | None
    challenged: Figures | None
    baseline: Figures | None


async def train_model(
    session: Session, tenant: str, order: Order, *, mode: Clock, workshop: Workshop
) -> dict[str, Any]:
    """Train, test on the part after, keep. Raises `Invalid` where there is too little to learn."""
    past = await _past(session, tenant, mode)
    trained = await workshop.work(session, lambda: _train(past, order))
    report = _report(trained)
    kept: tuple[tuple[str, bytes, str | None, Any], ...] = (
        (trained.model.version, trained.model.to_json(), None, report),
        (
            trained.challenger.version,
            trained.challenger.to_json(),
            trained.model.version,
            report["challenger"],
        ),
    )
    for version, document, beside, figures in kept:
        await store.insert_model(
            session,
            tenant,
            version=version,
            target=order.target,
            horizon_days=trained.model.horizon_days,
            document=document,
            beside=beside,
            report=figures,
            until=trained.until,
            trained_by=order.by,
            created_at=clock.now(),
        )
    return report


async def run_backtest(
    session: Session,
    tenant: str,
    target: Target,
    train_fraction: float,
    horizon_days: int,
    *,
    mode: Clock,
    workshop: Workshop,
) -> dict[str, Any]:
    """Train on the first part of the history and test on the rest. Nothing is kept."""
    past = await _past(session, tenant, mode)

    def work() -> dict[str, Any]:
        return backtest(
            past.facts,
            target=target,
            train_fraction=train_fraction,
            today=past.today,
            horizon_days=horizon_days,
            indices=past.indices,
        ).to_builtins()

    return await workshop.work(session, work)


class Past(Struct, frozen=True):
    """All there is to learn from."""

    facts: Sequence[InvoiceFacts]
    indices: Indices
    today: date  # the last begun day


async def _past(session: Session, tenant: str, mode: Clock) -> Past:
    today = await business_day(session, tenant, mode)
    if today is None:
        raise Invalid("There is nothing to learn from: no account is known yet.")
    indices = await indices_of(session, tenant)
    return Past(await read_facts(session, tenant), indices, today)


def _train(past: Past, order: Order) -> Trained:
    """A scorecard, and the trees that challenge it, from the same cases."""
    until = order.until or past.today
    check_horizon(order.horizon_days)
    if until > past.today:
        words = f"must not be after {past.today}, the last begun day"
        raise Invalid("A model cannot be trained on the future.", [FieldError("/until", words)])
    cut = min(until + ONE_DAY, past.today)
    known = known_at(past.facts, cut)
    cases = cases_of(known, order.target, horizon_days=order.horizon_days, today=cut)
    walked = walk(known, cases, cut, past.indices)
    model = learn(walked, order.target, order.horizon_days, cut)
    challenger = grow(walked, order.target, order.horizon_days, cut)
    asked = _after(past, order, until)
    return Trained(
        model=model,
        challenger=challenger,
        until=until,
        n_test=len(asked.cases) if asked else 0,
        tested=rate(model, asked) if asked else None,
        challenged=rate_challenger(challenger, asked) if asked else None,
        baseline=figures_of(asked.outcome, asked.baseline) if asked else None,
    )


def _after(past: Past, order: Order, until: date) -> Walked | None:
    """The cases that were decided after it, each with what was known before its day."""
    cases = cases_of(past.facts, order.target, horizon_days=order.horizon_days, today=past.today)
    after = [case for case in cases if case.day > until]
    return walk(past.facts, after, indices=past.indices) if after else None


def _report(trained: Trained) -> dict[str, Any]:
    """As the API says it: what the model is, and its figures on the part after `until`."""
    window = trained.model.document.window
    return {
        **described(trained.model),
        "until": trained.until.isoformat(),
        "n_train": window.cases,
        "n_test": trained.n_test,
        **_told(trained.tested),
        "baseline": _told(trained.baseline),
        "challenger": {"version": trained.challenger.version, **_told(trained.challenged)},
    }


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("share", "auc", "brier", "log_loss", "calibration_error")),
    "calibration": [],
}


def _told(figures: Figures | None) -> dict[str, Any]:
    if figures is None:
        return dict(_NOTHING)
    told: dict[str, Any] = msgspec.to_builtins(figures)
    del told["cases"]
    return told
