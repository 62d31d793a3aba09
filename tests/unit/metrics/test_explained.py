"""Whatever is asked: what each thing adds sums to the figure, for numerator and denominator."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.metrics.domain.accounts import Known
from services.metrics.domain.debt_measures.rolls import COLUMNS
from services.metrics.domain.debts import Issued
from services.metrics.domain.explained.accounts import Adds, cells_by_item
from services.metrics.domain.explained.adding import (
    AddingToKpi,
    AddingToRolls,
    AddingToVintage,
    Share,
    adding_to,
    is_mixed,
    plain,
    value_in_matrix,
    value_of_vintage,
)
from services.metrics.domain.explained.facts import LINES, facts_of_item
from services.metrics.domain.explained.lines import Writing
from services.metrics.domain.explained.spans import CURE_COLUMNS, adds_to_cures, adds_to_kpi
from services.metrics.domain.figures import By
from services.metrics.domain.kinds.charges import Charged
from services.metrics.domain.kinds.registry import HANDLERS, KINDS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import PARTS
from services.metrics.domain.puts import Allocated, Put
from services.metrics.domain.questions import Question
from services.metrics.domain.restate import ACCOUNT_MEASURES, Views, cells_in
from services.metrics.domain.rolls import BUCKET_NAMES
from services.metrics.domain.slots import UNTIL_NOW
from services.metrics.domain.vintages import VINTAGES, Months, vintages
from services.metrics.domain.windows import Window, month_end
from tests.metrics_figures import Memory, before_end_of
from tests.oracles.metrics.answers import FIGURES
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import Portfolio, interleaved
from tests.portfolios.questions import VALUES, a_question, of_domain

SETTINGS = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
SEEDS = st.integers(0, 2**32 - 1)


def of_portfolio(seed: int) -> tuple[Portfolio, Memory]:
    portfolio, memory = Portfolio(seed), Memory()
    for batch in interleaved(Random(seed), portfolio.topics()):
        memory.take([event for event in batch if event.type in HANDLERS])
    return portfolio, memory


def shares(memory: Memory, adding: AddingToKpi, before: int) -> Iterator[Share]:
    """What each thing adds, as the service finds it."""
    if any(need.mode == "delinquent" for need in adding.question.kpi.needs):
        spans = [
            (account_id, known.row)
            for account_id, rows in memory.delinquencies.items()
            for known in rows
            if known.known_from < before <= known.known_until
        ]
        yield from (Share(each.amount, each.count) for each in adds_to_kpi(spans, adding))
        return
    for items in memory.accounts.values():
        for cells in cells_by_item(items, adding, before).values():
            yield adding.share(cells)


@SETTINGS
@given(SEEDS)
def test_what_things_add_sums_to_the_figure(seed: int) -> None:
    portfolio, memory = of_portfolio(seed)
    book, rng, zone = read(portfolio.events), Random(seed), portfolio.tenant_zone
    for name in sorted(set(KPIS) & set(FIGURES)):
        asked = a_question(rng, name, FIGURES[name].splits)
        if "arm" in asked.group_by and rng.random() < 0.7:
            asked = replace(asked, filters={"arm": (rng.choice(VALUES["arm"]),)})
        question = replace(plain(of_domain(memory, asked, zone, book)), interval=None)
        check(memory, question, zone)


def check(memory: Memory, question: Question, zone: str) -> None:
    figured = memory.figured(question, zone)
    if is_mixed(figured):
        return
    answer = figured.answer()
    writing = Writing(question.is_converted and question.kpi.unit == "minor")
    for part in PARTS:
        adding, total = adding_to(figured, part)
        if total is None:
            assert answer[part] is None, (question, part)
            continue
        found = list(shares(memory, adding, before_end_of(question.as_of, zone)))
        assert sum((each.amount for each in found), Fraction(0)) == total, (question, part)
        assert writing.total(total) == answer[part], (question, part)
        if question.by == "count" or "count" not in question.kpi.by:
            continue
        by_count, counted = adding_to(
            memory.figured(replace(question, by="count", into=None, rates=None), zone), part
        )
        assert by_count.question.by == "count"
        assert question.into or sum(each.count for each in found) == counted, (question, part)


@SETTINGS
@given(SEEDS)
def test_what_things_add_sums_to_each_cell_of_a_matrix_and_of_a_cohort(seed: int) -> None:
    _, memory = of_portfolio(seed)
    check_rolls(memory, Random(seed))
    check_vintages(memory, Random(seed))


def check_rolls(memory: Memory, rng: Random) -> None:
    month = Window(date(2026, 4, 1), date(2026, 4, 30))
    by: By = rng.choice(("amount", "count"))
    question = Question(KPIS["roll_rate"], month, "EUR", by=by)
    rows = memory.matrix_of_rolls(month, "EUR", by)
    for row in BUCKET_NAMES:
        for column in (*BUCKET_NAMES, *COLUMNS):
            for part in PARTS:
                adding = AddingToRolls(question, "EUR", month, row, column, part)
                assert value_in_matrix(rows, row, column, part) == of_all(memory, adding)


def check_vintages(memory: Memory, rng: Random) -> None:
    for vintage in VINTAGES.values():
        first_on = date(2026, rng.randint(1, 5), 1)
        question = Question(
            KPIS["time_to_recover"],
            Window(first_on, month_end(first_on)),
            rng.choice(("EUR", "USD")),
            today=date(2027, 1, 1),
        )
        age = rng.randint(0, 4)
        look = month_end(date(2026, first_on.month + age, 1))
        months = Months.of(first_on, first_on, look)
        question = replace(question, at=look)
        for part in PARTS:
            adding = AddingToVintage(question, question.currency, vintage, months, age, part)
            became = adding.became_of(memory.sums())
            expected = value_of_vintage(vintages(months, became), age, part)
            assert of_all(memory, adding) == expected


def of_all(memory: Memory, adding: AddingToRolls | AddingToVintage) -> int | Fraction:
    return sum(
        adding.share(cells).amount
        for items in memory.accounts.values()
        for cells in cells_by_item(items, adding, UNTIL_NOW).values()
    )


@SETTINGS
@given(SEEDS)
def test_every_account_of_a_cell_of_the_matrix_of_cures_is_found(seed: int) -> None:
    _, memory = of_portfolio(seed)
    month = Window(date(2026, 4, 1), date(2026, 4, 30))
    today = memory.today()
    fates = list(memory.fates(month, today))
    for expected in memory.matrix_of_cures(month, today):
        for column in CURE_COLUMNS:
            found = adds_to_cures(fates, expected["bucket"], column, "numerator", today)
            assert sum(each.amount for each in found) == expected[column]
            assert all(each.within is not None for each in found)


def test_a_kind_names_all_the_measures_that_it_adds_to() -> None:
    """Else what a figure is made of would not be looked for there."""
    seen: dict[str, set[str]] = {}
    for seed in range(4):
        _, memory = of_portfolio(seed)
        for items in memory.accounts.values():
            views = Views(items.account).at(UNTIL_NOW)
            for (kind, _), item in items.by_key.items():
                cells_of = KINDS[kind].cells
                if cells_of is not None:
                    cells = cells_in(item.facts, views, cells_of)
                    seen.setdefault(kind, set()).update(cell.measure for cell in cells)
            for measure in ACCOUNT_MEASURES:
                cells = measure.cells(Known(items, UNTIL_NOW), views[0])
                assert {cell.measure for cell in cells} <= measure.measures
    for kind, measures in seen.items():
        assert measures <= KINDS[kind].measures, kind
    assert len(seen) > 8


def test_every_fact_has_words() -> None:
    facts = {fact for kind in KINDS.values() for fact in kind.facts}
    assert facts - {Allocated, Charged} == set(LINES)


@SETTINGS
@given(SEEDS)
def test_the_facts_of_everything_can_be_said(seed: int) -> None:
    """Each with when it was recorded; none of what was recorded later."""
    _, memory = of_portfolio(seed)
    before = memory.latest_slot - 96 * 20
    for items in memory.accounts.values():
        for (kind, item_id), item in items.by_key.items():
            told = facts_of_item(kind, item_id, item.facts, before)
            assert all(each.slot < before and each.type and each.source_id for each in told)


def test_money_taken_back_is_said_since_it_is_known() -> None:
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    back = noon + timedelta(days=3)
    put = Put(500, noon, noon.date())
    taken_back = Put(500, noon, noon.date(), back, back.date())
    facts = [
        Issued(10, "EUR", 900, date(2026, 1, 1), date(2026, 1, 31)),
        Allocated(20, "P1", True, (put,)),
        Allocated(30, "P1", True, (taken_back,)),
    ]
    told = facts_of_item("invoice", "I1", facts, UNTIL_NOW)
    assert [(each.type, each.slot, each.amount, each.source_id) for each in told] == [
        ("invoice-issued", 10, 900, "I1"),
        ("payment-applied", 20, 500, "P1"),
        ("payment-released", 30, -500, "P1"),
    ]
    assert [each.type for each in facts_of_item("invoice", "I1", facts, 30)] == [
        "invoice-issued",
        "payment-applied",
    ]


def test_rounded_amounts_add_up_to_the_rounded_figure() -> None:
    thirds = [Adds("A", "invoice", str(n), Fraction(n, 3), 1) for n in (1, 2, 4, 4, -5)]
    writing = Writing(is_whole=True)
    for cut in range(len(thirds)):
        before = sum((each.amount for each in thirds[:cut]), Fraction(0))
        first = list(writing.amounts(thirds[:cut], 0))
        then = list(writing.amounts(thirds[cut:], before))
        assert sum(first) + sum(then) == writing.total(Fraction(6, 3))


@pytest.mark.parametrize("name", sorted(KPIS))
def test_a_kpi_says_whether_it_is_divided_by_anything(name: str) -> None:
    _, memory = of_portfolio(1)
    kpi = KPIS[name]
    start, end = date(2026, 4, 1), date(2026, 5, 31)
    answer = memory.ask(name, start, end, currency="EUR" if kpi.is_money else None)
    assert kpi.has_denominator == (answer["denominator"] is not None), name
