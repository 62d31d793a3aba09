"""The days of a demo: begin one, feed what happens in it, make the contacts as they come due."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from deploy.demo.calls import Calls, Failed
from deploy.demo.desk import Desk
from deploy.demo.dialler import Dialler
from deploy.demo.manager import Manager
from deploy.demo.peers import Peers
from deploy.demo.source import Source, midnight
from shared.clock import ONE_DAY, monotonic

# A run that neither does anything nor moves the next due instant is tried again at most so often.
_IDLE_RUNS_MAX = 20
# When people come to the desk, so that everybody's office hours are met: Auckland and Tokyo,
# Berlin, New York and Sao Paulo, Los Angeles. UTC.
_SITTINGS = (time(0, 30), time(9), time(15), time(19))
_STEP = timedelta(minutes=15)  # contacts that come due between are made together


@dataclass
class DaysResult:
    """What the days brought, and where their time went."""

    billing: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)  # "promise taken"
    answers: Counter[str] = field(default_factory=Counter)  # "sms reply"
    refused: list[str] = field(default_factory=list)
    rounds: int = 0
    milliseconds: Counter[str] = field(default_factory=Counter)


class DemoDays:
    """Takes a source's portfolio through its days."""

    def __init__(self, calls: Calls, peers: Peers, source: Source, seed: int) -> None:
        self._calls = calls
        self._peers = peers
        self._source = source
        self.desk = Desk(calls, source)
        self.dialler = Dialler(calls, seed)
        self.manager = Manager(calls, source)
        self.worked = DaysResult()

    async def work(self, when_done: Callable[[int], None]) -> None:
        """Every day in turn; `when_done` is called after each with its number."""
        await self.manager.open()
        for number in range(self._source.days):
            start = midnight(self._source.first_day + number * ONE_DAY)
            await self._day(start, start + ONE_DAY)
            when_done(number)
        await self._settle()
        await self.manager.end()

    async def _day(self, start: datetime, end: datetime) -> None:
        await self._feed(start)  # what happened before the day begins
        started = monotonic()
        await self._calls.start_day(start.date())
        if start.day == 1:
            await self._calls.record_costs(start.date())
        self._spent("start_day", started)
        await self._settle()  # what is judged is known
        started = monotonic()
        await self.manager.begin(start.date())
        self._spent("judge", started)
        sittings = [datetime.combine(start.date(), each, start.tzinfo) for each in _SITTINGS]
        at, idle = start, 0
        while at < end:
            counts, next_due_at = await self._run(at)
            idle = 0 if any(counts.values()) else idle + 1
            if sittings and sittings[0] <= at:
                sittings = [each for each in sittings if each > at]
                await self._sit(at, did_something=any(counts.values()))
            due = _rounded(next_due_at) if next_due_at is not None else end
            following = min([due, end, *sittings])
            if following <= at:
                if idle > _IDLE_RUNS_MAX:
                    raise Failed(f"contacts stay due at {at}: {counts}")
                continue
            idle = 0
            at = following
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
        answers = self._source.answers()
        if answers:
            if events:
                await self._settle()  # who answers answers what is known
            started = monotonic()
            for answer in answers:
                await self._calls.bring(answer)
                self.worked.answers[f"{answer.about.channel} {answer.kind}"] += 1
            self._spent("answers", started)

    async def _run(self, at: datetime) -> tuple[dict[str, int], datetime | None]:
        """Once everybody knows what there is to know, make what is due; debtors read it."""
        await self._settle()
        started = monotonic()
        counts, next_due_at = await self._calls.run_due(at)
        self._spent("run_due", started)
        self.worked.runs.update(counts)
        self.worked.rounds += 1
        # A call that is due waits for the dialler, and until it is made nothing happens.
        if any(counts.values()) or (next_due_at is not None and next_due_at <= at):
            started = monotonic()
            await self._hand_over(at)
            self._spent("messages", started)
        return counts, next_due_at

    async def _hand_over(self, at: datetime) -> None:
        """Calls are made; mails, texts and letters are read."""
        await self.dialler.work()
        self._source.received(self._peers.messages(), at)
        for letter in self._peers.print_shop.take():
            contact = await self._calls.get("outreach", f"/v1/contacts/{letter.to}")
            self._source.letter(contact["covers"][0]["account_id"], letter, at)

    async def _sit(self, at: datetime, *, did_something: bool) -> None:
        """People work until nothing is left to do, and whatever it came to is known."""
        if did_something:
            await self._settle()
        started = monotonic()
        while await self.desk.work(at):
            await self._calls.settle()
        self._spent("desk", started)

    async def _settle(self) -> None:
        started = monotonic()
        await self._calls.settle()
        self._spent("settle", started)

    def _spent(self, on: str, started: float) -> None:
        self.worked.milliseconds[on] += round((monotonic() - started) * 1000)


def _rounded(instant: datetime) -> datetime:
    """Up to a full step."""
    over = (instant - midnight(instant.date())) % _STEP
    return instant if not over else instant + _STEP - over
