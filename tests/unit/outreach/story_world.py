"""Stories of the referee's kind, told to the planner of outreach: facts fold as in earnest, what
is due is made, the diary is kept in the referee's words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from services.outreach.activity.domain.contacts import ATTEMPTS, Item, MessageChannel
from services.outreach.debtors.domain import invoices as invoice_folds
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import OCCASION_FOLDS, Occasion, paid_up
from services.outreach.debtors.domain.stops import STOP_FOLDS, Stop
from services.outreach.dunning.domain import planning
from services.outreach.dunning.domain.debtor_facts import (
    Account,
    DebtorFacts,
    StepMade,
    SubjectKey,
    subject_key,
)
from services.outreach.dunning.domain.planning import Plan
from services.outreach.dunning.domain.strategy import Strategy
from shared.clock import day_start, local_day, zone
from shared.events import ledger
from tests.oracles.dunning import Entry
from tests.oracles.dunning_books import STAGES, Fact
from tests.unit.outreach.builders import Post
from tests.unit.outreach.planning_world import BERLIN

_PROMISES: Mapping[str, Any] = {
    "kept": ledger.PromiseKept,
    "partly_kept": ledger.PromisePartlyKept,
    "broken": ledger.PromiseBroken,
}


class _Data(SimpleNamespace):
    """The data of an event as far as a story has it; amounts play no part."""

    def __getattr__(self, name: str) -> int | None:
        return 1 if name.endswith("_minor") else None


@dataclass
class Contact:
    """A message as it left, and what it was about."""

    at: datetime
    channel: str
    items: tuple[Item, ...]
    fails_at: datetime | None = None
    has_failed: bool = False


@dataclass
class StoryWorld:
    strategies: dict[str, Strategy | None]
    story: Sequence[Fact]
    pays_within: dict[str, float | None] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    contact_from: date = date(2000, 1, 1)
    is_daily: bool = True  # a run at each 00:00; else only where something has happened
    invoices: dict[str, Invoice] = field(default_factory=dict)
    stops: dict[str, dict[str, Stop]] = field(default_factory=dict)  # by account and name
    occasions: dict[str, dict[tuple[str, str], Occasion]] = field(default_factory=dict)
    payments: dict[str, Fact] = field(default_factory=dict)
    owed_since: dict[str, date] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)
    post: Post = field(default_factory=Post)
    bouncing: set[str] = field(default_factory=set)
    promises: dict[str, Fact] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    steps: dict[SubjectKey, dict[int, StepMade]] = field(default_factory=dict)
    diary: list[Entry] = field(default_factory=list)
    seen: Any = None

    def run(self, first: date, last: date) -> list[Entry]:
        day = first
        next_at: datetime | None = None
        while day <= last:
            start, end = day_start(day, BERLIN), day_start(day + timedelta(days=1), BERLIN)
            if self._begin(day) or self.is_daily or next_at is None:
                next_at = self._run(start)
            while next_at is not None and next_at < end:
                next_at = self._run(next_at)
            day += timedelta(days=1)
            next_at = next_at or datetime.max.replace(tzinfo=UTC)
        return self.diary

    # What happens

    def _begin(self, day: date) -> bool:
        """What the calendar brings, and the story; whether anything is new."""
        for name, invoice in self.invoices.items():
            late = (day - invoice.due_on).days
            stage = next((s for s in STAGES if s <= late), None)
            stage = None if name in self.corrected else stage
            soon = invoice.due_on if late >= -7 else None
            self.invoices[name] = replace(invoice, stage=stage, due_soon_on=soon)
        facts = [fact for fact in self.story if fact.day == day]
        for fact in facts:
            getattr(self, f"_on_{fact.kind.replace('-', '_')}")(fact)
        for account in self.strategies:
            overdue = any(i.stage is not None for i in self._open(account))
            if overdue:
                self.owed_since.setdefault(account, day)
            elif account in self.owed_since:
                occasion = paid_up(account, day, self.owed_since.pop(account))
                self._answers(account)[occasion.key] = occasion
        seen = [(i.state, i.stage, i.due_soon_on) for i in self.invoices.values()]
        is_new = bool(facts) or seen != self.seen
        self.seen = seen
        return is_new

    def _open(self, account: str) -> list[Invoice]:
        return [i for i in self.invoices.values() if i.account_id == account and i.state == "open"]

    def _answers(self, account: str) -> dict[tuple[str, str], Occasion]:
        return self.occasions.setdefault(account, {})

    def _fold(self, fact: Fact, kind: str, data: Any) -> None:
        event: Any = _Data(type=kind, day=fact.day)
        if kind in STOP_FOLDS:
            STOP_FOLDS[kind](self.stops.setdefault(fact.account, {}), event, data)
        if kind in OCCASION_FOLDS:
            OCCASION_FOLDS[kind](self._answers(fact.account), event, data)

    def _of(self, fact: Fact) -> dict[str, Any]:
        return {"account_id": fact.account, "currency": "EUR", "invoice_ids": fact.invoices}

    def _on_invoice(self, fact: Fact) -> None:
        assert fact.until is not None
        late = (fact.day - fact.until).days
        self.invoices[fact.name] = Invoice(
            fact.account, fact.name, "EUR", fact.until, balance_minor=fact.minor,
            stage=next((s for s in STAGES if s <= late), None),
            due_soon_on=fact.until if late >= -7 else None,
        )  # fmt: skip

    def _change(self, fact: Fact, change: Callable[[Invoice], Invoice]) -> None:
        assert fact.invoices is not None
        before = self.invoices[fact.invoices[0]]
        after = invoice_folds.resumed(before, change(before), fact.day)
        self.invoices[before.invoice_id] = after

    def _on_pay(self, fact: Fact) -> None:
        def pay(invoice: Invoice) -> Invoice:
            after = invoice_folds.with_money(invoice, fact.minor)
            return invoice_folds.paid(after) if after.balance_minor <= 0 else after

        self._change(fact, pay)
        self.payments[fact.name] = fact
        for name, stop in self.stops.get(fact.account, {}).items():
            is_open = stop.ended_on is None or stop.ended_on > fact.day
            if stop.kind == "claim" and is_open:
                self.stops[fact.account][name] = replace(stop, ended_on=fact.day)

    def _on_take_back(self, fact: Fact) -> None:
        def back(invoice: Invoice) -> Invoice:
            after = invoice_folds.with_money(invoice, -fact.minor)
            if invoice.state == "open":
                return after
            data: Any = _Data(stage=invoice.stage, due_on=invoice.due_on)
            return invoice_folds.reopened(after, data, fact.day)

        del self.payments[fact.name]
        self._change(fact, back)

    def _on_correct(self, fact: Fact) -> None:
        self._change(fact, lambda invoice: replace(invoice, stage=None))
        assert fact.invoices is not None
        self.corrected.add(fact.invoices[0])
        data = _Data(**self._of(fact), invoice_id=fact.invoices[0], to_stage=None)
        self._fold(fact, "overdue-corrected", data)

    def _on_overdue_again(self, fact: Fact) -> None:
        assert fact.invoices is not None
        self.corrected.discard(fact.invoices[0])
        due_on = self.invoices[fact.invoices[0]].due_on
        stage = next((s for s in STAGES if s <= (fact.day - due_on).days), None)
        self._change(fact, lambda invoice: replace(invoice, stage=stage))
        data = _Data(**self._of(fact), invoice_id=fact.invoices[0])
        self._fold(fact, "invoice-overdue", data)

    def _on_dispute(self, fact: Fact) -> None:
        data: Any = self._dispute(fact)
        self._change(fact, lambda invoice: invoice_folds.dispute_opened(invoice, data))
        self._fold(fact, "dispute-opened", data)

    def _on_resolve(self, fact: Fact) -> None:
        data: Any = self._dispute(fact)
        self._change(fact, lambda invoice: invoice_folds.dispute_resolved(invoice, data))
        self._fold(fact, "dispute-resolved", data)

    def _dispute(self, fact: Fact) -> Any:
        assert fact.invoices is not None
        return _Data(
            **self._of(fact), dispute_id=fact.name, invoice_id=fact.invoices[0],
            amount_minor=fact.minor or None,
        )  # fmt: skip

    def _on_promise(self, fact: Fact) -> None:
        assert fact.until is not None
        self.promises[fact.name] = fact
        made = ledger.PromiseMade(
            **self._of(fact), promise_id=fact.name, amount_minor=1, due_on=fact.until,
            grace_until_on=fact.until,
        )  # fmt: skip
        self._fold(fact, "promise-made", made)

    def _on_judge(self, fact: Fact) -> None:
        due_on = self.promises[fact.name].until
        assert due_on is not None
        of = {**self._of(fact), "promise_id": fact.name}
        stop = self.stops[fact.account][f"promise {fact.name}"]
        if stop.ended_on is not None:  # judged before
            again = ledger.PromiseRejudged(
                **of, amount_minor=1, received_minor=0, due_on=due_on,
                from_state=stop.outcome or "", to_state=fact.word, because="x",
            )  # fmt: skip
            self._fold(fact, "promise-rejudged", again)
        elif fact.word == "cancelled":
            cancelled = ledger.PromiseCancelled(**of, received_minor=0, because="x")
            self._fold(fact, "promise-cancelled", cancelled)
        else:
            judged = _PROMISES[fact.word](**of, amount_minor=1, received_minor=0, due_on=due_on)
            self._fold(fact, f"promise-{fact.word.replace('_', '-')}", judged)

    def _on_plan(self, fact: Fact) -> None:
        assert fact.until is not None
        agreed = ledger.PlanAgreed(
            **self._of(fact), plan_id=fact.name, kind="equal", total_minor=1,
            instalments=(ledger.Instalment(1, fact.until, fact.until, 1),),
            freeze=None,  # type: ignore[arg-type]
        )  # fmt: skip
        self._fold(fact, "plan-agreed", agreed)

    def _on_end_plan(self, fact: Fact) -> None:
        data = _Data(**self._of(fact), plan_id=fact.name)
        self._fold(fact, f"plan-{fact.word}", data)

    def _on_miss(self, fact: Fact) -> None:
        data = _Data(
            **self._of(fact), plan_id=fact.name, settlement_id=None, n=1, due_on=fact.until
        )
        self._fold(fact, "instalment-missed", data)

    def _settlement(self, fact: Fact) -> dict[str, Any]:
        days = () if fact.until is None else (ledger.Instalment(1, fact.until, fact.until, 1),)
        return {
            **self._of(fact), "settlement_id": fact.name, "kind": "offer", "base_minor": 2,
            "amount_minor": 1, "conceded_minor": 1, "instalments": days,
        }  # fmt: skip

    def _on_offer(self, fact: Fact) -> None:
        self._fold(fact, "settlement-offered", ledger.SettlementOffered(**self._settlement(fact)))

    def _on_accept(self, fact: Fact) -> None:
        accepted = ledger.SettlementAccepted(**self._settlement(fact), how="debtor")
        self._fold(fact, "settlement-accepted", accepted)

    def _on_end_settlement(self, fact: Fact) -> None:
        self._fold(fact, f"settlement-{fact.word}", _Data(**self._settlement(fact)))

    def _on_hold(self, fact: Fact) -> None:
        placed = ledger.HoldPlaced(
            **self._of(fact), hold_id=fact.name, kind="manual", from_on=fact.day,
            until_on=fact.until, stops=("contact",),
        )  # fmt: skip
        self._fold(fact, "hold-placed", placed)

    def _on_release(self, fact: Fact) -> None:
        data = _Data(**self._of(fact), hold_id=fact.name, released_on=fact.day)
        self._fold(fact, "hold-released", data)

    def _on_place(self, fact: Fact) -> None:
        self._fold(fact, "account-placed", _Data(**self._of(fact), placement_id=fact.name))

    def _on_recall(self, fact: Fact) -> None:
        data = _Data(**self._of(fact), placement_id=fact.name)
        self._fold(fact, "account-recalled", data)

    def _on_write_off(self, fact: Fact) -> None:
        self._change(fact, lambda invoice: replace(invoice, state="written_off"))

    def _on_pause(self, fact: Fact) -> None:
        accounts = list(self.strategies) if fact.word == "reply" else [fact.account]
        for account in accounts:
            self.stops.setdefault(account, {})[fact.name] = Stop(
                account,
                fact.name,
                fact.word,  # type: ignore[arg-type]
                None,
                None,
                fact.day,
                fact.until,
            )

    def _on_end_pause(self, fact: Fact) -> None:
        for stops in self.stops.values():
            if fact.name in stops:
                known = stops[fact.name].ended_on
                day = fact.day if known is None else min(known, fact.day)
                stops[fact.name] = replace(stops[fact.name], ended_on=day)

    def _on_fail(self, fact: Fact) -> None:
        data = _Data(**self._of(fact), payment_id=fact.name, invoice_id=None)
        self._fold(fact, "payment-failed", data)

    def _on_warn(self, fact: Fact) -> None:
        found = Occasion(fact.account, f"warning.{fact.word}", "account", fact.name, fact.day)
        self._answers(fact.account)[found.key] = found

    def _on_segment(self, fact: Fact) -> None:
        known = self.segments.get(fact.account)
        self.segments[fact.account] = fact.word
        data = _Data(account_id=fact.account, from_segment=known, to_segment=fact.word)
        self._fold(fact, "segment-changed", data)

    def _on_strategy(self, fact: Fact) -> None:
        self.strategies[fact.account] = fact.strategy

    def _on_lost(self, fact: Fact) -> None:
        self.post.unreachable.add(fact.word)

    def _on_found(self, fact: Fact) -> None:
        self.post.unreachable.discard(fact.word)

    def _on_bounce(self, fact: Fact) -> None:
        self.bouncing.add(fact.word)

    # What planning is told

    def facts(self) -> DebtorFacts:
        found = tuple(i for a in self.strategies for i in self._open(a))
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
        bills = self._open(name)
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
