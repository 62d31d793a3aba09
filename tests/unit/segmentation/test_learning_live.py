"""What is kept by difference equals what is worked out anew, and nothing knows its future."""

from datetime import date
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.segmentation.domain.account import Account, change_zone, facts_of
from services.segmentation.domain.assess import assess
from services.segmentation.domain.features import features_of
from services.segmentation.domain.fold import fold
from services.segmentation.domain.payer import Everybody, Payer
from services.segmentation.domain.policy import Policy, parse_text
from services.segmentation.domain.questions import Inquiry
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Scorer, pack, unpack
from services.segmentation.learning.cases import InvoiceFacts, Target, cases_of
from services.segmentation.learning.features import NAMES, Columns
from services.segmentation.learning.history import PayerHistory
from services.segmentation.learning.model import Model
from services.segmentation.learning.training import train
from services.segmentation.learning.walk import portfolio_at, walk
from services.segmentation.settings import DEFAULT_POLICY
from shared.errors import Invalid
from shared.events import Received
from tests.unit.segmentation.builders import ACCOUNT, Story, day, fold_all
from tests.unit.segmentation.history import portfolio
from tests.unit.segmentation.test_account import steps, story_of

pytestmark = pytest.mark.slow

POLICY: Policy = parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))


@cache
def creditor() -> tuple[tuple[Received, ...], dict[str, Account], list[InvoiceFacts]]:
    """A creditor's events, the accounts they make, and the facts that models learn from."""
    events = tuple(portfolio(40))
    accounts: dict[str, Account] = {}
    for event in events:
        fold(accounts.setdefault(event.key, Account()), event.key, event)
    facts = [fact for key, account in accounts.items() for fact in facts_of(account, key)]
    return events, accounts, facts


@cache
def trained(target: Target) -> Model:
    return train(target, creditor()[2], until=day(300), today=day(420))


def same(one: PayerHistory, other: PayerHistory) -> None:
    """Sums of floats may differ in their last bit by the order of adding."""
    left, right = msgspec.structs.asdict(one), msgspec.structs.asdict(other)
    usual = "usual_delay_days"
    assert left.pop(usual) == pytest.approx(right.pop(usual), abs=1e-6)
    for sums in ("amounts", "outcomes_minor", "overdue_minor"):
        left[sums] = {k: v for k, v in left[sums].items() if v not in (0, (0, 0))}
        right[sums] = {k: v for k, v in right[sums].items() if v not in (0, (0, 0))}
    assert left == right


@settings(max_examples=150)
@given(chosen=steps, number=st.integers(0, 260))
def test_a_payer_kept_by_difference_is_the_history_made_anew(
    chosen: list[tuple[str, int, int]], number: int
) -> None:
    account = story_of(chosen).folded()
    everybody = trained("late_payment").document.portfolio
    asked = Inquiry(account, ACCOUNT, features_of(account), day(number))
    made = PayerHistory.of(facts_of(account, ACCOUNT), day(number), everybody)
    same(asked.history(Everybody(everybody)), made)


@settings(max_examples=100)
@given(chosen=steps)
def test_a_payer_is_the_same_whatever_order_made_it(chosen: list[tuple[str, int, int]]) -> None:
    account = story_of(chosen).folded()
    again = Payer()
    for fact in facts_of(account, ACCOUNT):
        again.replace(None, fact)
    assert account.payer == again


def test_a_change_of_zone_moves_the_days_of_the_whole_history() -> None:
    story = Story().registered().issued("I1", 3, due=20, balance=10_000)
    account = story.folded()
    before = list(facts_of(account, ACCOUNT))
    change_zone(account, "Pacific/Kiritimati")  # 14 hours ahead: noon is tomorrow's morning
    after = list(facts_of(account, ACCOUNT))
    assert [fact.decided_on for fact in before] == [day(3)]
    assert [fact.decided_on for fact in after] == [day(4)]
    assert account.payer.booked == [(day(4).toordinal(), "I1")]


