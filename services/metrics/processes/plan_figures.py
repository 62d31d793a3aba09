"""What plans ask of the figures: values, sums by day, costs, work done; each from one snapshot.

`known_on` is the day by whose end the facts were known (`as_of`); None: now.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from services.metrics.domain.figures import Figures, Row
from services.metrics.domain.kpis import KPIS
from services.metrics.domain.kpis.kpi import Kpi, Ratio, total
from services.metrics.domain.measures import flow
from services.metrics.domain.plans.budget import CostDay
from services.metrics.domain.plans.forecast import Figure
from services.metrics.domain.plans.questions import FigureQuestion
from services.metrics.domain.plans.resources import WorkDone
from services.metrics.domain.questions import Question
from services.metrics.domain.windows import Window
from services.metrics.processes.figures import Asker, ask, recorded_before
from services.metrics.store import figures as store
from services.metrics.store.figures import Tenant
from shared.database import Database


class PlanFigures(Protocol):
    """The figures as a plan sees them."""

    async def values(
        self, tenant: str, questions: Sequence[FigureQuestion], known_on: date | None
    ) -> list[Figure | None]: ...

    async def daily(
        self, tenant: str, question: FigureQuestion, known_on: date | None
    ) -> Mapping[date, int]: ...

    async def first_day(
        self, tenant: str, currency: str | None, known_on: date | None
    ) -> date | None: ...

    async def costs(
        self, tenant: str, currency: str, window: Window, known_on: date | None
    ) -> list[CostDay]: ...

    async def work(self, tenant: str, window: Window, known_on: date | None) -> WorkDone: ...


class KeptFigures:
    """Them, from the sums that are kept."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def values(
        self, tenant: str, questions: Sequence[FigureQuestion], known_on: date | None
    ) -> list[Figure | None]:
        """Where several currencies are asked for at once there is no value."""
        snapshot = await ask(self._db, tenant, [_asker(each, known_on) for each in questions])
        figured = snapshot.figured
        return [each.answer()["value"] for each in figured]

    async def daily(
        self, tenant: str, question: FigureQuestion, known_on: date | None
    ) -> Mapping[date, int]:
        """What each day of the window adds to a sum."""
        snapshot = await ask(self._db, tenant, [_asker(question, known_on, is_daily=True)])
        (figured,) = snapshot.figured
        parts = figured.answer()["series"]
        return {part["from"]: part["value"] for part in parts if part["value"]}

    async def first_day(
        self, tenant: str, currency: str | None, known_on: date | None
    ) -> date | None:
        """The day of the first invoice: before it there is nothing to follow."""
        async with self._db.reading() as session:
            found = await store.find_tenant(session, tenant)
            before = recorded_before(_question(_COSTS, _SOME_WINDOW, known_on), found)
            days = await store.list_first_days(session, tenant, before)
        return min(days.values(), default=None) if currency is None else days.get(currency)

    async def costs(
        self, tenant: str, currency: str, window: Window, known_on: date | None
    ) -> list[CostDay]:
        """By day and by all that a line of a budget may name."""
        question = _question(
            _COSTS,
            window,
            known_on,
            currency=currency,
            is_daily=True,
            group_by=("channel", "collector", "sort"),
        )
        starts = question.slices.starts
        found = []
        for row in await self._rows(tenant, question):
            kind, _, queue = row.key.mark.partition("/")
            found.append(
                CostDay(
                    day=starts[row.slice - 1],
                    kind=kind,
                    channel=row.key.channel,
                    queue=queue,
                    collector=row.key.collector,
                    micros=row.added.amount,
                )
            )
        return found

    async def work(self, tenant: str, window: Window, known_on: date | None) -> WorkDone:
        """Seconds of tasks by collector, attempts by channel."""
        question = _question(_WORK, window, known_on, group_by=("channel", "collector"))
        seconds: dict[str, int] = defaultdict(int)
        attempts: dict[str, int] = defaultdict(int)
        for row in await self._rows(tenant, question):
            if row.measure == "task":
                seconds[row.key.collector] += row.added.weight
            else:
                attempts[row.key.channel] += row.added.count
        return WorkDone(seconds=seconds, attempts=attempts)

    async def _rows(self, tenant: str, question: Question) -> list[Row]:
        """Rows as they are kept, however many: no answer is made of them."""
        async with self._db.reading() as session:
            before = recorded_before(question, await store.find_tenant(session, tenant))
            return await store.list_rows(session, tenant, question, question.currency, before)


def _nothing(_: Figures) -> Ratio:
    return total(0)


_SOME_WINDOW = Window(date(2000, 1, 1), date(2000, 1, 1))
# What a plan reads and no answer has: a cost's sort is its kind, for tasks with the queue
# (`task/collectors`); a task's weight is its seconds.
_COSTS = Kpi(
    name="plan-costs",
    definition="Costs by day, channel, collector and sort.",
    unit="minor",
    kind="flow",
    better=None,
    splits=("channel", "collector", "sort"),
    formula=_nothing,
    needs=(flow("cost"),),
    mark="sort",
)
_WORK = Kpi(
    name="plan-work",
    definition="Tasks by collector, attempts by channel.",
    unit="count",
    kind="flow",
    better=None,
    splits=("channel", "collector"),
    formula=_nothing,
    needs=(flow("task"), flow("attempt")),
    is_money=False,
)


def _asker(asked: FigureQuestion, known_on: date | None, *, is_daily: bool = False) -> Asker:
    kpi = KPIS[asked.kpi]
    split = dict(asked.split)
    experiment = split.pop("experiment", "")

    def asker(_tenant: Tenant | None) -> Question:
        return Question(
            kpi=kpi,
            window=Window(asked.from_on, asked.to_on),
            currency=asked.currency if kpi.is_money else None,
            interval="day" if is_daily else None,
            filters={name: (value,) for name, value in split.items()},
            by=asked.counted or kpi.by[0],
            per=asked.per or "",
            at=asked.at,
            as_of=known_on,
            experiment=experiment,
            today=known_on,
        )

    return asker


def _question(
    kpi: Kpi,
    window: Window,
    known_on: date | None,
    *,
    currency: str | None = None,
    is_daily: bool = False,
    group_by: tuple[str, ...] = (),
) -> Question:
    return Question(
        kpi=kpi,
        window=window,
        currency=currency,
        interval="day" if is_daily else None,
        group_by=group_by,
        as_of=known_on,
    )
