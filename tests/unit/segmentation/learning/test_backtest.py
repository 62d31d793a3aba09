"""The backtest: as defined, and no worse than the baseline on any kind of ledger."""

from datetime import date, timedelta
from functools import cache

import msgspec
import numpy as np
import pytest

from services.segmentation.learning.backtest import Report, backtest
from services.segmentation.learning.cases import InvoiceFacts, cases_of
from shared.errors import Invalid
from tests.unit.segmentation.learning.ledgers import ALL, BEGIN, TODAY, an_invoice, small

pytestmark = pytest.mark.slow


@cache
def report_of(name: str) -> Report:
    """A ledger's backtest, made once for all that is asked of it."""
    return backtest(ALL[name](), target="late_payment", today=TODAY)


@pytest.mark.parametrize("name", ALL)
def test_it_is_not_clearly_worse_than_the_baseline_anywhere(name: str) -> None:
    report = report_of(name)
    model, baseline = report.model, report.baseline
    assert model.auc is not None
    assert baseline.auc is not None
    loose = 0.02 + 0.5 / report.n_test**0.5  # a few cases tell little
    assert model.brier <= baseline.brier * (1 + loose)
    assert model.log_loss <= baseline.log_loss * (1 + loose)
    assert model.auc >= baseline.auc - loose
    assert model.calibration_error <= max(0.08, 1.5 / report.n_test**0.5)


@pytest.mark.parametrize("name", ["business", "single_invoices", "mostly_late", "turning"])
def test_it_is_clearly_better_where_there_is_something_to_learn(name: str) -> None:
    report = report_of(name)
    assert report.model.log_loss < report.baseline.log_loss - 0.015


@pytest.mark.full
def test_it_ranks_as_the_baseline_does_where_the_payers_share_is_all_there_is() -> None:
    ahead, worse = [], []
    for seed in range(11, 17):  # on one ledger chance alone is worth a hundredth of AUC
        facts = ALL["overdue_when_booked"](seed)
        report = backtest(facts, target="late_payment", today=TODAY)
        assert report.model.auc is not None
        assert report.baseline.auc is not None
        ahead.append(report.model.auc - report.baseline.auc)
        worse.append(report.model.brier - report.baseline.brier)
    assert np.mean(ahead) >= -0.003
    assert np.mean(worse) <= 0


def test_it_says_when_unpaid_invoices_will_be_paid() -> None:
    report = backtest(ALL["mostly_late"](), target="pays_within", today=TODAY)
    assert report.horizon_days == 30
    assert report.model.auc is not None
    assert report.model.auc > 0.8
    assert report.model.brier < report.baseline.brier


def test_the_split_is_at_the_quantile_of_decision_days_ties_to_the_test() -> None:
    facts, report = small(), report_of("small")
    assert report.train_fraction == 0.7
    cases = cases_of(facts, "late_payment", horizon_days=0, today=TODAY)
    days = sorted(case.day for case in cases)
    split = days[int(len(days) * 0.7)]
    assert report.split_on == split
    assert report.n_train == sum(day < split for day in days)
    assert report.n_test == len(days) - report.n_train
    assert report.n_learned == sum(c.day < split and c.fact.due_on < split for c in cases)


def test_the_report_has_the_figures_and_the_same_for_the_baseline() -> None:
    told = backtest(small(), target="late_payment", today=TODAY, with_challenger=True).to_builtins()
    wanted = {"auc", "brier", "log_loss", "calibration"}
    assert {"n_train", "n_test"} | wanted <= told.keys()
    assert wanted <= told["baseline"].keys()
    assert wanted <= told["challenger"].keys()
    assert msgspec.json.decode(msgspec.json.encode(told)) == told
    assert {"from_probability", "to_probability", "cases"} <= told["calibration"][0].keys()


def test_planted_outcomes_after_the_split_do_not_change_what_is_learned() -> None:
    facts, report = small(), report_of("small")
    fields = [{n: getattr(f, n) for n in f.__struct_fields__} for f in facts]
    planted = [
        InvoiceFacts(**{**f, "settled_on": None})
        if f["settled_on"] and f["settled_on"] >= report.split_on
        else InvoiceFacts(**f)
        for f in fields
    ]
    assert (
        backtest(planted, target="late_payment", today=TODAY).model_version == report.model_version
    )


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ([], "nothing to test"),
        ([an_invoice()], "none was decided before"),
        ([an_invoice("a", f"i{n}", decided=n) for n in range(200)], "all .* cases are in time"),
        (
            [an_invoice("a", f"i{n}", decided=n, delay=n % 2, terms=400) for n in range(90)],
            "none has an outcome that was known by then",
        ),
    ],
)
def test_it_names_what_is_missing(facts: list[InvoiceFacts], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        backtest(facts, target="late_payment", today=TODAY)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_the_fraction_must_leave_two_parts(fraction: float) -> None:
    with pytest.raises(Invalid) as refused:
        backtest(small(), target="late_payment", train_fraction=fraction, today=TODAY)
    assert refused.value.errors[0].pointer == "/train_fraction"


def test_one_outcome_in_the_later_part_leaves_no_auc_and_no_nan() -> None:
    rng = np.random.default_rng(2)
    facts = [
        an_invoice(
            f"a{n % 9}", f"i{n}", decided=n, delay=int(rng.integers(-5, 6)) if n < 140 else -1
        )
        for n in range(210)
    ]
    report = backtest(facts, target="late_payment", today=date.max.replace(year=2999))
    assert report.model.auc is None
    assert report.baseline.auc is None
    assert np.isfinite(report.model.log_loss)
    assert report.split_on > BEGIN + timedelta(days=100)
