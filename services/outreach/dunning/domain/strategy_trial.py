"""A dry run ahead: day by day what a strategy would do, as if nothing else happened. A ceiling.

The debtors' next instants stand in a heap, so that slots are given in the order of the real runs:
by instant, then by priority. Nothing is stored and nothing is announced.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.outreach.activity.domain.contacts import Channel
from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.planning import Plan, plan
from services.outreach.dunning.domain.slots import ramp_most
from services.outreach.dunning.domain.strategy import COURTESIES
from services.outreach.dunning.domain.trial_debtors import TrialDebtor
from shared.calendars.business_days import business_days_after
from shared.clock import day_start, local_day

EXAMPLES_MAX: Final = 10
AT_ONE_INSTANT_MAX: Final = 20  # contacts of one debtor at one instant
APPROVAL_BUSINESS_DAYS: Final = 5  # undecided for so long a contact is suppressed
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class TrialTerms:
    """What is tried, and the limits of its tenant."""

    strategy: str
    version: str
    from_on: date  # the first day
    until_on: date  # the first day after the last
    at: datetime  # where it begins
    zone: str  # the tenant's, whose days are counted
    ramp: Ramp
    ramp_from: date | None
    version_ramp: Ramp | None
    version_from: date
    capacity: Mapping[str, int] = field(default_factory=dict)  # by channel and queue


@dataclass
class TrialCounts:
    """What a part of a dry run has come to; parts are added up."""

    accounts: int = 0
    debtors: int = 0
    contacts: Counter[tuple[date, str]] = field(default_factory=Counter)
    costs: Counter[tuple[date, str]] = field(default_factory=Counter)
    tasks: Counter[tuple[date, str]] = field(default_factory=Counter)
    hand_overs: Counter[str] = field(default_factory=Counter)
    handed_over: Counter[tuple[str, str]] = field(default_factory=Counter)  # minor units
    suppressions: Counter[tuple[str, str]] = field(default_factory=Counter)
    slots: Counter[tuple[date, str]] = field(default_factory=Counter)  # taken
    paid_soon: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: "TrialCounts") -> None:
        self.accounts += other.accounts
        self.debtors += other.debtors
        self.paid_soon += other.paid_soon
        for name in (
            "contacts", "costs", "tasks", "hand_overs", "handed_over", "suppressions", "slots",
        ):  # fmt: skip
            getattr(self, name).update(getattr(other, name))
        self.examples = (self.examples + other.examples)[:EXAMPLES_MAX]


class StrategyTrial:
    """Runs debtors through the days. `taken`: slots that earlier parts have used."""

    def __init__(
        self,
        terms: TrialTerms,
        debtors: Iterable[TrialDebtor],
        taken: Counter[tuple[date, str]] | None = None,
    ) -> None:
        self._terms = terms
        self._debtors = {debtor.key: debtor for debtor in debtors}
        self._taken = taken or Counter()
        self._end = day_start(terms.until_on, terms.zone)
        self._heap: list[tuple[datetime, int, str]] = []
        self._mosts: dict[tuple[str, date], int | None] = {}
        self._told: set[tuple[object, ...]] = set()  # suppressions, once per contact and rule
        self.counts = TrialCounts()

    def run(self) -> TrialCounts:
        for debtor in self._debtors.values():
            self._push(debtor, self._terms.at)
        while self._heap:
            at, _, key = heapq.heappop(self._heap)
            debtor = self._debtors[key]
            following = self._step(debtor, at)
            if following is not None and following < self._end:
                self._push(debtor, max(following, at))
        return self.counts

    def _push(self, debtor: TrialDebtor, at: datetime) -> None:
        heapq.heappush(self._heap, (at, -debtor.priority, debtor.key))

    def _step(self, debtor: TrialDebtor, at: datetime) -> datetime | None:
        """Make what is due at the instant; gives the next instant with something to do."""
        debtor.begin_at(at)
        change_at = debtor.next_change_at(at)
        if debtor.waits_until is not None and debtor.waits_until > at:
            return _first(debtor.waits_until, change_at)
        debtor.waits_until = None
        for _ in range(AT_ONE_INSTANT_MAX):
            plans = plan(debtor.facts, at, debtor.reach)
            debtor.anchor(plans.anchors)
            for handing in plans.hand_overs:
                if handing.due_at <= at:
                    self._hand_over(debtor, handing, at)
            contact = plans.contact
            waiting = [each.due_at for each in plans.hand_overs if each.due_at > at]
            if contact is not None and contact.due_at > at:
                if contact.verdict == "defer" and contact.due_at < self._end:
                    self._note(debtor, contact)
                waiting.append(contact.due_at)
            if contact is None or contact.due_at > at:
                return _first(*waiting, change_at)
            waits_until = self._make(debtor, contact, at)
            if waits_until is not None:
                debtor.waits_until = waits_until
                return _first(waits_until, change_at)
        return _first(at + _DAY, change_at)

    # --------------------------------------------------------------- what is made

    def _make(self, debtor: TrialDebtor, contact: Plan, at: datetime) -> datetime | None:
        """Until when the debtor has to wait then; None: not at all."""
        day, wait = local_day(at, self._terms.zone), None
        tomorrow = day_start(day + _DAY, self._terms.zone)
        if contact.verdict == "defer":
            self._note(debtor, contact)
            return tomorrow
        if contact.verdict == "require_approval":
            self._note(debtor, contact)
            until = business_days_after(day, APPROVAL_BUSINESS_DAYS, debtor.facts.calendar_name)
            wait = day_start(until, self._terms.zone)
        elif contact.verdict != "allow":
            self._note(debtor, contact)
        elif (full := self._full(contact, day)) is not None:
            self._count_suppression(debtor, contact, full, "defer")
            return tomorrow
        if self._is_ours(contact):
            self._show(contact, day)
            if contact.verdict == "allow":
                self._count(debtor, contact, day)
        debtor.make(contact, at)
        return wait

    def _is_ours(self, contact: Plan) -> bool:
        ours = (self._terms.strategy, self._terms.version)
        return any((item.strategy, item.version) == ours for item in contact.items)

    def _count(self, debtor: TrialDebtor, contact: Plan, day: date) -> None:
        if contact.channel == "person":
            self.counts.tasks[day, contact.step.queue] += 1
            return
        assert contact.channel != "hand-over", "it is made apart"
        self.counts.contacts[day, contact.channel] += 1
        self.counts.paid_soon += debtor.is_paid_soon(contact, day)
        self.counts.costs[day, contact.channel] += debtor.reach.cost_micros(
            contact.channel, contact.items
        )

    def _hand_over(self, debtor: TrialDebtor, contact: Plan, at: datetime) -> None:
        if self._is_ours(contact) and contact.step.hand_over is not None:
            kind = contact.step.hand_over.kind
            self.counts.hand_overs[kind] += 1
            for item in contact.items:
                invoice = debtor.facts.invoice(item.account_id, item.subject_id)
                if invoice is not None:
                    owed = invoice.balance_minor - invoice.disputed_minor
                    self.counts.handed_over[kind, invoice.currency] += owed
            self._show(contact, local_day(at, self._terms.zone))
        debtor.make(contact, at)

    def _show(self, contact: Plan, day: date) -> None:
        if len(self.counts.examples) < EXAMPLES_MAX:
            self.counts.examples.append(
                {
                    "account_id": contact.lead.account_id,
                    "day": day,
                    "step": contact.lead.step,
                    "channel": contact.channel,
                    "verdict": contact.verdict,
                }
            )

    # --------------------------------------------------------------- what keeps it

    def _note(self, debtor: TrialDebtor, contact: Plan) -> None:
        """The rules that keep a contact, each once."""
        if not self._is_ours(contact) or contact.rule is None:
            return
        effect = contact.verdict if contact.verdict != "allow" else "defer"
        self._count_suppression(debtor, contact, contact.rule, effect)

    def _count_suppression(
        self, debtor: TrialDebtor, contact: Plan, rule: str, effect: str
    ) -> None:
        told = (debtor.key, contact.lead.key, contact.lead.n, rule)
        if told not in self._told and self._is_ours(contact):
            self._told.add(told)
            self.counts.suppressions[rule, effect] += 1

    def _full(self, contact: Plan, day: date) -> str | None:
        """Under which rule there is no slot; None: it has one."""
        names = [name for name in self._limits(contact) if self._most(name, day) is not None]
        for name in names:
            most = self._most(name, day)
            used = self._taken[day, name] + self.counts.slots[day, name]
            if most is not None and used >= most:
                is_ramp = name.startswith("ramp")
                return suppressions.RAMP if is_ramp else suppressions.CAPACITY
        for name in names:
            self.counts.slots[day, name] += 1
        return None

    def _limits(self, contact: Plan) -> list[str]:
        found: list[str] = []
        channel: Channel = contact.channel
        if contact.lead.reaction not in COURTESIES and channel != "person":
            found.append("ramp")
            ours = (self._terms.strategy, self._terms.version)
            if (contact.strategy.name, contact.strategy.version) == ours:
                found.append("ramp/version")
        if channel != "person":  # of tasks it is told how many are over
            found.append(f"capacity/{channel}")
        return found

    def _most(self, name: str, day: date) -> int | None:
        """How many there may be under a limit; None: any number."""
        if (name, day) not in self._mosts:
            self._mosts[name, day] = self._counted_most(name, day)
        return self._mosts[name, day]

    def _counted_most(self, name: str, day: date) -> int | None:
        terms = self._terms
        if name == "ramp":
            return ramp_most(terms.ramp, terms.ramp_from, day)
        if name == "ramp/version":
            if terms.version_ramp is None:
                return None
            return ramp_most(terms.version_ramp, terms.version_from, day)
        return terms.capacity.get(name.partition("/")[2])


def _first(*instants: datetime | None) -> datetime | None:
    return min((each for each in instants if each is not None), default=None)


# ------------------------------------------------------------------------------------------- report


def reported(terms: TrialTerms, counts: TrialCounts, currency: str) -> dict[str, Any]:
    """As it goes out."""
    totals: Counter[str] = Counter()
    costs: Counter[str] = Counter()
    for (day, channel), count in counts.contacts.items():
        totals[channel] += count
        costs[channel] += counts.costs[day, channel]
    contacts, cost = sum(totals.values()), sum(costs.values())
    tasks = sum(counts.tasks.values())
    return {
        "strategy": terms.strategy,
        "version": terms.version,
        "from": terms.from_on,
        "to": terms.until_on - _DAY,
        "accounts": counts.accounts,
        "debtors": counts.debtors,
        "contacts": [
            {"day": day, "channel": channel, "count": count,
             "cost_micros": counts.costs[day, channel]}
            for (day, channel), count in sorted(counts.contacts.items())
        ],
        "totals": [
            {"channel": channel, "count": count, "cost_micros": costs[channel]}
            for channel, count in sorted(totals.items())
        ],
        "currency": currency,
        "tasks": [
            {"day": day, "queue": queue, "count": count,
             "over_capacity": max(0, count - terms.capacity.get(queue, count))}
            for (day, queue), count in sorted(counts.tasks.items())
        ],
        "hand_overs": [
            {"kind": kind, "count": count, "amounts": [
                {"currency": code, "amount_minor": minor}
                for (of, code), minor in sorted(counts.handed_over.items()) if of == kind
            ]}
            for kind, count in sorted(counts.hand_overs.items())
        ],
        "suppressions": [
            {"rule": rule, "effect": effect, "count": count}
            for (rule, effect), count in counts.suppressions.most_common()
        ],
        "examples": counts.examples,
        "summary": f"{contacts:,} messages for {cost / 10**6:,.2f} {currency}, {tasks:,} tasks and "
        f"{sum(counts.hand_overs.values()):,} hand-overs for {counts.accounts:,} accounts",
    }  # fmt: skip
