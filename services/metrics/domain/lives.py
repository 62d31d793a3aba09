"""How long debts were open, as it is seen at the end of a day: from the measures `entered`,
`settled` and `left` (`debt_measures/lives.py`), as rows of the figures."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.metrics.domain.cells import NOTHING, Added


class Lived(NamedTuple):
    """Of debts that entered on one day, by the days that they were open, and how that ended."""

    measure: str  # settled, left, open
    days: int
    added: Added


def lived(
    measure: str, entered_on: date, until: date, mark: str, added: Added, at: date
) -> Iterable[Lived]:
    """What a cell says of the end of the day `at`: one that had ended by then is open no more."""
    age = (at - entered_on).days
    if measure == "entered":
        yield Lived("open", age, added)
    elif int(mark) <= age and until > at:
        yield Lived(measure, int(mark), added)
        yield Lived("open", age, NOTHING - added)
