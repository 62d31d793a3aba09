"""LEDGER-ARRANGEMENTS 7: write-off, recovery, small balances, placement, sale, commission."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from tests.oracles.arranged import arrangements
from tests.oracles.arranged.holds import HAND_OVER_ENDS
from tests.oracles.arranged.policies import minor
from tests.oracles.arranged.table import Bill, Order, Placement, WriteOff
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World


# ── Write-off ───────────────────────────────────────────────────────────────────────────────────
def ask(w: "World", act: "Act") -> None:
    write_off = WriteOff(act.data.write_off_id, data=act.data)
    w.write_offs[write_off.id] = write_off
    if act.data.approval is not None:
        write_off.become("pending_approval", act.instant, w.cause)
    else:
        make(w, write_off, act.instant)


def make(w: "World", write_off: WriteOff, now: datetime) -> None:
    """All that is owed on them at its instant by the facts known; or an amount, charges first."""
    data = write_off.data
    bills = [
        bill
        for bill in sorted(w.bills.values(), key=Bill.age)
        if bill.currency == data.currency
        and (data.invoice_ids is None or bill.id in data.invoice_ids)
    ]
    for bill in bills:
        w.post_interest(bill.id, now)
    rest = sum(w.owed(b.id) for b in bills) if data.amount_minor is None else data.amount_minor
    w.open_write_offs[write_off.id] = data.kind
    touched: set[str] = set()
    for bill in bills:
        for charge in w.charges_of(bill.id):
            part = min(rest, w.open_of(charge))
            if part > 0:
                w.set_waiver(charge, f"write-off:{write_off.id}", part, now)
                write_off.charges += part
                touched.add(bill.id)
                rest -= part
    for bill in bills:
        part = min(rest, w.principal(bill))
        if part > 0:
            w.put_other("write_off", write_off.id, bill.id, part, now)
            write_off.amount += part
            touched.add(bill.id)
            rest -= part
    write_off.become("made", now, w.cause)
    for arrangement in w.arrangements.values():
        is_touched = arrangement.in_force and touched & set(arrangement.invoices)
        if is_touched and not arrangements.owed(w, arrangement):  # written off as a whole
            arrangements.end(arrangement, now, f"write-off {write_off.id}")


def reverse(w: "World", act: "Act") -> None:
    write_off = w.write_offs[act.data.write_off_id]
    if write_off.state == "pending_approval":
        write_off.become("refused", act.instant, "withdrawn")
    elif write_off.state == "made":
        take_back(w, write_off, act.instant)
        write_off.become("reversed", act.instant, "reversed")


def take_back(w: "World", write_off: WriteOff, now: datetime) -> None:
    """Owed again from that instant; its recoveries become ordinary cash on it."""
    for put in w.standing():
        if (put.kind, put.source) == ("write_off", write_off.id):
            w.release(put, put.amount, now)
    for charge in w.charges.values():
        w.drop_waiver(charge, f"write-off:{write_off.id}", now)
    for put in w.standing():
        if put.recovers == write_off.id:
            money = w.source(put)
            w.free(put, put.amount, now)
            w.put(money, put.invoice, None, put.amount, now)


def write_off_small_balances(w: "World", today: date, now: datetime) -> None:
    """At 00:00 of the day of the latest cash put on the invoice + `small_after_days`."""
    policy = w.policy("recovery", today)
    for bill in sorted(w.bills.values(), key=Bill.age):
        most = minor(policy.get("small_balance", {"default": 0}), bill.currency) or 0
        cash = [
            p for p in w.standing() if p.is_cash and p.invoice == bill.id and p.recovers is None
        ]
        if not cash:
            continue
        latest = max(w.day(put.applied_at) for put in cash)
        on_its_day = latest + days(policy.get("small_after_days", 14)) == today
        is_small = 0 < w.owed(bill.id) <= most and bill.due_on < today
        held = bill.disputes or any(c.disputes for c in w.charges_of(bill.id))
        if on_its_day and is_small and not held and w.taken_by(bill.id) is None:
            data = Small(bill.currency, (bill.id,))
            write_off = WriteOff(f"small:{bill.id}", data=data)
            w.write_offs[write_off.id] = write_off
            make(w, write_off, now)


@dataclass(frozen=True)
class Small:
    """What a small write-off has instead of a command's data."""

    currency: str
    invoice_ids: tuple[str, ...]
    kind: str = "small-balance"
    amount_minor: None = None
    approval: None = None


