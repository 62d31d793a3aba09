"""One account's facts, replayed in fact order, with the judgements of each day that has begun."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tests.oracles.arranged import arrangements, charging, disputes, promises, settlements
from tests.oracles.arranged import write_offs as writing_off
from tests.oracles.arranged.holds import Span, spans
from tests.oracles.arranged.policies import Policies, in_force
from tests.oracles.arranged.purse import Purse
from tests.oracles.arranged.table import (
    Arrangement,
    Bill,
    Charge,
    Dispute,
    Money,
    Placement,
    Promise,
    Put,
    WriteOff,
)
from tests.oracles.arranged.timeline import Act, Timeline
from tests.oracles.ledger_table import Fact, days


class World(charging.Charging, Purse):
    """What is so, by the facts known and the days begun.

    A judgement of a day sees everything before its 00:00 and nothing at it; it has happened only
    if its day has begun, also for facts that are dated later.
    """

    def __init__(
        self,
        facts: Iterable[Fact],
        tenant_zone: str,
        begun: date | None = None,
        policies: Policies | None = None,
        rates: charging.Rates | None = None,
    ) -> None:
        self.timeline = Timeline(facts, tenant_zone)
        self.begun = begun
        self.policies: Policies = policies or {}
        self.rates = rates or {}
        self.foreseen = charging.Foreseen()
        for _ in range(6):  # what bears on earlier days is known only at the end: once more
            self._replay()
            seen = charging.foresee(self)
            if seen == self.foreseen:
                break
            self.foreseen = seen
        else:
            raise AssertionError("the account does not come to rest")

    def _clear(self) -> None:
        self.bills: dict[str, Bill] = {}
        self.charges: dict[str, Charge] = {}
        self.money: list[Money] = []
        self.puts: list[Put] = []
        self.open_write_offs: dict[str, str] = {}
        self.promises: dict[str, Promise] = {}
        self.arrangements: dict[tuple[str, str], Arrangement] = {}
        self.write_offs: dict[str, WriteOff] = {}
        self.placements: dict[str, Placement] = {}
        self.disputes: dict[str, Dispute] = {}
        self.deadlines: list[tuple[str, str, date]] = []  # passed: dispute, which, its day
        self.spans: list[Span] = spans(self.timeline, self.begun)
        self.hold_ids: list[str] = []  # that have acted
        self.excess: dict[str, int] = {}
        self.reversals: list[tuple[datetime, str, str, int]] = []  # its payment, what it took
        self.voids: list[tuple[datetime, str, int]] = []  # what an invoice and its charges were
        self.reached_by_new_invoice: set[str] = set()
        self.reopened: set[str] = set()
        self.beginnings: list[tuple[str, str]] = []  # of arrangements, in turn
        self.is_reversal = False
        self.cause = ""
        self.clear_charges()

    # ── The replay ──────────────────────────────────────────────────────────────────────────────
    def _replay(self) -> None:
        self._clear()
        acts = self.timeline.acts()
        if not acts:
            return
        first = self.day(acts[0].instant)
        last = max(self.day(acts[-1].instant), self.begun or first)
        for today in self.timeline.days_between(first, last):
            self.today = today
            if self.begun is not None and today <= self.begun:
                self._begin(today)
            else:
                self.bear(today)  # of a day that has not begun nothing is posted by itself
            mine = [act for act in acts if self.day(act.instant) == today]
            for index, act in enumerate(mine):
                self._take(act)
                if index + 1 == len(mine) or mine[index + 1].instant > act.instant:
                    arrangements.look_at_new_invoices(self, today, at_own_instant=True)
                    self._judge(act.instant)

    def _begin(self, today: date) -> None:
        now = self.start_of(today)
        self.cause, self.is_reversal = f"day {today}", False
        arrangements.look_at_new_invoices(self, today, at_own_instant=False)
        self.bear(today)
        self.charge_day(today, now)
        self._settle(now)
        disputes.pass_deadlines(self, today)
        writing_off.write_off_small_balances(self, today, now)
        self._settle(now)

    def _take(self, act: Act) -> None:
        self.cause = f"{act.fact.kind} {act.fact.fact_id}"
        self.is_reversal = act.fact.kind == "payment-reversed"
        take = getattr(self, "_take_" + act.fact.kind.replace("-", "_"))
        self.taken.add((act.fact.kind, act.fact.fact_id))
        take(act)
        self._settle(act.instant)

    def _settle(self, now: datetime) -> None:
        """Until nothing moves any more: money is spread, what follows from it is judged."""
        for _ in range(20):
            before = self._mark()
            self.spread(now)
            self.after_aims(now)
            self._judge(now)
            if self._mark() == before:
                return
        raise AssertionError("the account does not come to rest")

    def after_aims(self, now: datetime) -> None:
        """Before money that is free goes anywhere: does what was granted still hold?"""
        for settlement in self._arrangements("settlement"):
            settlements.look_again(self, settlement, now)
        self.look_at_discounts(now)

    def _judge(self, now: datetime) -> None:
        """Approval expired, offer lapsed, instalments, plan or settlement, promises."""
        self._expire(now)
        for settlement in self._arrangements("settlement"):
            settlements.judge_offer(self, settlement, now)
        for plan in self._arrangements("plan"):
            arrangements.judge_instalments(self, plan, now)
            arrangements.judge_plan(self, plan, now)
        for settlement in self._arrangements("settlement"):
            arrangements.judge_instalments(self, settlement, now)
            settlements.judge(self, settlement, now)
        for promise in promises.in_turn(self):
            promises.judge(self, promise, now)
        for placement in self.placements.values():
            writing_off.judge_placement(self, placement, now)

    def _mark(self) -> object:
        subjects = [*self.promises.values(), *self.arrangements.values(), *self.placements.values()]
        return (
            [(s.id, len(s.history)) for s in subjects],
            [(p.source, p.amount, p.released_at) for p in self.puts],
            {c.id: (c.amount, c.waived) for c in self.charges.values()},
        )

    def _arrangements(self, noun: str) -> list[Arrangement]:
        return [a for a in self.arrangements.values() if a.noun == noun]

    def passed(self, day: date) -> bool:
        """The judgement of 00:00 of that day has happened, seen from here."""
        return self.begun is not None and day <= min(self.today, self.begun)

    # ── Facts: bills and money ──────────────────────────────────────────────────────────────────
    def _take_invoice_issued(self, act: Act) -> None:
        due_on = self.timeline.due_on(act.data)
        self.bills[act.data.invoice_id] = Bill(act.data, due_on, act.instant)

    def _take_credit_note_issued(self, act: Act) -> None:
        note = act.data
        aims = [(note.invoice_id, note.amount_minor)] if note.invoice_id is not None else []
        self._post_credit(note.credit_note_id, act, note.currency, note.amount_minor, aims)

    def _post_credit(
        self, name: str, act: Act, currency: str, amount: int, aims: list[tuple[str, int]]
    ) -> None:
        money = Money("credit_note", name, act.order, currency, amount, amount, amount)
        money.aims = [(invoice, None, part) for invoice, part in aims]
        self.money.append(money)

    def _take_payment_received(self, act: Act) -> None:
        paid = act.data
        amount = paid.amount_minor
        money = Money("payment", paid.payment_id, act.order, paid.currency, amount, amount, amount)
        money.aims = [
            (t.invoice_id, getattr(t, "charge_id", None), t.amount_minor) for t in paid.allocations
        ]
        self.money.append(money)
        self.spread(act.instant)
        for settlement in self._arrangements("settlement"):  # paying is accepting
            settlements.judge_offer(self, settlement, act.instant)
        promises.share_out(self, money, act.instant)

    def _take_payment_failed(self, act: Act) -> None:
        """Says something, owes nothing."""

    def _take_payment_reversed(self, act: Act) -> None:
        wanted = act.data.amount_minor
        money = next(m for m in self.in_order("payment") if m.name == act.data.payment_id)
        taken = money.left if wanted is None else min(wanted, money.left)
        self.excess[act.data.reversal_id] = 0 if wanted is None else wanted - taken
        self.reversals.append((act.instant, act.data.reversal_id, money.name, taken))
        lowered = promises.take_back(self, money, taken)
        money.left -= taken
        self.take_back(money, taken, act.instant)
        self.bounce(act, taken)
        self.spread(act.instant)
        promises.lowered(self, lowered, act.instant)

    def _take_invoice_voided(self, act: Act) -> None:
        bill = self.bills[act.data.invoice_id]
        self.post_interest(bill.id, act.instant)
        was = [charge.amount - charge.waived for charge in self.charges_of(bill.id)]
        self.voids.append((act.instant, bill.id, bill.invoice.amount_minor + sum(was)))
        bill.void = True
        for put in [p for p in self.standing() if p.invoice == bill.id]:
            self.free(put, put.amount, act.instant)
        for charge in self.charges_of(bill.id):
            charge.gone = True

    # ── Facts: agreements ───────────────────────────────────────────────────────────────────────
    def _take_promise_made(self, act: Act) -> None:
        promises.make(self, act)

    def _take_promise_cancelled(self, act: Act) -> None:
        promises.cancel(self, act)

    def _take_plan_agreed(self, act: Act) -> None:
        self.post_interest_of(act.data.invoice_ids, act.instant)
        arrangements.agree(self, act)

    def _take_plan_cancelled(self, act: Act) -> None:
        arrangements.cancel(self, act)

    def _take_settlement_offered(self, act: Act) -> None:
        self.post_interest_of(act.data.invoice_ids, act.instant)
        settlements.offer(self, act)

    def _take_settlement_accepted(self, act: Act) -> None:
        settlements.accept(self, act)

    def _take_settlement_declined(self, act: Act) -> None:
        settlements.decline(self, act)

    def _take_dispute_opened(self, act: Act) -> None:
        disputes.open_(self, act)

    def _take_evidence_added(self, act: Act) -> None:
        self.disputes[act.data.dispute_id].evidence = True

    def _take_dispute_resolved(self, act: Act) -> None:
        disputes.resolve(self, act)

    def _take_hold_placed(self, act: Act) -> None:
        self.hold_ids.append(act.data.hold_id)

    def _take_hold_released(self, act: Act) -> None:
        """Its span says it already."""

    def _take_account_written_off(self, act: Act) -> None:
        writing_off.ask(self, act)

    def _take_write_off_reversed(self, act: Act) -> None:
        writing_off.reverse(self, act)

    def _take_account_placed(self, act: Act) -> None:
        writing_off.ask_to_place(self, act)

    def _take_account_recalled(self, act: Act) -> None:
        writing_off.ask_back(self, act)

    def _take_charge_added(self, act: Act) -> None:
        self.add_charge(act)

    def _take_charge_waived(self, act: Act) -> None:
        self.ask_to_waive(act)

    # ── Approvals ───────────────────────────────────────────────────────────────────────────────
    def _take_approval_decided(self, act: Act) -> None:
        noun, _, name = act.data.approval_id.partition(":")
        subject = self._waiting(noun, name)
        if subject is None or subject.state != "pending_approval":
            return
        if act.data.decision == "refuse":
            self._refuse(noun, subject, act.instant, "refused")
        elif noun == "plan":
            arrangements.begin(self, subject, act.instant, "approved")
        elif noun == "settlement":
            settlements.approve(self, subject, act.instant)
        elif noun == "write-off":
            writing_off.make(self, subject, act.instant)
        elif noun == "placement":
            writing_off.place(self, subject, act.instant, act.order)
        else:
            self.waive(subject, act.instant)

    def _waiting(self, noun: str, name: str) -> Any:
        if noun in ("plan", "settlement"):
            return self.arrangements.get((noun, name))
        by_noun: dict[str, dict[str, Any]] = {
            "write-off": self.write_offs,
            "placement": self.placements,
            "waiver": self.waivers,
        }
        return by_noun.get(noun, {}).get(name)

    def _refuse(self, noun: str, subject: Any, now: datetime, because: str) -> None:
        if noun in ("plan", "settlement"):
            arrangements.refuse(subject, now, because)
        else:
            subject.become("refused", now, because)

    def _expire(self, now: datetime) -> None:
        """Refused at 00:00 after `expires_on`."""
        for noun, subjects in (
            ("plan", self._arrangements("plan")),
            ("settlement", self._arrangements("settlement")),
            ("write-off", self.write_offs.values()),
            ("placement", self.placements.values()),
            ("waiver", self.waivers.values()),
        ):
            for subject in subjects:  # type: ignore[attr-defined]
                waits = subject.state == "pending_approval" and subject.data.approval is not None
                if waits and self.passed(subject.data.approval.expires_on + days(1)):
                    self._refuse(noun, subject, now, "expired")

    # ── Who has what ────────────────────────────────────────────────────────────────────────────
    def day(self, instant: datetime) -> date:
        return self.timeline.day(instant)

    def start_of(self, day: date) -> datetime:
        return self.timeline.start_of(day)

    def policy(self, name: str, day: date) -> dict[str, Any]:
        return in_force(self.policies, name, day)

    def allocation(self, day: date) -> dict[str, Any]:
        return self.policy("allocation", day)

    def acted_holds(self) -> list[Span]:
        return [span for span in self.spans if span.id in self.hold_ids and not span.never_was]

    def in_force(self, currency: str) -> Arrangement | None:
        found = [a for a in self.arrangements.values() if a.currency == currency and a.in_force]
        assert len(found) <= 1, found
        return found[0] if found else None

    def began_in_turn(self, arrangement: Arrangement) -> int:
        return self.beginnings.index((arrangement.noun, arrangement.id))

    def placed_by(self, invoice: str) -> str | None:
        for placement in self.placements.values():
            if placement.state == "placed" and invoice in placement.invoices:
                return f"placement {placement.id}"
        return None

    def taken_by(self, invoice: str) -> str | None:
        """An invoice is taken in the arrangement or placed."""
        for arrangement in self.arrangements.values():
            if arrangement.in_force and invoice in arrangement.invoices:
                return arrangement.name
        return self.placed_by(invoice)

    def most_for(self, money: Money, invoice: str | None) -> int | None:
        """A settlement's invoices take no more cash than the amount."""
        rooms = []
        for settlement in self._arrangements("settlement"):
            holds_cash = settlement.state in ("offered", "accepted")
            holds_cash = holds_cash or settlement.id in self.reopened
            if not holds_cash or money.kind != "payment" or invoice not in settlement.invoices:
                continue
            if settlement.order is not None and money.order > settlement.order:
                paid = arrangements.paid(self, settlement)
                rooms.append(max(0, settlement.data.amount_minor - paid))
        return min(rooms, default=None)

    def first_call(self, money: Money, now: datetime) -> tuple[tuple[str, ...], int]:
        """Cash after the request goes to the arrangement's invoices until P = c_k."""
        first = self.in_force(money.currency)
        reopened = [a for a in self._arrangements("settlement") if a.id in self.reopened]
        first = first or next((a for a in reopened if a.currency == money.currency), None)
        if first is None or first.order is None or money.order <= first.order:
            return (), 0
        return first.invoices, arrangements.first_call(self, first, self.day(now))
