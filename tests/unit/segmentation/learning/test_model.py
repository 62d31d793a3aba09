"""A scorecard explains itself to the last point, keeps its seal, and never says NaN."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from services.segmentation.learning.cases import InvoiceFacts, cases_of
from services.segmentation.learning.features import BY_NAME, NAMES, Columns, direction
from services.segmentation.learning.history import Ask, PayerHistory
from services.segmentation.learning.model import Model, described, probability_of
from services.segmentation.learning.training import known_at, train
from services.segmentation.learning.walk import Walked, walk
from shared.errors import Invalid
from tests.unit.segmentation.learning import ledgers
from tests.unit.segmentation.learning.ledgers import BEGIN, TODAY, an_invoice

pytestmark = pytest.mark.slow

UNTIL = BEGIN + timedelta(days=500)


@pytest.fixture(scope="module")
def facts() -> list[InvoiceFacts]:
    return ledgers.business()


@pytest.fixture(scope="module")
def model(facts: list[InvoiceFacts]) -> Model:
    return train("late_payment", facts, until=UNTIL, today=TODAY)


@pytest.fixture(scope="module")
def walked(facts: list[InvoiceFacts]) -> Walked:
    return walk(facts, cases_of(facts, "late_payment", horizon_days=30, today=TODAY))


def test_points_add_up_to_the_score_and_give_the_probability(model: Model, walked: Walked) -> None:
    scored = model.score(walked.columns)
    np.testing.assert_array_equal(scored.points.sum(axis=1), scored.total)
    for place in range(0, len(scored.total), 50):
        total = int(scored.total[place])
        assert scored.probability[place] == pytest.approx(
            1 - 1 / (1 + 2 ** (-total / 20)), abs=1e-6
        )
        reasons = model.explain(walked.columns, place)
        assert sum(reason.points for reason in reasons) == total
        assert reasons[0].feature == "start"


def test_twenty_points_double_the_odds_of_being_paid() -> None:
    for target, sign in (("pays_within", 1), ("late_payment", -1)):
        low, high = (probability_of(points, target) for points in (0, 20 * sign))  # type: ignore[arg-type]
        assert (high / (1 - high)) / (low / (1 - low)) == pytest.approx(2, rel=1e-4)
    assert 0 < probability_of(10**9, "late_payment") < probability_of(-(10**9), "late_payment") < 1


def test_reasons_go_the_way_that_makes_sense(model: Model) -> None:
    for card in model.document.cards:
        way = direction(BY_NAME[card.feature], "late_payment")
        steps = np.diff(card.points)
        if way > 0:  # more of it, later: fewer points for paying
            assert (steps <= 0).all(), card.feature


def test_the_same_facts_give_the_same_bytes_in_any_order(
    facts: list[InvoiceFacts], model: Model
) -> None:
    again = train("late_payment", facts[::-1], until=UNTIL, today=TODAY)
    assert again.to_json() == model.to_json()


def test_what_became_known_later_changes_nothing(facts: list[InvoiceFacts], model: Model) -> None:
    cut = UNTIL + timedelta(days=1)
    known = known_at(facts, cut)
    assert train("late_payment", known, until=UNTIL, today=cut).to_json() == model.to_json()


def test_a_model_comes_back_from_json_as_it_was(model: Model, walked: Walked) -> None:
    again = Model.from_json(model.to_json())
    assert again.version == model.version
    assert again.document == model.document
    np.testing.assert_array_equal(
        again.score(walked.columns).probability, model.score(walked.columns).probability
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"start":', b'"start":1', "changed after training"),
        (b'"sha256":"', b'"sha256":"0', "changed after training"),
        (b'"model":', b'"modal":', "no model"),
        (b'{"sha256"', b"{sha256", "no model"),
    ],
)
def test_a_model_that_was_changed_is_refused(
    model: Model, old: bytes, new: bytes, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        Model.from_json(model.to_json().replace(old, new, 1))


def test_a_model_of_other_code_is_refused(model: Model) -> None:
    older = msgspec.structs.replace(model.document, code_version="learning-0")
    with pytest.raises(Invalid, match="train it again"):
        Model.from_json(Model(older).to_json())


def test_a_model_says_which_features_are_missing(model: Model, walked: Walked) -> None:
    names = tuple("late" if name == "late_share" else name for name in NAMES)
    with pytest.raises(Invalid, match="needs the features: late_share"):
        model.score(Columns(names, walked.columns.values))
    with pytest.raises(Invalid, match="features"):
        model.score(Columns(NAMES, walked.columns.values[:, :3]))


def test_an_account_without_history_is_scored_like_the_portfolio(model: Model) -> None:
    stranger = an_invoice("nobody", "first", decided=501)
    row = model.row(PayerHistory(), Ask.of(stranger, stranger.day))
    chance = float(model.score(Columns.of([row])).probability[0])
    assert abs(chance - model.document.portfolio.late_share) < 0.15


def test_no_row_makes_it_say_nan(model: Model) -> None:
    rows = np.array([[value] * len(NAMES) for value in (np.nan, np.inf, -np.inf, 0.0, 1e300)])
    scored = model.score(Columns(NAMES, rows))
    assert np.isfinite(scored.probability).all()
    assert ((scored.probability > 0) & (scored.probability < 1)).all()


def test_it_tells_its_window_its_figures_and_its_features(model: Model) -> None:
    told = described(model)
    assert told["version"].startswith("late_payment-")
    assert told["window"]["until"] == UNTIL.isoformat()
    assert told["validation"]["auc"] > 0.8
    assert set(told["features"]) <= set(NAMES)
    for card in model.document.cards:
        assert sum(card.shares) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ([], "no case has a known outcome"),
        (
            [an_invoice("a", f"i{n}", decided=n, delay=5) for n in range(50)],
            "all 50 cases are late",
        ),
        ([an_invoice("a", f"i{n}", decided=n) for n in range(50)], "all 50 cases are in time"),
    ],
)
def test_an_empty_class_is_named(made: list[InvoiceFacts], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        train("late_payment", made, until=UNTIL, today=TODAY)


def test_the_future_is_no_teacher(facts: list[InvoiceFacts]) -> None:
    with pytest.raises(Invalid) as refused:
        train("late_payment", facts, until=TODAY + timedelta(days=1), today=TODAY)
    assert refused.value.errors[0].pointer == "/until"


@pytest.mark.parametrize("late", [1, 2, 10])
def test_a_handful_of_cases_gives_a_careful_model(late: int) -> None:
    made = [
        an_invoice(f"a{n % 4}", f"i{n}", decided=10 * n, delay=9 if n < late else -1)
        for n in range(20)
    ]
    model = train("late_payment", made, until=UNTIL, today=TODAY)
    walked = walk(made, cases_of(made, "late_payment", horizon_days=30, today=TODAY))
    chance = model.score(walked.columns).probability
    assert np.isfinite(chance).all()
    assert abs(float(chance.mean()) - late / 20) < 0.1


def test_constant_features_are_left_out() -> None:
    rng = np.random.default_rng(1)
    made = [an_invoice("a", f"i{n}", decided=n, delay=int(rng.integers(-3, 4))) for n in range(300)]
    model = train("late_payment", made, until=UNTIL, today=TODAY)
    assert not {"kind", "terms_days", "amount_to_usual", "market_change"} & set(model.features)
