"""Who is in which arm of a run, since when exposed, with which debts, and what came of it.

An account is in the arm that the first change of its segment named between the start of the run and
of the next one; another arm later is a crossing, and it stays. What it is known by when makes rows
of the account (`timelines.py`), and what rows add to the sums of their arm is stored by knowledge.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.accounts import AccountItems, Known, Segment
from services.metrics.domain.experiments.analysis import DEFAULT, Analysis
from services.metrics.domain.experiments.outcomes import (
    Exposed,
    LookedAt,
    Stake,
    Valued,
    happened,
    invoices,
    outcome,
)
from services.metrics.domain.experiments.sums import ArmSums
from services.metrics.domain.restate import Views
from services.metrics.domain.slots import FAR, UNTIL_NOW, bounded, recorded_by
from services.metrics.domain.timelines import KnownRow, moments_of
from services.metrics.domain.windows import ONE_DAY, Window

NO_RUN = 0  # named outside of every run that is known

RunKey = tuple[str, int]  # name and number


class RunStarted(Struct, frozen=True):
    """A run began, or went on."""

    recorded_slot: int
    name: str
    run: int
    at: datetime


class Enrolment(Struct, frozen=True, kw_only=True):
    """An account in a run. A day that is not, or not yet: `FAR`."""

    name: str
    run: int
    arm: str
    enrolled_on: date
    crossed_on: date
    exposed_on: date
    ripe_on: date  # the last day of its window
    named_at: datetime  # the last change of the segment that named an arm
    outcomes: tuple[Valued, ...] = ()

    @property
    def key(self) -> RunKey:
        return (self.name, self.run)


# The kinds of items that an outcome looks at.
KINDS = frozenset(
    {"invoice", "contact", "task", "party", "consent", "feedback", "cost", "commission", "payment"}
)


def names_of(items: AccountItems) -> set[str]:
    """The experiments that the account ever was in."""
    return {name for segment in items.account.segments for name in segment.arms}


class Enrolments:
    """The enrolments of one account, as they were known at any moment."""

    def __init__(
        self,
        items: AccountItems,
        views: Views,
        runs: Sequence[RunStarted],
        analyses: Mapping[RunKey, Analysis],
    ) -> None:
        names = names_of(items)
        self._items, self._views, self._analyses = items, views, analyses
        self._runs = [run for run in runs if run.name in names]

    def moments(self, reached_since: int | None) -> tuple[list[int], bool]:
        """When anything that is new, or known later, became known. `reached_since`: the account is
        reached by a run that was announced then."""
        account = self._items.account
        lists: list[tuple[Sequence[Any], int]] = [
            (account.profiles, account.folded[0]),
            (account.segments, account.folded[1]),
        ]
        lists += ((i.facts, i.folded) for key, i in self._items.by_key.items() if key[0] in KINDS)
        runs = sorted(self._runs, key=lambda run: run.recorded_slot)
        old = [run for run in runs if reached_since is None or run.recorded_slot < reached_since]
        return moments_of([*lists, (runs, len(old))])

    def at(self, slot: int) -> dict[RunKey, Enrolment]:
        """By what was known then."""
        segments = recorded_by(self._items.account.segments, slot)
        runs = [run for run in self._runs if run.recorded_slot <= slot]
        found: dict[RunKey, Enrolment] = {}
        for name in {name for segment in segments for name in segment.arms}:
            for run, changes in _changes_by_run(name, segments, runs).items():
                found[name, run] = self._enrol(name, run, changes, slot)
        return found

    def _enrol(self, name: str, run: int, changes: Sequence[Segment], slot: int) -> Enrolment:
        first, last = changes[0], changes[-1]
        arm = first.arms[name]
        crossed = (bounded(each.day) for each in changes if each.arms[name] != arm)
        enrolment = Enrolment(
            name=name,
            run=run,
            arm=arm,
            enrolled_on=bounded(first.day),
            crossed_on=min(crossed, default=FAR),
            exposed_on=FAR,
            ripe_on=FAR,
            named_at=last.at,
        )
        return enrolment if run == NO_RUN else self._expose(enrolment, slot)

    def _expose(self, enrolment: Enrolment, slot: int) -> Enrolment:
        known, view = Known(self._items, slot), self._views.at(slot)[0]
        analysis = self._analyses.get(enrolment.key, DEFAULT)
        found = invoices(known, view)
        exposure = exposure_of(found, enrolment.enrolled_on, analysis)
        if exposure is None:
            return enrolment
        exposed_on, stakes = exposure
        ripe_on = min(exposed_on + timedelta(days=analysis.horizon_days - 1), FAR)
        exposed = Exposed(Window(exposed_on, ripe_on), stakes, found, happened(known, view))
        metrics = dict.fromkeys(
            (compared.metric, compared.currency or "") for compared in analysis.compared()
        )
        outcomes = tuple(outcome(exposed, *metric) for metric in metrics)
        return replace(enrolment, exposed_on=exposed_on, ripe_on=ripe_on, outcomes=outcomes)


def _changes_by_run(
    name: str, segments: Iterable[Segment], runs: Iterable[RunStarted]
) -> dict[int, list[Segment]]:
    """The changes that named an arm, in their order, each with the last run that had begun."""
    began: dict[int, datetime] = {}
    for run in runs:
        if run.name == name:
            began[run.run] = min(run.at, began.get(run.run, run.at))
    starts = sorted((at, run) for run, at in began.items())
    found: dict[int, list[Segment]] = defaultdict(list)
    for change in sorted(segments, key=lambda each: each.at):  # stable
        if name in change.arms:
            begun = [run for at, run in starts if at <= change.at]
            found[begun[-1] if begun else NO_RUN].append(change)
    return found


def exposure_of(
    debts: Iterable[LookedAt], enrolled_on: date, analysis: Analysis
) -> tuple[date, list[Stake]] | None:
    """The day of the exposure, and the debts that are looked at from then on."""
    entered = [each for each in debts if each.entry_on is not None]
    if analysis.start == "enrolled":
        return enrolled_on, list(_stakes(entered, enrolled_on))
    later = {each.entry_on for each in entered if each.entry_on and each.entry_on > enrolled_on}
    for day in (enrolled_on, *sorted(later)):
        stakes = list(_stakes(entered, day))
        if stakes:
            return day, stakes
    return None


def _stakes(debts: Iterable[LookedAt], day: date) -> Iterable[Stake]:
    """Those in collections or entering on a day."""
    for debt in debts:
        if debt.entry_on == day:
            yield Stake(debt, debt.entry_amount)
        elif debt.entry_on is not None and debt.entry_on < day:
            open_before = debt.balance_on(day - ONE_DAY)
            if open_before > 0:
                yield Stake(debt, open_before)


# ── What is stored ──────────────────────────────────────────────────────────────────────────────
def replace_rows(
    stored: Sequence[KnownRow[Enrolment]], enrolments: Enrolments, moments: Sequence[int]
) -> list[KnownRow[Enrolment]]:
    """The rows of an account, from those that are stored of the first of the moments and later."""
    first = moments[0]
    found: list[KnownRow[Enrolment]] = []
    standing: dict[RunKey, KnownRow[Enrolment]] = {
        each.row.key: each for each in stored if each.known_from < first <= each.known_until
    }
    for slot in moments:
        now = enrolments.at(slot)
        for key, known in list(standing.items()):
            if now.get(key) != known.row:
                found.append(KnownRow(known.row, known.known_from, slot))
                del standing[key]
        for key, row in now.items():
            standing.setdefault(key, KnownRow(row, slot))
    return found + [KnownRow(each.row, each.known_from) for each in standing.values()]


class ArmKey(Struct, frozen=True, order=True):
    """Where the sums of an arm add up, by when they were known."""

    name: str
    run: int
    arm: str
    metric: str  # empty: how many were enrolled, exposed, crossed
    currency: str
    day: date
    known: int


class Counted(Struct, frozen=True, order=True):
    """How many accounts became what on a day."""

    enrolled: int = 0
    exposed: int = 0
    crossed: int = 0

    def plus(self, other: "Counted") -> "Counted":
        return Counted(
            self.enrolled + other.enrolled,
            self.exposed + other.exposed,
            self.crossed + other.crossed,
        )


def sums_of(rows: Iterable[KnownRow[Enrolment]], sign: int) -> dict[ArmKey, ArmSums]:
    """What rows add to the sums of their arms, from when they are known until they are not."""
    found: dict[ArmKey, ArmSums] = {}
    for known, direction in _ends(rows):
        for each in known[0].outcomes:
            key = _arm_key(known, each.metric, each.currency, known[0].ripe_on)
            one = ArmSums.of([(each.y, each.x)]).times(sign * direction)
            found[key] = found.get(key, ArmSums()).plus(one)
    return found


def counts_of(rows: Iterable[KnownRow[Enrolment]], sign: int) -> dict[ArmKey, Counted]:
    """How many they are."""
    found: dict[ArmKey, Counted] = {}
    for known, direction in _ends(rows):
        row, step = known[0], sign * direction
        for day, counted in (
            (row.enrolled_on, Counted(enrolled=step)),
            (row.exposed_on, Counted(exposed=step)),
            (row.crossed_on, Counted(crossed=step)),
        ):
            if day < FAR:
                key = _arm_key(known, "", "", day)
                found[key] = found.get(key, Counted()).plus(counted)
    return found


def _ends(
    rows: Iterable[KnownRow[Enrolment]],
) -> Iterable[tuple[tuple[Enrolment, int], int]]:
    for each in rows:
        if each.row.run != NO_RUN:
            yield (each.row, each.known_from), 1
            if each.known_until < UNTIL_NOW:
                yield (each.row, each.known_until), -1


def _arm_key(known: tuple[Enrolment, int], metric: str, currency: str, day: date) -> ArmKey:
    row, slot = known
    return ArmKey(row.name, row.run, row.arm, metric, currency, day, slot)
