"""Our figures are scikit-learn's, and what it does not have is right in cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from services.segmentation.learning.figures import (
    auc,
    brier,
    calibration,
    calibration_error,
    figures_of,
    log_loss,
    psi,
)

cases = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60).filter(
    lambda found: len({outcome for outcome, _ in found}) == 2
)


@given(cases)
def test_they_equal_scikit_learn(found: list[tuple[bool, int]]) -> None:
    truth = np.array([outcome for outcome, _ in found])
    chance = np.array([step / 20 for _, step in found])
    assert auc(truth, chance) == pytest.approx(metrics.roc_auc_score(truth, chance), abs=1e-12)
    assert brier(truth, chance) == pytest.approx(metrics.brier_score_loss(truth, chance))
    inside = np.clip(chance, 0.01, 0.99)
    assert log_loss(truth, inside) == pytest.approx(metrics.log_loss(truth, inside))


def test_a_certain_probability_that_was_wrong_costs_much_but_not_everything() -> None:
    assert 30 < log_loss(np.array([True]), np.array([0.0])) < 40


def test_calibration_says_what_was_said_and_what_came() -> None:
    truth = np.array([True, False, False, True])
    chance = np.array([0.1, 0.15, 0.19, 1.0])
    low, high = calibration(truth, chance)
    assert (low.from_probability, low.to_probability, low.cases) == (0.1, 0.2, 3)
    assert low.observed_share == pytest.approx(1 / 3, abs=1e-6)
    assert (high.cases, high.mean_probability, high.observed_share) == (1, 1.0, 1.0)
    assert calibration_error(truth, chance) == pytest.approx(3 / 4 * (1 / 3 - 0.44 / 3), abs=1e-5)


def test_where_all_outcomes_are_the_same_there_is_nothing_to_rank() -> None:
    figures = figures_of(np.array([True, True]), np.array([0.5, 0.7]))
    assert figures.auc is None
    assert figures.share == 1.0
    with pytest.raises(ValueError, match="true and a false"):
        auc(np.array([True]), np.array([0.5]))


def test_psi_is_nothing_for_the_same_shares_and_much_for_others() -> None:
    before = np.array([10.0, 20.0, 70.0])
    assert psi(before, before * 3) == pytest.approx(0)
    assert psi(before, np.array([70.0, 20.0, 10.0])) > 0.25
    assert np.isfinite(psi(before, np.array([0.0, 0.0, 5.0])))
    assert psi(np.zeros(2), np.zeros(2)) == 0
    with pytest.raises(ValueError, match="same classes"):
        psi(before, np.array([1.0]))
