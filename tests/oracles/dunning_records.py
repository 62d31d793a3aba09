"""What the referee of planning remembers, thing by thing: each with its days."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.outreach.dunning.domain.strategy import Strategy

DAY = timedelta(days=1)
STAGES = (121, 91, 61, 31, 1)
NOT_KEPT = ("broken", "partly_kept")
Key = tuple[str, str, str, str]  # account, kind of subject, its id, what is answered


@dataclass(frozen=True)
class Fact:
    """Something that is known from 00:00 of a day on. What the members mean is its kind's."""

    day: date
    kind: str
    name: str = ""
    account: str = "C1"
    invoices: tuple[str, ...] | None = None
    minor: int = 0
    until: date | None = None
    word: str = ""
    strategy: Strategy | None = None


def working_after(day: date, count: int, holidays: frozenset[date]) -> date:
    """The count-th business day after the day."""
    while count > 0:
        day += DAY
        count -= day.weekday() < 5 and day not in holidays
    return day


@dataclass
class Bill:
    name: str
    account: str
    due_on: date
    amount: int
    paid: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)  # 0: all of it
    is_written_off: bool = False
    is_corrected: bool = False
    reopened_on: list[date] = field(default_factory=list)
    starts_on: date | None = None  # the ladder's day 0 after a late start
    begins_at: int | None = None  # ladder day of the step that falls on the late start

    @property
    def key(self) -> Key:
        return (self.account, "invoice", self.name, "")

    @property
    def balance(self) -> int:
        return self.amount - sum(self.paid.values())

    @property
    def disputed(self) -> int:
        return min(self.balance, sum(held or self.balance for held in self.disputes.values()))

    @property
    def is_open(self) -> bool:
        return self.balance > 0 and not self.is_written_off

    @property
    def is_disputed(self) -> bool:
        return self.is_open and self.disputed >= self.balance

    def stage(self, day: date) -> int | None:
        late = (day - self.due_on).days
        return None if self.is_corrected else next((s for s in STAGES if s <= late), None)


@dataclass
class Pause:
    kind: str
    account: str
    invoices: tuple[str, ...] | None
    from_on: date
    ended_on: date | None = None
    outcome: str = ""

    def covers(self, bill: Bill) -> bool:
        mine = self.kind == "reply" or self.account == bill.account
        return mine and (self.invoices is None or bill.name in self.invoices)

    def ends_on(self, strategy: Strategy, holidays: frozenset[date]) -> date | None:
        """Claims and answers that nobody deals with end by themselves."""
        own = {
            "claim": strategy.quiet.claim_business_days,
            "reply": strategy.quiet.reply_business_days,
        }
        if self.kind not in own:
            return self.ended_on
        by_itself = working_after(self.from_on, own[self.kind], holidays)
        return by_itself if self.ended_on is None else min(by_itself, self.ended_on)

    def resume_on(self, strategy: Strategy, ended_on: date) -> date:
        after = strategy.resume_after_days
        days = {
            "promise": after.promise, "plan": after.plan, "settlement": after.settlement,
            "disputed": after.dispute, "hold": after.hold, "reply": after.reply,
            "claim": after.claim, "manual": after.manual, "placed": after.placement,
        }[self.kind]  # fmt: skip
        broken = strategy.reactions.get("promise-broken")
        if self.kind == "promise" and self.outcome in NOT_KEPT and broken is not None:
            days = days if broken.resume_after_days is None else broken.resume_after_days
        return ended_on + days * DAY


@dataclass
class Made:
    n: int
    step: str
    on: date
    channel: str

    @property
    def has_arrived(self) -> bool:
        return self.channel not in ("person", "hand-over", "suppressed")


@dataclass
class Contact:
    at: datetime
    channel: str
    accounts: set[str]
    asks: set[str]  # accounts of which it calls something overdue
    about: set[tuple[Key, int]]
    invoices: set[str]  # that it calls overdue
    fails_at: datetime | None = None
    has_failed: bool = False


@dataclass(frozen=True)
class Occasion:
    account: str
    reaction: str
    kind: str
    name: str
    on: date
    invoices: tuple[str, ...] | None = None

    @property
    def key(self) -> Key:
        return (self.account, self.kind, self.name, self.reaction)


@dataclass
class Thing:
    """A promise, plan, settlement, dispute, failed payment, warning: its state and its days."""

    fact: Fact
    state: str
    on: date  # of the state
    pause: Pause | None = None