# ── Placement ───────────────────────────────────────────────────────────────────────────────────
def ask_to_place(w: "World", act: "Act") -> None:
    placement = Placement(act.data.placement_id, data=act.data)
    w.placements[placement.id] = placement
    if act.data.approval is not None:
        placement.become("pending_approval", act.instant, w.cause)
    else:
        place(w, placement, act.instant, act.order)


def place(w: "World", placement: Placement, now: datetime, order: Order) -> None:
    """An arrangement or promise that covers one of its debts ends."""
    free = [i for i in placement.data.invoice_ids if w.placed_by(i) is None]
    if not free:
        placement.become("recalled", now, "placed")
        return
    placement.invoices = tuple(free)
    placement.began = order
    placement.placed = sum(w.owed(i) + w.recoverable(i) for i in free)
    placement.become("placed", now, w.cause)
    for arrangement in w.arrangements.values():
        if arrangement.in_force and set(free) & set(arrangement.invoices):
            arrangements.end(arrangement, now, f"placement {placement.id}")


def recall(w: "World", placement: Placement, now: datetime, because: str) -> None:
    placement.recalled_on = w.day(now)
    placement.become("recalled", now, because)


def ask_back(w: "World", act: "Act") -> None:
    placement = w.placements[act.data.placement_id]
    if placement.state == "pending_approval":
        placement.become("refused", act.instant, "withdrawn")
    elif placement.state == "placed":
        recall(w, placement, act.instant, "recalled")


def judge_placement(w: "World", placement: Placement, now: datetime) -> None:
    if placement.state != "placed":
        return
    until_on = placement.data.until_on
    for span in w.acted_holds():
        ends = span.kind in HAND_OVER_ENDS and span.covers(placement.invoices)
        if placement.state == "placed" and ends and span.on(w.today):
            recall(w, placement, now, f"hold {span.id}")
    if placement.state != "placed":
        return
    if not any(w.owed(i) + w.recoverable(i) for i in placement.invoices):
        recall(w, placement, now, "paid")
    elif until_on is not None and w.passed(until_on + days(1)):
        recall(w, placement, now, "expired")


# ── Commission ──────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Commission:
    placement_id: str
    payment_id: str
    base: int
    commission: int
    settled: str  # net, payable


def commissions(w: "World") -> list[Commission]:
    """Due on each payment after the beginning and on a day up to the recall + `tail_days`."""
    found = []
    remitted: dict[str, Any] = {f.data.payment_id: f.data for f in w.timeline.of("agency-remitted")}
    for placement in w.placements.values():
        for money in w.in_order("payment"):
            if placement.began is None or money.order <= placement.began:
                continue
            if placement.recalled_on is not None:
                last = placement.recalled_on + days(placement.data.tail_days)
                if w.day(money.order[0]) > last:
                    continue
            base = sum(
                put.amount
                for put in w.standing()
                if (put.kind, put.source) == ("payment", money.name)
                and put.invoice in placement.invoices
            )
            ever = any(
                (put.kind, put.source) == ("payment", money.name)
                and put.invoice in placement.invoices
                for put in w.puts
            )
            by_agency = remitted.get(money.name)
            percent = placement.data.commission_percent
            settled = "payable"
            if by_agency is not None and by_agency.placement_id == placement.id:
                settled = "net" if by_agency.remitted == "net" else "payable"
            elif placement.data.direct_commission_percent is not None:
                percent = placement.data.direct_commission_percent
            due = (Decimal(base) * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP)
            if ever:  # 0 when all was taken back
                found.append(Commission(placement.id, money.name, base, int(due), settled))
    return found
