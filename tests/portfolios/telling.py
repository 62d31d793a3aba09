"""How a story is told: a world whose days begin by themselves, and questions with their answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shared.events import Received
from tests.portfolios.log import moment
from tests.portfolios.world import World

CURRENCY = {"currency": "EUR"}


@dataclass(frozen=True)
class Asked:
    """A question about a KPI, and its answer; `more`: further members of it, as written."""

    kpi: str
    query: Mapping[str, str]  # the parameters of GET /v1/kpis/{name}
    numerator: float | None
    denominator: float | None
    value: float | None
    more: Mapping[str, Any] = field(default_factory=dict)
    group: Mapping[str, str] | None = None  # of one group of the answer


@dataclass(frozen=True)
class Matrix:
    """A matrix: by row the columns that are not 0."""

    name: str  # GET /v1/matrices/{name}
    query: Mapping[str, str]
    rows: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Judged:
    """A metric of an experiment: by arm (ΣY, ΣX) of the accounts that are ripe."""

    experiment: str
    metric: str
    at: str
    arms: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Story:
    name: str
    events: tuple[Received, ...]
    answers: tuple[Asked | Matrix | Judged, ...]


class Telling(World):
    """A world whose days begin as its facts come."""

    def record_at(self, instant: datetime) -> None:
        super().record_at(instant)
        day = self.day_of(instant, "")
        if self.begun is None or day > self.begun:
            self.start_day(day)

    def owes(self, account: str, invoice: str, amount: int, issued: str, due: str) -> None:
        self.issue(account, invoice, amount, on(issued), on(due))


def on(day: str) -> date:
    return date.fromisoformat(day if len(day) > 5 else f"2026-{day}")


def at_nine(day: str) -> datetime:
    return moment(day, 9)


def window(start: str, end: str, **more: str) -> dict[str, str]:
    """From and to, and days written short."""
    days = {"at", "as_of"}
    told = {name: str(on(value)) if name in days else value for name, value in more.items()}
    return {"from": str(on(start)), "to": str(on(end)), **CURRENCY, **told}


def contacts(start: str, end: str, **more: str) -> dict[str, str]:
    """The same of a figure that is over all currencies."""
    return {name: each for name, each in window(start, end, **more).items() if name != "currency"}


def a_world(*accounts: str) -> Telling:
    world = Telling()
    world.record_at(moment("2025-09-01", 0))
    for account in accounts:
        world.account(account)
    return world
