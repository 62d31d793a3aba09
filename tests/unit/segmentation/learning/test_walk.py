"""Features are what was known before the day, and the same whether walked to or asked for."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.segmentation.learning.cases import Case, InvoiceFacts, cases_of
from services.segmentation.learning.features import NAMES, row_of
from services.segmentation.learning.history import Ask, PayerHistory
from services.segmentation.learning.portfolio import Indices
from services.segmentation.learning.walk import Walked, portfolio_at, walk
from tests.unit.segmentation.learning import ledgers
from tests.unit.segmentation.learning.ledgers import BEGIN, TODAY, an_invoice


def walked_of(facts: list[InvoiceFacts], indices: Indices | None = None) -> Walked:
    cases = cases_of(facts, "late_payment", horizon_days=30, today=TODAY)
    return walk(facts, cases, indices=indices or {})


def row_at(walked: Walked, invoice_id: str) -> dict[str, float]:
    place = [case.fact.invoice_id for case in walked.cases].index(invoice_id)
    return dict(zip(NAMES, walked.columns.values[place], strict=True))


def changed(fact: InvoiceFacts, **fields: object) -> InvoiceFacts:
    old = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return InvoiceFacts(**{**old, **fields})


# ------------------------------------------------------------------ the future changes nothing


@dataclass(frozen=True)
class Planted:
    facts: list[InvoiceFacts]
    case: Case


@st.composite
def planted(draw: st.DrawFn) -> Planted:
    """A ledger, one of its cases, and everything after that case's day drawn anew."""
    facts = draw(some_facts())
    cases = cases_of(facts, "late_payment", horizon_days=30, today=TODAY)
    if not cases:
        return Planted(facts, Case(facts[0], BEGIN, False, BEGIN))
    case = draw(st.sampled_from(cases))
    after = []
    for fact in facts:
        is_own = fact.invoice_id == case.fact.invoice_id
        if fact.day >= case.day and not is_own:
            if draw(st.booleans()):
                continue  # what is not known yet might as well never come
            fact = changed(fact, amount_minor=draw(st.integers(1, 10**6)))
        if fact.settled_on is None or fact.settled_on >= case.day:
            days = draw(st.integers(0, 90))
            still_open = draw(st.booleans())
            settled_on = None if still_open else max(case.day, fact.day) + timedelta(days=days)
            fact = changed(fact, settled_on=settled_on)
        after.append(fact)
    return Planted(after, case)


@st.composite
def some_facts(draw: st.DrawFn) -> list[InvoiceFacts]:
    drawn = st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 80),  # issued
        st.integers(0, 40),  # known that many days later
        st.sampled_from([0, 14, 30]),
        st.one_of(st.none(), st.integers(-20, 60)),
        st.integers(1, 10**6),
    )
    return [
        an_invoice(
            account, f"i{n}", decided=issued + wait, issued=issued, terms=terms, delay=delay,
            amount_minor=amount,
        )
        for n, (account, issued, wait, terms, delay, amount) in enumerate(
            draw(st.lists(drawn, min_size=1, max_size=14))
        )
    ]  # fmt: skip


@given(st.data())
@settings(max_examples=150)
def test_nothing_that_happens_on_the_day_or_after_it_changes_a_feature(data: st.DataObject) -> None:
    now = data.draw(planted())
    before = walk(now.facts, [now.case])
    other = data.draw(st.permutations(now.facts))
    future = [
        changed(fact, settled_on=None)
        if fact.settled_on is not None and fact.settled_on >= now.case.day
        else fact
        for fact in other
        if fact.day < now.case.day
    ]
    after = walk(future, [now.case])
    np.testing.assert_array_equal(before.columns.values, after.columns.values)
    np.testing.assert_array_equal(before.baseline, after.baseline)


@given(some_facts())
@settings(max_examples=150)
def test_asking_of_a_list_of_invoices_gives_what_the_walk_gave(facts: list[InvoiceFacts]) -> None:
    walked = walked_of(facts)
    for place, case in enumerate(walked.cases):
        portfolio = portfolio_at(facts, case.day)
        own = [fact for fact in facts if fact.account_id == case.fact.account_id]
        history = PayerHistory.of(own, case.day, portfolio)
        row = row_of(history, Ask.of(case.fact, case.day), portfolio)
        np.testing.assert_allclose(walked.columns.values[place], row, rtol=1e-12)


def test_invoices_decided_the_same_day_do_not_see_each_other() -> None:
    one = an_invoice("a", "one", decided=50, delay=10)
    alone = row_at(walked_of([one]), "one")
    paid_at_once = changed(
        an_invoice("a", "two", decided=50), settled_on=BEGIN + timedelta(days=50)
    )
    assert alone == pytest.approx(row_at(walked_of([one, paid_at_once]), "one"), nan_ok=True)


