"""LEDGER-CHARGES 4: the statement's lines and the payoff, by the facts known."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracles.arranged.world import World

ORDER = (
    "invoice",
    "interest",
    "cost",
    "fee",
    "credit-note",
    "payment",
    "reversal",
    "waiver",
    "void",
    "recovery",
    "discount",
    "concession",
    "write-off",
    "discount-revoked",
    "concession-reversed",
    "write-off-reversed",
)


@dataclass(frozen=True)
class Line:
    on: date
    at: datetime
    kind: str
    id: str
    amount: int  # + is owed, − is paid


def lines(w: "World", currency: str) -> list[Line]:
    """Every movement of balance + charges − unapplied, in fact order; none of what was refuted."""
    found: list[tuple[datetime, str, str, int]] = []
    for bill in w.bills.values():
        if bill.currency == currency:
            found.append((bill.instant, "invoice", bill.id, bill.invoice.amount_minor))
    for money in w.money:
        if money.currency == currency:
            kind = "payment" if money.kind == "payment" else "credit-note"
            found.append((money.order[0], kind, money.name, -money.amount))
    mine = {m.name for m in w.money if m.currency == currency and m.kind == "payment"}
    found += [
        (at, "reversal", name, taken) for at, name, paid, taken in w.reversals if paid in mine
    ]
    found += [
        (at, "void", name, -amount)
        for at, name, amount in w.voids
        if w.bills[name].currency == currency
    ]
    for charge in w.charges.values():
        if charge.currency == currency:
            found += [(p.at, charge.kind, charge.id, p.amount) for p in charge.postings]
    found += [
        (at, "waiver", name, -amount)
        for at, charge_id, name, amount in w.waived
        if w.charges[charge_id].currency == currency
    ]
    found += _puts(w, currency)
    sums: dict[tuple[datetime, str, str], int] = {}
    for at, kind, name, amount in found:
        sums[at, kind, name] = sums.get((at, kind, name), 0) + amount
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], ORDER.index(item[0][1]), item[0]))
    return [Line(w.day(at), at, kind, name, a) for (at, kind, name), a in ordered if a]


def _puts(w: "World", currency: str) -> list[tuple[datetime, str, str, int]]:
    """Discounts, concessions, write-offs and recoveries, and what was taken back of them."""
    found = []
    for put in w.puts:
        if put.invoice is None or w.bills[put.invoice].currency != currency:
            continue
        if put.recovers is not None:  # the payment, and a line of +A: the balance stays
            found.append((put.applied_at, "recovery", put.source, put.amount))
            if put.released_at is not None:
                found.append((put.released_at, "recovery", put.source, -put.amount))
        elif put.kind in ("discount", "concession", "write_off"):
            kind = put.kind.replace("_", "-")
            back = "discount-revoked" if kind == "discount" else f"{kind}-reversed"
            found.append((put.applied_at, kind, put.source, -put.amount))
            if put.released_at is not None:
                found.append((put.released_at, back, put.source, put.amount))
    return found


def payoff(w: "World", currency: str) -> int:
    """What settles all on the begun day: principal, charges and accrued less unapplied."""
    bills = [b for b in w.bills.values() if b.currency == currency]
    total = sum(w.principal(b) for b in bills) + w.accrued(currency)
    total += sum(w.open_of(c) for c in w.charges.values() if c.currency == currency)
    return total - sum(m.unapplied for m in w.money if m.currency == currency)
