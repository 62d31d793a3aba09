"""How a KPI reads a measure: which of its cells count in a window of days."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# flow: cells whose day is in the window · stock: all up to its end · standing: put in the window
# and not taken back (`until`) by its end · cohort: things of the window (their day), by what has
# happened to them (`until`) by `at` · of_cohort: the same with both days the other way round ·
# rolled: where balances went in each month (`rolls.py`) · lived: how long debts were open
# (`lives.py`) · delinquent: how delinquencies ended (`delinquencies.py`)
Mode = Literal["flow", "stock", "standing", "cohort", "of_cohort", "rolled", "lived", "delinquent"]


@dataclass(frozen=True, slots=True)
class Need:
    """A measure that a formula needs, by the `name` under which it finds it. `by_mark`: apart for
    each mark. `without`: dimensions that it has not: no split and no filter by them takes anything
    off it. What is without a currency is apart for each of them, as its mark."""

    measure: str
    mode: Mode
    by_mark: bool = False
    without: frozenset[str] = frozenset()
    named: str = ""

    @property
    def name(self) -> str:
        return self.named or self.measure


def flow(
    measure: str, *, by_mark: bool = False, without: Iterable[str] = (), named: str = ""
) -> Need:
    """What happened on the days of the window."""
    return Need(measure, "flow", by_mark, frozenset(without), named)


def stock(measure: str, *, by_mark: bool = False) -> Need:
    """What stands at the window's two ends."""
    return Need(measure, "stock", by_mark)


def standing(measure: str) -> Need:
    """What was put in the window and still stands at its end."""
    return Need(measure, "standing")


def cohort(measure: str, *, by_mark: bool = False) -> Need:
    """Of the things of the window (`day`), what has happened by `at` (`until`)."""
    return Need(measure, "cohort", by_mark)


def of_cohort(measure: str, *, by_mark: bool = False) -> Need:
    """What has happened by `at` (`day`) to the things of the window (`until`)."""
    return Need(measure, "of_cohort", by_mark)


def rolled(measure: str) -> Need:
    """Where the balances of the window's months went."""
    return Need(measure, "rolled", by_mark=True)


def lived(measure: str) -> Need:
    """How long the debts that entered in the window were open, as it is seen at `at`."""
    return Need(measure, "lived", by_mark=True)


def delinquent(measure: str) -> Need:
    """The delinquencies of accounts, as they are seen at `at`."""
    return Need(measure, "delinquent", by_mark=True)