# ------------------------------------------------------------------ what is known, and since when


@pytest.mark.parametrize(
    ("asked_on", "settled", "outcomes"),
    [(40, 40, 0), (41, 40, 1)],
)
def test_a_settlement_is_known_the_day_after(asked_on: int, settled: int, outcomes: int) -> None:
    facts = [
        an_invoice("a", "old", decided=0, terms=60, delay=settled - 60),
        an_invoice("a", "new", decided=asked_on),
    ]
    assert row_at(walked_of(facts), "new")["outcomes"] == outcomes


@pytest.mark.parametrize(("asked_on", "overdue"), [(30, 0), (31, 1), (99, 1)])
def test_an_unsettled_invoice_is_known_to_be_late_the_day_after_its_due_day(
    asked_on: int, overdue: int
) -> None:
    facts = [
        an_invoice("a", "old", decided=0, terms=30, delay=70),
        an_invoice("a", "new", decided=asked_on),
    ]
    row = row_at(walked_of(facts), "new")
    assert row["overdue_invoices"] == overdue
    assert row["outcomes"] == overdue
    assert row["oldest_overdue_days"] == (asked_on - 30 if overdue else 0)


def test_the_share_is_drawn_to_everybodys_as_the_baselines_is() -> None:
    facts = [
        an_invoice("a", "late", decided=0, terms=10, delay=5),
        an_invoice("b", "good", decided=0, terms=10, delay=-5),
        an_invoice("a", "new", decided=100),
        an_invoice("c", "stranger", decided=100),
    ]
    walked = walked_of(facts)
    assert row_at(walked, "stranger")["late_share"] == pytest.approx(0.5, abs=0.01)  # it fades
    assert row_at(walked, "new")["late_share"] == pytest.approx((1 + 5 * 0.5) / 6, abs=0.01)
    shares = {c.fact.invoice_id: b for c, b in zip(walked.cases, walked.baseline, strict=True)}
    assert shares["new"] == pytest.approx((1 + 5 * 0.5) / 6)
    assert shares["stranger"] == pytest.approx(0.5)


def test_what_was_overdue_when_it_was_booked_counts_in_the_share_too() -> None:
    facts = [
        an_invoice("a", "booked-late", decided=40, issued=0, terms=10, delay=60),
        an_invoice("b", "good", decided=0, terms=10, delay=-5),
        an_invoice("a", "new", decided=100),
    ]
    walked = walked_of(facts)
    assert "booked-late" not in {case.fact.invoice_id for case in walked.cases}
    everybody = row_at(walked, "new")["portfolio_late_share"]
    assert row_at(walked, "new")["late_share"] == pytest.approx((1 + 5 * everybody) / 6)


def test_the_days_since_issue_are_counted_to_the_day_that_is_asked() -> None:
    walked = walked_of([an_invoice("a", "i", decided=12, issued=0)])
    assert row_at(walked, "i")["days_since_issued"] == 12


def test_the_baseline_equals_its_definition_on_a_whole_ledger() -> None:
    facts = ledgers.mostly_late()
    walked = walked_of(facts)
    for place in range(0, len(walked.cases), 97):
        case = walked.cases[place]
        settled = [f for f in facts if f.is_settled_before(case.day) and f.day < case.day]
        share = np.mean([f.is_late for f in settled]) if settled else 0.5
        own = [f.is_late for f in settled if f.account_id == case.fact.account_id]
        assert walked.baseline[place] == pytest.approx((sum(own) + 5 * share) / (len(own) + 5))


def test_the_asked_invoice_is_no_evidence_of_itself() -> None:
    fact = an_invoice("a", "own", decided=0, terms=10, delay=None)
    cases = cases_of([fact], "pays_within", horizon_days=30, today=TODAY)
    rows = walk([fact], cases).columns.values
    assert len(rows) == 5
    for name in ("overdue_invoices", "outcomes", "overdue_to_usual", "oldest_overdue_days"):
        assert set(rows[:, NAMES.index(name)]) == {0.0}


def test_an_external_index_counts_from_the_day_after_its_own() -> None:
    index = {"market": [(BEGIN, 100.0), (BEGIN + timedelta(days=150), 90.0)]}
    facts = [an_invoice("a", f"i{day}", decided=day) for day in (0, 60, 150, 151)]
    walked = walked_of(facts, index)
    changes = {day: row_at(walked, f"i{day}")["market_change"] for day in (0, 60, 150, 151)}
    assert changes == pytest.approx({0: np.nan, 60: np.nan, 150: 0.0, 151: -0.1}, nan_ok=True)
