"""Portfolios that nobody thought of: some accounts in three zones and currencies, and a few months
in which everything happens to them that the services can announce, on time, late and again.

All of it follows from one number, so that a portfolio that finds a fault can be told by it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from shared.events import Received
from tests.portfolios.doings_contacts import ContactDoings

BASE = date(2026, 1, 1)
LAST = date(2026, 7, 31)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland")
CURRENCIES = ("EUR", "USD", "JPY")
EXPERIMENT = "calls"
ARMS = {"std": 0.5, "call": 0.25, "letter": 0.25}


class Portfolio(ContactDoings):
    """What happened, drawn at random."""

    def __init__(self, seed: int, steps: int | None = None) -> None:
        rng = Random(seed)
        super().__init__(rng, tenant_zone=rng.choice(ZONES))
        self.record_at(datetime(2025, 12, 30, tzinfo=UTC))
        for name in "ABCDE"[: rng.randint(1, 4)]:
            kind: Any = rng.choice(("consumer", "business"))
            country = rng.choice(("DE", "US", None))
            self.account(name, zone=rng.choice(ZONES), kind=kind, country=country)
        self._steps(steps or rng.choice((30, 80, 140)))

    def _steps(self, steps: int) -> None:
        rng = self.rng
        doings = self._doings()
        span = (LAST - BASE).days
        moments = sorted(rng.uniform(0, span) for _ in range(steps))
        first = rng.uniform(0, 60)
        self._said_of_the_tenant(BASE + timedelta(days=int(first)))
        self.start_day(BASE)
        for moment in moments:
            now = datetime(BASE.year, 1, 1, tzinfo=UTC) + timedelta(seconds=int(moment * 86400))
            if self.begun is None or now.date() > self.begun:
                self.start_day(now.date())
            self.record_at(now)
            doing = rng.choices(doings, [weight for _, weight in self._weights()])[0]
            late = timedelta(seconds=int(rng.expovariate(1 / (12 * 86400))))
            doing(now - late if rng.random() < 0.25 else now)
        self.start_day(LAST if rng.random() < 0.7 else self.now.date())

    def _doings(self) -> list[Callable[[datetime], None]]:
        return [doing for doing, _ in self._weights()]

    def _weights(self) -> list[tuple[Callable[[datetime], None], float]]:
        return [*self.of_money(), *self.of_claims(), *self.of_contacts()]

    def _said_of_the_tenant(self, day: date) -> None:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if self.rng.random() < 0.7:
            self.experiment(EXPERIMENT, 1, ARMS, "std", start)
            if self.rng.random() < 0.4:  # stopped, and begun anew with another design
                self.experiment(EXPERIMENT, 2, ARMS, "std", start + timedelta(days=40))
        if self.rng.random() < 0.5:
            self.rates(
                "EUR",
                [
                    ("USD", BASE, "0.92"),
                    ("JPY", BASE + timedelta(days=20), "0.0062"),
                    ("USD", BASE + timedelta(days=45), "0.9"),
                ],
                start,
            )


def interleaved(rng: Random, topics: list[list[Received]]) -> list[list[Received]]:
    """Each topic of an account in its order, one another in any, cut into batches of any size."""
    left = [list(events) for events in topics if events]
    order: list[Received] = []
    while left:
        topic = rng.choice(left)
        run = rng.choice((1, 2, 5, 50))
        order += topic[:run]
        del topic[:run]
        left = [events for events in left if events]
    batches, start = [], 0
    while start < len(order):
        size = rng.choice((1, 3, 10, 500))
        batches.append(order[start : start + size])
        start += size
    return batches
