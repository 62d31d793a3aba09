"""Who is exposed in an experiment, and what comes of it: MET-10, and portfolios by the oracle."""

from datetime import date
from fractions import Fraction
from random import Random

import pytest
from msgspec import structs

from services.metrics.domain.experiments.analysis import Analysis, Metric, MetricAim, Start
from services.metrics.domain.experiments.enrolments import NO_RUN
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.slots import SLOT_SECONDS, UNTIL_NOW
from shared.clock import ONE_DAY, day_start
from tests.metrics_figures import Memory, at
from tests.oracles.metrics import experiments
from tests.oracles.metrics.reading import read
from tests.portfolios.generated import EXPERIMENT, Portfolio, interleaved
from tests.portfolios.stories import STORIES

METRICS: tuple[Metric, ...] = (
    "recovered_share", "settled", "cost", "attempts", "promised", "disputed", "opted_out",
    "low_score", "retained",
)  # fmt: skip
OF_MONEY = ("recovered_share", "cost")


def an_analysis(start: Start = "entered", horizon_days: int = 30) -> Analysis:
    """Of every metric."""
    also = tuple(
        MetricAim(metric=metric, currency="EUR" if metric in OF_MONEY else None, worthwhile=1)
        for metric in METRICS
    )
    return Analysis(start=start, horizon_days=horizon_days, also=also)


def told() -> Memory:
    memory = Memory()
    memory.analyses["calls", 1] = an_analysis()
    memory.take(STORIES["MET-10"]().events)
    return memory


def figures(memory: Memory, metric: str, at: str, currency: str = "") -> dict[str, tuple[int, int]]:
    found = memory.arms("calls", 1, metric, date.fromisoformat(at), currency)
    return {arm: (sums.y, sums.x) for arm, sums in found.items()}


def test_met_10_who_is_exposed() -> None:
    """MET-10: enrolled, exposed and crossed; debts of the day; windows that are over."""
    memory = told()
    share = "recovered_share"
    assert figures(memory, share, "2026-03-31", "EUR") == {
        "std": (8000, 12000),
        "call": (7000, 7000),
    }
    assert figures(memory, share, "2026-03-15", "EUR") == {"std": (8000, 12000)}
    assert figures(memory, "settled", "2026-03-31") == {"std": (1, 2), "call": (1, 1)}
    assert figures(memory, "opted_out", "2026-03-31") == {"std": (1, 2), "call": (0, 1)}
    counts = {"enrolled": 0, "exposed": 0, "crossed": 0}
    for counted in memory.arm_counts.values():
        for name in counts:
            counts[name] += getattr(counted, name)
    assert counts == {"enrolled": 4, "exposed": 3, "crossed": 1}


def test_a_run_that_is_announced_late_reaches_the_accounts_that_changed_within_it() -> None:
    """The same rows, whether the run was known before or after the accounts' changes."""
    events = STORIES["MET-10"]().events
    started = [event for event in events if event.type == "experiment-started"]
    late = Memory()
    late.analyses["calls", 1] = an_analysis()
    late.take([event for event in events if event.type != "experiment-started"])
    rows = [row.row for rows in late.enrolments.values() for row in rows]
    assert {row.run for row in rows} == {NO_RUN}
    late.take(started)
    assert kept(late) == kept(told())


def test_another_run_takes_the_accounts_that_change_within_it() -> None:
    """One that goes on after a stop is the same run; another design is another."""
    events = [
        event for event in STORIES["MET-10"]().events if event.recordedtime < at("2026-02-11")
    ]
    memory = Memory()
    memory.take(events)
    (started,) = (event for event in events if event.type == "experiment-started")
    again = structs.replace(started, time=at("2026-02-03"), recordedtime=at("2026-02-11"))
    memory.take([again])
    assert runs_of(memory) == {"A": {1}, "B": {1}, "C": {1}, "D": {1}}
    data = started.data and started.data.replace(b'"run":1', b'"run":2')
    memory.take([structs.replace(again, data=data, time=at("2026-02-09"))])
    assert runs_of(memory) == {"A": {1}, "B": {1}, "C": {1}, "D": {2}}


def runs_of(memory: Memory) -> dict[str, set[int]]:
    """By what is known now."""
    return {
        account: {each.row.run for each in rows if each.known_until == UNTIL_NOW}
        for account, rows in sorted(memory.enrolments.items())
    }


def kept(memory: Memory) -> object:
    rows = {(account, repr(row)) for account, rows in memory.enrolments.items() for row in rows}
    sums = {key: sums for key, sums in memory.arm_sums.items() if sums != ArmSums()}
    return rows, sums


@pytest.mark.parametrize("seed", range(12))
def test_every_arm_is_the_oracles(seed: int) -> None:
    rng = Random(seed)
    analysis = an_analysis(rng.choice(("entered", "enrolled")), rng.choice((7, 30, 45)))
    portfolio, memory, one_by_one = Portfolio(seed), Memory(), Memory()
    for each in (memory, one_by_one):
        for number in (1, 2, 3):
            each.analyses[EXPERIMENT, number] = analysis
    for batch in interleaved(Random(seed), portfolio.topics()):
        memory.take(batch)
    for event in portfolio.events:
        one_by_one.take([event])
    assert kept(memory) == kept(one_by_one)
    for as_of in (None, date(2026, 5, 31)):
        book = read(portfolio.events, portfolio.tenant_zone, as_of)
        last = date(2026, 8, 31) if as_of is None else as_of
        before = UNTIL_NOW if as_of is None else end_of(as_of, portfolio.tenant_zone)
        for run in book.runs:
            for metric in METRICS:
                currency = "EUR" if metric in OF_MONEY else None
                expected = experiments.sums(
                    book, run, metric, last.toordinal(), start=analysis.start,
                    horizon=analysis.horizon_days, currency=currency,
                )  # fmt: skip
                found = memory.arms(run.name, run.run, metric, last, currency or "", before)
                found = {arm: sums for arm, sums in found.items() if sums.accounts}
                assert {arm: plain(sums, metric) for arm, sums in found.items()} == {
                    arm: (each.n, each.y, each.x, each.yy) for arm, each in expected.items()
                }, (metric, run)


def plain(sums: ArmSums, metric: str) -> tuple[int, Fraction, Fraction, Fraction]:
    """Costs in minor units, each account as one."""
    unit = 1_000_000 if metric == "cost" else 1
    squares = Fraction(sums.yy, unit * unit)
    return sums.accounts, Fraction(sums.y, unit), Fraction(sums.x, unit), squares


def end_of(day: date, zone: str) -> int:

    return int(day_start(day + ONE_DAY, zone).timestamp() // SLOT_SECONDS)
