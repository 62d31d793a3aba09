"""The days of a demo: begin one, feed what happens in it, make the contacts as they come due."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from deploy.demo.calls import Calls, Failed
from deploy.demo.mail import Mailbox
from deploy.demo.source import Source, midnight
from shared.clock import ONE_DAY, monotonic

# A run that neither does anything nor moves the next due instant is tried again at most so often.
_IDLE_RUNS_MAX = 20


@dataclass
class DaysResult:
    """What the days brought, and where their time went."""

    billing: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)  # "promise taken"
    refused: list[str] = field(default_factory=list)
    rounds: int = 0
    milliseconds: Counter[str] = field(default_factory=Counter)


class DemoDays:
    """Takes a source's portfolio through its days."""

    def __init__(self, calls: Calls, mailbox: Mailbox, source: Source) -> None:
        self._calls = calls
        self._mailbox = mailbox
        self._source = source
        self.worked = DaysResult()

    async def work(self, when_done: Callable[[int], None]) -> None:
        """Every day in turn; `when_done` is called after each with its number."""
        for number in range(self._source.days):
            start = midnight(self._source.first_day + number * ONE_DAY)
            await self._day(start, start + ONE_DAY)
            when_done(number)
        started = monotonic()
        await self._calls.settle()
        self._spent("settle", started)

    async def _day(self, start: datetime, end: datetime) -> None:
        await self._feed(start)  # what happened before the day begins
        started = monotonic()
        await self._calls.start_day(start.date())
        self._spent("start_day", started)
        at, idle = start, 0
        while at < end:
            counts, next_due_at = await self._run(at)
            idle = 0 if any(counts.values()) else idle + 1
            following = next_due_at if next_due_at is not None else end
            if following <= at:
                if idle > _IDLE_RUNS_MAX:
                    raise Failed(f"contacts stay due at {at}: {counts}")
                continue
            idle = 0
            at = min(following, end)
            await self._feed(at)

    async def _feed(self, until: datetime) -> None:
        events = self._source.until(until)
        if events:
            started = monotonic()
            self.worked.refused += await self._calls.post_events(events)
            self._spent("events", started)
            self.worked.billing.update(event["type"] for event in events)
        started = monotonic()
        for request in self._source.requests():
            shown = await self._calls.ask(request)
            self.worked.asked[f"{request.noun} {'refused' if shown is None else 'taken'}"] += 1
            self._source.answered(request, shown)
        self._spent("requests", started)

    async def _run(self, at: datetime) -> tuple[dict[str, int], datetime | None]:
        """Once everybody knows what there is to know, make what is due; debtors read it."""
        started = monotonic()
        await self._calls.settle()
        self._spent("settle", started)
        started = monotonic()
        counts, next_due_at = await self._calls.run_due(at)
        self._spent("run_due", started)
        self.worked.runs.update(counts)
        self.worked.rounds += 1
        self._source.contacted(self._mailbox.take(), at)
        return counts, next_due_at

    def _spent(self, on: str, started: float) -> None:
        self.worked.milliseconds[on] += round((monotonic() - started) * 1000)
