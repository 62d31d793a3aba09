"""Who is asked, when and how, once more: the referee of outreach's planning.

Written from the page alone, slowly: every day is lived through, every pause remembered with its
days, every step tried for every subject. It shares with outreach what a strategy is and how a
condition is asked, and nothing else. What happens on a day is known from its 00:00 on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.outreach.dunning.domain.conditions import ConditionFacts, holds
from services.outreach.dunning.domain.strategy import Step, Strategy
from tests.oracles.dunning_books import Books
from tests.oracles.dunning_records import Bill, Fact, Key, Made, Occasion, working_after

DAY = timedelta(days=1)
ATTEMPTS = ("email", "sms", "voice", "letter")
TONES = ("friendly", "neutral", "firm", "final")
COURTESIES = (
    "promise-made", "plan-agreed", "promise-kept", "dispute-opened", "dispute-resolved", "paid",
    "corrected",
)  # fmt: skip
BEFORE_DUE = ("promise-due", "instalment-due", "settlement-due")
NEVER = -(10**6)
STALE_DAYS = 14  # after so long a happening is not answered any more


@dataclass(frozen=True)
class Item:
    """A step of a subject that a contact makes."""

    key: Key
    step: Step
    tone: str
    reaction: str = ""

    @property
    def firmness(self) -> tuple[bool, int, int, str, str, str]:
        n = 0 if self.reaction else self.step.ladder_day
        is_person = self.step.channels == ("person",)
        tone = TONES.index(self.tone)
        return (is_person, tone, n, self.key[0], self.key[2], self.reaction)

    @property
    def is_courtesy(self) -> bool:
        return self.reaction in COURTESIES


@dataclass(frozen=True)
class Entry:
    """A contact as it was made. `channel`: hand-over, or suppressed where none was left."""

    at: datetime  # local
    step: str
    channel: str
    items: tuple[tuple[str, str, str], ...]  # account, subject, step

    def __str__(self) -> str:
        about = " ".join(f"{account}/{what}:{step}" for account, what, step in self.items)
        return f"{self.at:%m-%d %H:%M} {self.step} {self.channel} [{about}]"


def slots(
    priorities: Sequence[int], start: int, factor: int, most: int
) -> list[tuple[int, list[int]]]:
    """By day, who goes where all are due on day 0: what is left waits for the next day."""
    waiting, given, day = sorted(priorities, reverse=True), [], 0
    while waiting:
        count = min(most, start * factor**day)
        given.append((day, waiting[:count]))
        waiting, day = waiting[count:], day + 1
    return given


@dataclass
class Referee:
    """One debtor. The story is told day by day; the diary says what was made of it."""

    books: Books
    story: Sequence[Fact]
    contact_from: date = date(2000, 1, 1)
    zone: str = "Europe/Berlin"
    cut_off: time = time(16)
    holidays: frozenset[date] = frozenset()
    diary: list[Entry] = field(default_factory=list)

    def run(self, first: date, last: date) -> list[Entry]:
        day = first
        while day <= last:
            self.books.begin(day, [fact for fact in self.story if fact.day == day])
            self._live(day)
            day += DAY
        return self.diary

    def _live(self, day: date) -> None:
        """All that is made on the day, one after the other."""
        for bill in self.books.bills.values():
            self._begin_late(bill, day)
        moment = datetime.combine(day, time(), ZoneInfo(self.zone))
        end = datetime.combine(day + DAY, time(), ZoneInfo(self.zone))
        while True:
            fails_at = min(
                (made.fails_at for made in self.books.contacts if made.fails_at), default=None
            )
            found = min(self._possible(day, moment), key=lambda one: one[0], default=None)
            if fails_at is not None and (found is None or fails_at <= found[0]) and fails_at < end:
                self.books.fail(fails_at)
                moment = max(moment, fails_at)
            elif found is not None and found[0] < end:
                moment = found[0]
                self._make(moment, found[1], found[2])
            else:
                return

    def _make(self, moment: datetime, items: list[Item], channel: str) -> None:
        lead = max(items, key=lambda item: item.firmness)
        for item in items:
            made = Made(item.step.ladder_day, item.step.name, moment.date(), channel)
            self.books.made.setdefault(item.key, []).append(made)
        if channel not in ("person", "hand-over", "suppressed"):
            asks = {i.key[0] for i in items if not i.reaction and i.step.ladder_day > 0}
            about = {(i.key, i.step.ladder_day) for i in items}
            invoices = {i.key[2] for i in items if not i.reaction and i.step.ladder_day > 0}
            self.books.sent(moment, channel, {i.key[0] for i in items}, asks, about, invoices)
        covered = sorted((i.key[0], i.key[2], i.step.name) for i in items)
        self.diary.append(Entry(moment, lead.step.name, channel, tuple(covered)))

    # What is possible on a day

    def _possible(self, day: date, moment: datetime) -> Iterator[tuple[datetime, list[Item], str]]:
        found = [item for item in self._candidates(day) if item is not None]
        for item in found:
            if item.step.hand_over is not None:
                at = self._office(day, moment)
                if at is not None:
                    yield at, [item], "hand-over"
        items = [item for item in found if item.step.hand_over is None]
        for together in (items, [item for item in items if item.is_courtesy]):
            if together:
                lead = max(together, key=lambda item: item.firmness)
                if lead.step.channels == ("person",):
                    at = self._office(day, moment)
                    channel = "person"
                else:
                    is_free = all(item.is_courtesy for item in together)
                    at, channel = self._message(day, moment, lead, together, is_free)
                if at is not None:
                    yield at, together, channel
                    return
                if self._may_write(day, lead) or lead.step.channels == ("person",):
                    return

    def _office(self, day: date, moment: datetime) -> datetime | None:
        opens, closes = (datetime.combine(day, time(h), ZoneInfo(self.zone)) for h in (8, 21))
        at = max(opens, moment)
        return at if self._works(day) and at < closes else None

    def _works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays

    def _may_write(self, day: date, lead: Item) -> bool:
        """Gap and caps of the leading strategy."""
        caps = self._strategy(lead.key[0]).caps
        days = [at.date() for at in self.books.attempts()]
        gap = all(day >= each + caps.gap_days * DAY for each in days)
        week = sum(day - 6 * DAY <= each <= day for each in days) < caps.per_7_days
        month = sum(day - 29 * DAY <= each <= day for each in days) < caps.per_30_days
        return gap and week and month

    def _message(
        self, day: date, moment: datetime, lead: Item, items: list[Item], is_free: bool
    ) -> tuple[datetime | None, str]:
        strategy = self._strategy(lead.key[0])
        send = lead.step.send or strategy.send
        if not is_free and not self._may_write(day, lead):
            return None, ""
        if any(at.date() == day for at in self.books.messages()):
            return None, ""
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        if names[day.weekday()] not in send.days:
            return None, ""
        if day in self.holidays and not send.holidays:
            return None, ""
        tried = self.books.tried.get((lead.key, lead.step.ladder_day), set())
        left = [
            name
            for name in lead.step.channels
            if name not in self.books.unreachable and name not in tried
        ]
        channel = left[0] if left else "suppressed"
        if (left or lead.step.channels)[0] == "letter":
            at = datetime.combine(day, self.cut_off, ZoneInfo(self.zone))
            return (at if at >= moment else None), channel
        at = max(moment, datetime.combine(day, send.from_, ZoneInfo(self.zone)))
        is_open = at < datetime.combine(day, send.to, ZoneInfo(self.zone))
        return (at if is_open else None), channel

    # The candidate of every subject

    def _candidates(self, day: date) -> Iterator[Item | None]:
        for bill in self.books.bills.values():
            if bill.is_open and self.books.strategy_of(bill.account) is not None:
                yield self._of_bill(bill, day)
        for occasion in self.books.occasions(day):
            if self.books.strategy_of(occasion.account) is not None:
                yield self._of_occasion(occasion, day)

    def _strategy(self, account: str) -> Strategy:
        found = self.books.strategy_of(account)
        assert found is not None
        return found

    def _of_bill(self, bill: Bill, day: date) -> Item | None:
        strategy = self._strategy(bill.account)
        if self.books.is_stopped(bill, day, strategy):
            return None
        paid_on = self.books.paid_on(bill.account)
        if paid_on is not None and day < paid_on + strategy.quiet.after_payment_days * DAY:
            return None
        ready = [
            step
            for step in strategy.ladder
            if step.ladder_day > self._position(bill, day)
            and self._applies(step, bill, day)
            and self._is_ready(step, bill, day)
        ]
        if not ready:
            return None
        step, tone = ready[-1], ready[-1].tone
        is_written = step.hand_over is None and step.channels != ("person",)
        if step.ladder_day > 0 and is_written and not self.books.is_reached(bill.account):
            first = next((s for s in strategy.ladder if s.ladder_day > 0 and s.template), step)
            tone = first.tone
        return Item(bill.key, step, tone)

    def _position(self, bill: Bill, day: date, before: date | None = None) -> int:
        """The largest N made (before a day), and what a broken promise skips to."""
        made = self.books.made.get(bill.key, [])
        known = [m.n for m in made if before is None or m.on < before]
        reaction = self._strategy(bill.account).reactions.get("promise-broken")
        if reaction is not None and reaction.skip_to is not None:
            step = next(
                s for s in self._strategy(bill.account).ladder if s.name == reaction.skip_to
            )
            judged = self.books.broken_on(bill)
            if any(before is None or on <= before for on in judged):
                known.append(step.ladder_day - 1)
        return max(known, default=NEVER)

    def _begin_late(self, bill: Bill, day: date) -> None:
        """An account never contacted begins with its first overdue step that applies, where a
        later one would have come by already, or where its own day lies before the first of all."""
        strategy = self.books.strategy_of(bill.account)
        is_begun = any(made.n > 0 for made in self.books.made.get(bill.key, []))
        if strategy is None or not bill.is_open or bill.stage(day) is None or is_begun:
            return
        if self.books.is_reached(bill.account) or self.books.is_stopped(bill, day, strategy):
            return
        if any(resume > day for resume in self.books.resumes(bill, day, strategy)):
            return  # what has stopped it says when it goes on
        days = [
            step.ladder_day
            for step in strategy.ladder
            if step.ladder_day > max(0, self._position(bill, day))
            and (step.stage or 0) <= (bill.stage(day) or 0)
            and (step.anchor != "last-contact" or self.books.made.get(bill.key))
            and self._applies(step, bill, day)
        ]
        if not days:
            return
        bill.starts_on = bill.begins_at = None  # not begun yet: asked anew
        start, base = max(day, self.contact_from), self._base(bill, day)
        is_late = len(days) > 1 and base + days[1] * DAY <= start
        if is_late or base + days[0] * DAY < self.contact_from:
            bill.starts_on, bill.begins_at = start - days[0] * DAY, days[0]

    def _base(self, bill: Bill, day: date) -> date:
        strategy = self._strategy(bill.account)
        base = bill.starts_on or bill.due_on
        for resume in self.books.resumes(bill, day, strategy):
            behind = max(0, self._position(bill, day, before=resume))
            following = next((s for s in strategy.ladder if s.ladder_day > behind), None)
            if following is not None:
                base = max(base, resume - following.ladder_day * DAY)
        return base

    def _is_ready(self, step: Step, bill: Bill, day: date) -> bool:
        n, stage = step.ladder_day, bill.stage(day)
        if n <= 0:  # only while it is due soon
            if stage is not None or not bill.due_on - 7 * DAY <= day <= bill.due_on:
                return False
            ready = bill.due_on + n * DAY
        else:
            resumes = self.books.resumes(bill, day, self._strategy(bill.account))
            if any(resume > day for resume in resumes):
                return False
            if stage is None or stage < (step.stage or 0):
                return False
            ready = self._counted(self._base(bill, day), step, step.stage or 0)
            ready = max(ready, bill.due_on + (step.stage or 1) * DAY)
        if step.anchor == "last-contact":
            made = self.books.made.get(bill.key, [])
            if not made or self._is_in_the_way(step, bill, day):
                return False
            ready = self._counted(max(m.on for m in made), step, 0)
        if n == bill.begins_at:
            ready = max(ready, self.contact_from)
        return max(ready, self._not_before(ready)) <= day

    def _not_before(self, ready: date) -> date:
        """Steps due before outreach may begin are skipped by their own day."""
        return date.max if ready < self.contact_from else ready

    def _counted(self, start: date, step: Step, stage: int) -> date:
        if step.business_days is not None:
            return working_after(start + stage * DAY, step.business_days, self.holidays)
        return start + (stage + step.days) * DAY

    def _is_in_the_way(self, step: Step, bill: Bill, day: date) -> bool:
        """Whether an earlier step that applies is not behind yet."""
        behind = self._position(bill, day)
        return any(
            behind < earlier.ladder_day < step.ladder_day
            and (earlier.ladder_day > 0 or step.ladder_day <= 0)
            and self._applies(earlier, bill, day, is_in_time=False)
            for earlier in self._strategy(bill.account).ladder
        )

    def _applies(self, step: Step, bill: Bill, day: date, is_in_time: bool = True) -> bool:
        """`is_in_time`: what is required lies long enough back; else that is a matter of days."""
        if step.requires is not None:
            arrived = [
                made.on
                for made in self.books.made.get(bill.key, [])
                if made.step == step.requires.step and made.has_arrived
            ]
            if not any(on + step.requires.days * DAY <= day or not is_in_time for on in arrived):
                return False
        return holds(step.when, self._words(bill.account, day, bill))

    def _words(self, account: str, day: date, bill: Bill | None) -> ConditionFacts:
        said = self.books.said(account, day)
        if bill is None:
            return ConditionFacts(**said)
        return ConditionFacts(
            **said,
            amount=bill.balance - bill.disputed,
            days_past_due=(day - bill.due_on).days,
            stage=bill.stage(day),
        )

    def _is_fresh(self, occasion: Occasion, step: Step, day: date) -> bool:
        """Before its day, or not too long after the step's."""
        if occasion.reaction in BEFORE_DUE:
            return day <= occasion.on
        return day <= occasion.on + (step.ladder_day + STALE_DAYS) * DAY

    def _of_occasion(self, occasion: Occasion, day: date) -> Item | None:
        reaction = self._strategy(occasion.account).reactions.get(occasion.reaction)
        if reaction is None:
            return None
        position = max((m.n for m in self.books.made.get(occasion.key, [])), default=NEVER)
        ready = [
            step
            for step in reaction.steps
            if step.ladder_day > position
            and self.contact_from <= occasion.on + step.ladder_day * DAY <= day
            and self._is_fresh(occasion, step, day)
            and holds(step.when, self._words(occasion.account, day, None))
        ]
        if not ready:
            return None
        return Item(occasion.key, ready[-1], ready[-1].tone, occasion.reaction)
