"""How delinquencies go on from step to step. All stand under the segment at the end of a
delinquency's first day.

measure (day; until; mark): count
- `edge` (the second step; of a cure the day on which it is sure, else the same; from>to>class of
  the wait between them): 1
- `wait` (a step; the next one, or the end of the delinquency; step): 1 while it is the last
- `loop` (the fifth time; the end of the delinquency; step): 1
- `skip` (reached; –; stage): 1 where a later stage of overdue is reached without any act before;
  `skip_withheld`: the same, where a contact was suppressed before
- `withheld_in` (the first time; the end of the delinquency; rule): 1
- `score_after` (given; –; last step before it/score): the score; 1
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from services.metrics.domain.account_measures import WHOLE, AccountMeasure, CellsOfItem
from services.metrics.domain.accounts import Known
from services.metrics.domain.cells import Cells, add
from services.metrics.domain.overdue import STAYS_DAYS
from services.metrics.domain.slots import FAR, bounded
from services.metrics.domain.steps import ACTS, CURED, KINDS, Path, Step, paths_of, scores
from services.metrics.domain.views import Place, View

# The classes of waits by their ends, in seconds: a longer one is open.
CLASSES: Final = {
    **{f"{hours}h": hours * 3600 for hours in (1, 4, 12)},
    **{f"{days}d": days * 86400 for days in (1, 2, 3, 5, 7, 14, 30, 60, 90)},
}
OPEN: Final = "open"
CLASS_NAMES: Final = (*CLASSES, OPEN)
_ENDS: Final = tuple(CLASSES.values())

LOOP_TIMES: Final = 5


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    cells = cells_of(WHOLE)
    paths = paths_of(known, view)
    for path in paths:
        place = view.place_on(path.chain.start)
        _add_steps(cells, view, place, path)
        _add_loops(cells, view, place, path)
        _add_skips(cells, view, place, path)
        rules: dict[str, date] = {}
        for each in path.withheld:
            rules[each.rule] = min(each.day, rules.get(each.rule, each.day))
        for rule, day in rules.items():
            cell = view.cell("withheld_in", "", day, place, until=path.chain.end, mark=rule)
            add(cells, cell, 0, 1)
    _add_scores(cells, known, view, paths)


def class_of(seconds: float) -> str:
    """The class that holds a wait."""
    return CLASS_NAMES[bisect_left(_ENDS, seconds)]


def _add_steps(cells: Cells, view: View, place: Place, path: Path) -> None:
    for first, second in pairwise(path.steps):
        until = second.day
        if second.name == CURED:
            until = min(second.day + timedelta(days=STAYS_DAYS - 1), FAR)
        wait = class_of((second.at - first.at).total_seconds())
        mark = f"{first.name}>{second.name}>{wait}"
        add(cells, view.cell("edge", "", second.day, place, until=until, mark=mark), 0, 1)
    for step, until in _waits(path):
        if step.day < until:
            cell = view.cell("wait", "", step.day, place, until=until, mark=step.name)
            add(cells, cell, 0, 1)


def _waits(path: Path) -> Iterator[tuple[Step, date]]:
    """Each step with the day from which on it is not the last."""
    for first, second in pairwise(path.steps):
        yield first, second.day
    yield path.steps[-1], path.chain.end


def _add_loops(cells: Cells, view: View, place: Place, path: Path) -> None:
    times: Counter[str] = Counter()
    for step in path.steps:
        times[step.name] += 1
        if times[step.name] == LOOP_TIMES:
            cell = view.cell("loop", "", step.day, place, until=path.chain.end, mark=step.name)
            add(cells, cell, 0, 1)


def _add_skips(cells: Cells, view: View, place: Place, path: Path) -> None:
    for step in path.steps:
        if step.name in ACTS:
            return
        if step.name.startswith("overdue-") and step.name != "overdue-1":
            is_withheld = any(each.at < step.at for each in path.withheld)
            for measure in ("skip", *(("skip_withheld",) if is_withheld else ())):
                add(cells, view.cell(measure, "", step.day, place, mark=step.name), 0, 1)


def _add_scores(cells: Cells, known: Known, view: View, paths: Sequence[Path]) -> None:
    steps = sorted((step for path in paths for step in path.steps), key=lambda step: step.order)
    instants = [step.at for step in steps]
    for each in scores(known):
        before = bisect_right(instants, each.at)
        step = steps[before - 1].name if before else ""
        cell = view.cell(
            "score_after",
            "",
            bounded(each.day),
            view.place_at(each.at),
            mark=f"{step}/{each.score}",
            channel=each.channel,
            collector=each.collector,
        )
        add(cells, cell, each.score, 1)


MEASURE = AccountMeasure(
    KINDS,
    frozenset({"edge", "wait", "loop", "skip", "skip_withheld", "withheld_in", "score_after"}),
    adds,
)
