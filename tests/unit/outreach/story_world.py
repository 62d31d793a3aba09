"""Stories of the referee's kind, told to the planner of outreach: what is due is made, the diary is
kept in the referee's words."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.outreach.activity.domain.contacts import ATTEMPTS, Item, MessageChannel
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.dunning.domain import planning
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    SubjectKey,
    subject_key,
)
from services.outreach.dunning.domain.planning import Plan
from shared.clock import day_start, local_day, zone
from tests.oracles.dunning import Entry
from tests.unit.outreach.planning_world import BERLIN
from tests.unit.outreach.story_facts import StoryFacts


@dataclass
class Contact:
    """A message as it left, and what it was about."""

    at: datetime
    channel: str
    items: tuple[Item, ...]
    fails_at: datetime | None = None
    has_failed: bool = False


@dataclass
class StoryWorld(StoryFacts):
    pays_within: dict[str, float | None] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    contact_from: date = date(2000, 1, 1)
    is_daily: bool = True  # a run at each 00:00; else only where something has happened
    contacts: list[Contact] = field(default_factory=list)
    steps: dict[SubjectKey, dict[int, StepMade]] = field(default_factory=dict)
    diary: list[Entry] = field(default_factory=list)

    def run(self, first: date, last: date) -> list[Entry]:
        day = first
        next_at: datetime | None = None
        while day <= last:
            start, end = day_start(day, BERLIN), day_start(day + timedelta(days=1), BERLIN)
            if self.begin(day) or self.is_daily or next_at is None:
                next_at = self._run(start)
            while next_at is not None and next_at < end:
                next_at = self._run(next_at)
            day += timedelta(days=1)
            next_at = next_at or datetime.max.replace(tzinfo=UTC)
        return self.diary

    # What planning is told

    def facts(self) -> DebtorFacts:
        found = tuple(i for a in self.strategies for i in self.open_of(a))
        sent = [contact for contact in self.contacts if not contact.has_failed]
        attempts = tuple(c.at for c in sent if c.channel in ATTEMPTS)
        return DebtorFacts(
            "debtor/D1" if len(self.strategies) > 1 else "account/C1",
            "D1" if len(self.strategies) > 1 else None,
            self.contact_from,
            tuple(self._account(name, sent) for name in self.strategies),
            found,
            steps={key: tuple(steps.values()) for key, steps in self.steps.items()},
            stops=tuple(stop for stops in self.stops.values() for stop in stops.values()),
            occasions=tuple(
                o for known in self.occasions.values() for o in known.values() if o.stands
            ),
            attempts=attempts,
            last_message_at=max((c.at for c in sent), default=None),
            timezone=BERLIN,
        )

    def _account(self, name: str, sent: list[Contact]) -> Account:
        bills = self.open_of(name)
        overdue = [bill for bill in bills if bill.stage is not None]
        amounts = CurrencyAmounts(
            sum(bill.balance_minor for bill in bills),
            sum(bill.balance_minor for bill in overdue),
            sum(bill.balance_minor - bill.disputed_minor for bill in overdue),
        )
        mine = [c for c in sent if any(item.account_id == name for item in c.items)]
        asked = [
            local_day(c.at, BERLIN)
            for c in mine
            if any(i.account_id == name and i.is_ladder and i.n > 0 for i in c.items)
        ]
        paid = [fact.day for fact in self.payments.values() if fact.account == name]
        return Account(
            name, "consumer", BERLIN, self.strategies[name], bool(mine) or name in self.reached,
            country="DE", tags=frozenset(), segment=self.segments.get(name),
            pays_within=self.pays_within.get(name), amounts={"EUR": amounts},
            paid_on=max(paid, default=None), asked_on=max(asked, default=None),
        )  # fmt: skip

    # What is made

    def _run(self, moment: datetime) -> datetime | None:
        """Make what is due at the instant; gives the next instant with something to do."""
        for _ in range(20):
            self._fail(moment)
            found = planning.plan(self.facts(), moment, self.post)
            for (_account, name), day in found.anchors.items():
                self.invoices[name] = replace(self.invoices[name], anchor_on=day)
            plans = [plan for plan in (found.contact, *found.hand_overs) if plan]
            due = [plan for plan in plans if plan.due_at <= moment]
            if not due:
                instants = [plan.due_at for plan in plans]
                instants += [c.fails_at for c in self.contacts if c.fails_at]
                return min(instants, default=None)
            for plan in sorted(due, key=lambda plan: plan.channel != "hand-over"):
                self._make(plan, moment)
        raise AssertionError("the same instant brings ever more")

    def _fail(self, moment: datetime) -> None:
        for contact in self.contacts:
            if contact.fails_at is None or contact.fails_at > moment:
                continue
            contact.fails_at, contact.has_failed = None, True
            self.post.unreachable.add(contact.channel)
            for item in contact.items:
                steps = self.steps[subject_key(item)]
                channel: MessageChannel = contact.channel  # type: ignore[assignment]
                made = steps[item.n]
                steps[item.n] = replace(made, state="open", tried=(*made.tried, channel))

    def _make(self, plan: Plan, at: datetime) -> None:
        is_message = plan.channel not in ("person", "hand-over") and plan.verdict == "allow"
        state: Any = "sent" if is_message else "handed-over"
        channel: str = plan.channel
        if plan.verdict != "allow":
            state, channel = "suppressed", "suppressed"
        if is_message:
            contact = Contact(at, plan.channel, plan.items)
            if plan.channel in self.bouncing:
                self.bouncing.discard(plan.channel)
                contact.fails_at = at + timedelta(hours=1)
            self.contacts.append(contact)
        for item in plan.items:
            steps = self.steps.setdefault(subject_key(item), {})
            assert all(item.n > step.n for step in steps.values() if step.is_made), "made twice"
            tried = steps[item.n].tried if item.n in steps else ()
            steps[item.n] = StepMade(item.n, item.step, local_day(at, BERLIN), state, tried)
        about = sorted((i.account_id, i.subject_id, i.step) for i in plan.items)
        self.diary.append(Entry(at.astimezone(zone(BERLIN)), plan.step.name, channel, tuple(about)))
