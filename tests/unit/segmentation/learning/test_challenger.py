"""The exported trees say exactly what scikit-learn's own object says."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from services.segmentation.learning.cases import cases_of
from services.segmentation.learning.challenger import Challenger, exported, fit_trees, grow, varying
from services.segmentation.learning.features import NAMES, Columns
from services.segmentation.learning.walk import Walked, walk
from shared.errors import Invalid
from tests.unit.segmentation.learning import ledgers
from tests.unit.segmentation.learning.ledgers import TODAY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def walked() -> Walked:
    facts = ledgers.mostly_late()
    return walk(facts, cases_of(facts, "late_payment", horizon_days=30, today=TODAY))


def test_the_exported_trees_equal_scikit_learn(walked: Walked) -> None:
    features = varying(walked)
    fitted = fit_trees(walked, features, "late_payment")
    ours = Challenger(exported(fitted, walked, features, "late_payment", 0, TODAY))
    ours = Challenger.from_json(ours.to_json())
    rng = np.random.default_rng(3)
    values = np.vstack([walked.columns.values, rng.normal(0, 100, (500, len(NAMES)))])
    values[rng.random(values.shape) < 0.1] = np.nan
    rows = Columns(NAMES, values)
    theirs = values[:, [NAMES.index(feature.name) for feature in features]]
    np.testing.assert_array_equal(ours.log_odds(rows), fitted.decision_function(theirs))
    np.testing.assert_allclose(
        ours.probability(rows), fitted.predict_proba(theirs)[:, 1], rtol=1e-14, atol=0
    )


def test_the_same_cases_give_the_same_bytes_and_a_changed_one_is_refused(walked: Walked) -> None:
    few = walked.latest(600)
    one, two = (grow(few, "late_payment", 0, TODAY + timedelta(days=1)) for _ in range(2))
    assert one.to_json() == two.to_json()
    assert one.version.startswith("challenger-late_payment-")
    with pytest.raises(Invalid, match="changed after training"):
        Challenger.from_json(one.to_json().replace(b'"start":', b'"start":1', 1))
    with pytest.raises(Invalid, match="needs the features"):
        one.probability(Columns(("late_share",), few.columns.values[:, :1]))


def test_trees_that_lead_nowhere_are_refused(walked: Walked) -> None:
    one = grow(walked.latest(600), "late_payment", 0, TODAY)
    tree = one.document.trees[0]
    astray = msgspec.structs.replace(tree, left=(99, *tree.left[1:]))
    document = msgspec.structs.replace(one.document, trees=(astray,))
    with pytest.raises(Invalid, match="do not fit together"):
        Challenger.from_json(Challenger(document).to_json())
