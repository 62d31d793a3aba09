"""Which cells the needs of a question read, and which rows they make: the store's half of a KPI.

Needs of one mode that lack the same dimensions are read together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.metrics.domain.cells import NOTHING, Added
from services.metrics.domain.figures import Key, Row
from services.metrics.domain.measures import Mode, Need
from services.metrics.domain.questions import Question

_CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class NeedGroup:
    """Needs that are read in one go."""

    mode: Mode
    without: frozenset[str]
    needs: Sequence[Need]

    @property
    def measures(self) -> list[str]:
        return sorted({need.measure for need in self.needs})

    @property
    def marked(self) -> list[str]:
        """The measures that are read apart for each mark."""
        return sorted({need.measure for need in self.needs if need.by_mark})

    @property
    def is_in_all_currencies(self) -> bool:
        return _CURRENCY in self.without

    def rows(
        self, key: Key, measure: str, mark: str, slice_: int, until: int, added: Added
    ) -> Iterator[Row]:
        """What was found of a measure, for each of the needs that it serves."""
        for need in self.needs:
            if need.measure == measure:
                is_apart = need.by_mark or self.is_in_all_currencies
                yield Row(key, need.name, mark if is_apart else "", slice_, until, added)


def lacks(question: Question, need: Need) -> frozenset[str]:
    """The dimensions of the question that a need has not. A currency is always asked for."""
    return need.without & {*question.group_by, *question.filters, _CURRENCY}


def readings(question: Question) -> list[NeedGroup]:
    """All that a question reads."""
    together: dict[tuple[Mode, frozenset[str]], list[Need]] = {}
    for need in question.kpi.needs:
        if question.is_converted and _CURRENCY in need.without:
            continue  # nothing is in another currency
        together.setdefault((need.mode, lacks(question, need)), []).append(need)
    return [NeedGroup(mode, without, needs) for (mode, without), needs in together.items()]


def shared_by(question: Question) -> dict[str, frozenset[str]]:
    """By name the needs that several groups share, with the dimensions that they lack."""
    split_by = {*question.group_by, _CURRENCY}
    lacking = ((need.name, need.without & split_by) for need in question.kpi.needs)
    return {name: without for name, without in lacking if without}


def without_dimensions(question: Question, key: Key, without: Iterable[str]) -> Key:
    """The key of what a group shares with others."""
    names = {"mark" if name == question.kpi.mark else name for name in without}
    return key._replace(**dict.fromkeys(names, ""))


def settled(rows: Iterable[Row]) -> list[Row]:
    """Rows of one place added up: needs may share a name. What comes to nothing makes no row."""
    sums: dict[tuple[Key, str, str, int, int], Added] = {}
    for row in rows:
        place = (row.key, row.measure, row.mark, row.slice, row.until)
        sums[place] = sums.get(place, NOTHING) + row.added
    return [Row(*place, added) for place, added in sums.items() if added != NOTHING]
