"""How long it takes to recover a debt."""

from services.metrics.domain.figures import Figures
from services.metrics.domain.kpis.kpi import MONEY, Kpi, Ratio
from services.metrics.domain.measures import lived
from services.metrics.domain.survival import survival


def _days(figures: Figures, *measures: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for measure in measures:
        for mark in figures.group.marks(measure):
            value = figures.of(figures.flow(measure, mark))
            if value:
                found[int(mark)] = found.get(int(mark), 0) + value
    return found


def _time_to_recover(figures: Figures) -> Ratio:
    settled, censored = _days(figures, "settled"), _days(figures, "left", "open")
    found = survival(settled, censored)
    done = sum(settled.values())
    return Ratio(
        found.median,
        done,
        done + sum(censored.values()),
        {
            "mean": found.mean,
            "p90": found.p90,
            "restricted_to": found.restricted_to,
            "curve": [{"day": day, "open": float(share)} for day, share in found.curve],
        },
    )


KPIS = (
    Kpi(
        name="time_to_recover",
        definition="Days from a debt's entry into collections until cash settled it, of debts that "
        "entered in the window: the median after Kaplan and Meier, so that those still open, "
        "credited or written off count for as long as they were open.",
        unit="days",
        kind="cohort",
        better="lower",
        splits=MONEY,
        formula=_time_to_recover,
        needs=(lived("settled"), lived("left"), lived("open")),
        by=("amount", "count"),
        members=("mean", "p90", "restricted_to"),
        has_curve=True,
    ),
)
