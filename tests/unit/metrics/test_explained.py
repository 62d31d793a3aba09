"""Whatever is asked: what each thing adds sums to the figure, for numerator and denominator."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.metrics.domain.explained.accounts import cells_by_item
from services.metrics.domain.explained.adding import (
    AddingToKpi,
    Share,
    adding_to,
    is_mixed,
    plain,
)
from services.metrics.domain.explained.lines import Writing
from services.metrics.domain.explained.spans import adds_to_kpi
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import PARTS
from services.metrics.domain.questions import Question
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
        question = plain(of_domain(memory, asked, zone, book))
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