def test_what_is_asked_of_an_invoice_at_issue_is_what_a_model_learns_from() -> None:
    """The features of a live question on the decision day are those of the case, to the bit but
    for sums of floats."""
    events, _, facts = creditor()
    model = trained("late_payment")
    known = portfolio_at(facts, day(301))
    cases = [
        case
        for case in cases_of(facts, "late_payment", horizon_days=30, today=day(420))
        if case.day > day(300)
    ]
    walked = walk(facts, cases)
    rows = {
        (case.fact.account_id, case.fact.invoice_id): row
        for case, row in zip(walked.cases, walked.columns.values.tolist(), strict=True)
    }
    portfolio_wide = {"portfolio_late_share", "amount_to_portfolio"}  # a model's are its window's
    shrunk = {"late_share", "late_share_recent", "late_share_amount"}
    delays = {"mean_delay_days", "recent_delay_days"}
    accounts: dict[str, Account] = {}
    scorer, compared = Scorer(model), 0
    for event in events:
        account = accounts.setdefault(event.key, Account())
        fold(account, event.key, event)
        if event.type != "invoice-issued" or event.time.date() <= day(300):
            continue
        inquiry = Inquiry(account, event.key, features_of(account), event.time.date())
        ask = inquiry.ask("late_payment")
        live = model.row(scorer.history(inquiry), ask, known)
        learnt = rows[event.key, event.decode().invoice_id]
        assert ask.invoice_id == event.decode().invoice_id
        for name, one, other in zip(walked.columns.names, live, learnt, strict=True):
            if name in portfolio_wide | shrunk | delays:
                assert one == pytest.approx(
                    other, abs=2.0 if name in delays else 0.2, nan_ok=True
                ), name
            else:
                assert one == pytest.approx(other, nan_ok=True), name
        compared += 1
    assert compared > 50


@settings(max_examples=60)
@given(number=st.integers(20, 380), account_id=st.sampled_from([f"C{n:03d}" for n in range(40)]))
def test_the_future_planted_changes_no_feature(number: int, account_id: str) -> None:
    """What lies on the day or after it is not in a question about the day."""
    events = [event for event in creditor()[0] if event.key == account_id]
    past = fold_all([e for e in events if e.time.date() < day(number)], account_id)
    whole = fold_all(events, account_id)
    everybody = Everybody(trained("late_payment").document.portfolio)
    histories = [
        Inquiry(account, account_id, features_of(account), day(number)).history(everybody)
        for account in (past, whole)
    ]
    same(*histories)


@pytest.mark.parametrize("target", ["late_payment", "pays_within"])
def test_a_scorer_says_what_its_model_says_point_for_point(target: Target) -> None:
    model, (_, _, facts) = trained(target), creditor()
    cases = cases_of(facts, target, horizon_days=30, today=day(420))
    walked = walk(facts, cases)
    batch, scorer = model.score(walked.columns), Scorer(model)
    for index, row in enumerate(walked.columns.values.tolist()):
        score = scorer.score(row)
        assert score.points == batch.total[index]
        assert score.probability == batch.probability[index] == scorer.probability(row)
        assert sum(reason.points for reason in score.reasons) == score.points
    first = Columns(walked.columns.names, walked.columns.values[:1])
    assert scorer.score(walked.columns.values[0].tolist()).reasons == model.explain(first)


def test_a_recorded_row_keeps_every_bit() -> None:
    row = [float("nan"), -0.0, 1e-300, 0.1 + 0.2, *([1.0] * (len(NAMES) - 4))]
    assert pack(unpack(pack(row))) == pack(row)
    with pytest.raises(Invalid, match="another version"):
        unpack(b"12345678")


@settings(max_examples=40)
@given(data=st.data())
def test_events_one_by_one_and_from_scratch_make_the_same_assessment(data: st.DataObject) -> None:
    """Saved and loaded between any two events, or folded at once: bit for bit the same."""
    account_id = data.draw(st.sampled_from([f"C{n:03d}" for n in range(40)]))
    events = [event for event in creditor()[0] if event.key == account_id]
    upto = data.draw(st.integers(1, len(events)))
    scorers: dict[Target, Scorer] = {
        "late_payment": Scorer(trained("late_payment")),
        "pays_within": Scorer(trained("pays_within")),
    }
    rules = Rules(policy=POLICY, scorers=scorers, indices={"market": [(date(2026, 1, 1), 1.5)]})
    account = Account()
    for event in events[:upto]:
        if data.draw(st.booleans()):
            account = msgspec.json.decode(msgspec.json.encode(account), type=Account)
        fold(account, account_id, event)
    found = assess(account, account_id, rules)
    whole = assess(fold_all(events[:upto], account_id), account_id, rules)
    assert plain_values(found) == plain_values(whole)
    assert found.features.indices == {"market": 1.5}


def plain_values(found: Any) -> Any:
    """An assessment in plain values; rows by their bits, for NaN is not equal to itself."""
    plain = msgspec.structs.asdict(found)
    plain["answers"] = {
        target: (answer.version, answer.probability, pack(answer.row))
        for target, answer in found.answers.items()
    }
    return plain
