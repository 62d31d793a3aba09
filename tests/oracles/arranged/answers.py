"""What one may ask of a world: states, figures, amounts, stops, credit."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracles.arranged import arrangements, settlements
from tests.oracles.arranged.holds import ALL
from tests.oracles.arranged.table import Bill, Subject
from tests.oracles.arranged.world import World


@dataclass(frozen=True)
class Amounts:
    """Per currency, at the begun day (LEDGER, Amounts; LEDGER-ARRANGEMENTS 9)."""

    balance: int = 0
    overdue: int = 0
    disputed: int = 0
    unapplied: int = 0
    collectable: int = 0
    charges: int = 0
    disputed_charges: int = 0
    arranged: int = 0
    arrears: int = 0
    promised: int = 0
    recoverable: int = 0
    accrued: int = 0


@dataclass(frozen=True)
class Stop:
    kind: str
    id: str
    until: date | None = None
    invoices: tuple[str, ...] | None = None
    hold_kind: str | None = None


def subject(w: World, noun: str, name: str) -> Subject | None:
    if noun in ("plan", "settlement"):
        return w.arrangements.get((noun, name))
    by_noun: dict[str, dict[str, Any]] = {
        "promise": w.promises,
        "write-off": w.write_offs,
        "placement": w.placements,
        "dispute": w.disputes,
        "waiver": w.waivers,
    }
    return by_noun[noun].get(name)


def figures(w: World, noun: str, name: str) -> dict[str, Any]:
    """The state and the figures of a subject; instalments as (state, short)."""
    it: Any = subject(w, noun, name)
    answer: dict[str, Any] = {"state": it.state, "because": it.because}
    if noun == "promise":
        answer |= {"received": it.received, "asked": it.asked, "invoices": it.invoices}
        answer |= {"grace_until": it.data.grace_until_on}
    elif noun in ("plan", "settlement"):
        answer |= {"paid": it.paid, "parts": [part.state or "open" for part in it.parts]}
        answer |= {"short": [part.short for part in it.parts]}
        answer |= {"arrears": arrangements.arrears(w, it)}
        if noun == "settlement":
            answer |= {"conceded": settlements.conceded(w, it)}
    elif noun == "write-off":
        standing = [p for p in w.standing() if (p.kind, p.source) == ("write_off", it.id)]
        recovered = sum(p.amount for p in w.standing() if p.recovers == it.id)
        answer |= {"amount": sum(p.amount for p in standing), "recovered": recovered}
    elif noun == "placement":
        answer |= {"invoices": it.invoices, "placed": it.placed, "recalled_on": it.recalled_on}
    return answer


def status(w: World, bill: Bill) -> str:
    """An invoice that a write-off brings to 0 is `written_off`; by a small one it is `paid`."""
    if bill.void:
        return "void"
    if w.principal(bill) > 0:
        return "open"
    kinds = [w.open_write_offs[p.source] for p in w.on_principal(bill.id) if p.kind == "write_off"]
    return "written_off" if any(kind != "small-balance" for kind in kinds) else "paid"


def amounts(w: World) -> dict[str, Amounts]:
    currencies = {b.currency for b in w.bills.values()} | {m.currency for m in w.money}
    currencies |= {c.currency for c in w.charges.values()}
    return {currency: _amounts(w, currency) for currency in sorted(currencies)}


def _amounts(w: World, currency: str) -> Amounts:
    bills = [b for b in w.bills.values() if b.currency == currency]
    late = [b for b in bills if w.begun is not None and b.due_on < w.begun]
    charges = [c for c in w.charges.values() if c.currency == currency]
    unapplied = sum(m.unapplied for m in w.money if m.currency == currency)
    in_force = w.in_force(currency)
    arrears = arrangements.arrears(w, in_force) if in_force else 0
    free = [b for b in late if w.taken_by(b.id) is None]
    free_charges = [c for c in charges if c.invoice is None or w.taken_by(c.invoice) is None]
    asked = sum(w.principal(b) - w.disputed(b) for b in free)
    asked += sum(w.open_of(c) - w.disputed_of(c) for c in free_charges)
    promised = [
        max(0, p.data.amount_minor - p.received)
        for p in w.promises.values()
        if p.state == "open" and p.data.currency == currency
    ]
    return Amounts(
        balance=sum(w.principal(b) for b in bills),
        overdue=sum(w.principal(b) for b in late),
        disputed=sum(w.disputed(b) for b in bills),
        unapplied=unapplied,
        collectable=max(0, asked + arrears - unapplied),
        charges=sum(w.open_of(c) for c in charges),
        disputed_charges=sum(w.disputed_of(c) for c in charges),
        arranged=sum(w.principal(b) for b in late if w.taken_by(b.id) is not None),
        arrears=arrears,
        promised=sum(promised),
        recoverable=sum(w.recoverable(b.id) for b in bills),
        accrued=w.accrued(currency),
    )


def stops(w: World) -> list[Stop]:
    """LEDGER-ARRANGEMENTS 9: what stops, until when, for which invoices (None: all)."""
    found = []
    for promise in w.promises.values():
        if promise.state == "open":
            until = promise.data.grace_until_on
            found.append(Stop("promise", promise.id, until, promise.data.invoice_ids))
    for it in w.arrangements.values():
        if it.state == "pending_approval":
            found.append(Stop(it.noun, it.id, it.data.approval.expires_on, it.invoices))
        elif it.in_force:
            until = None if it.noun == "plan" else it.parts[-1].grace_until_on
            found.append(Stop(it.noun, it.id, until, it.invoices))
    for bill in w.bills.values():
        if w.principal(bill) > 0 and w.disputed(bill) == w.principal(bill):
            found.append(Stop("disputed", bill.id, None, (bill.id,)))
        if status(w, bill) == "written_off":
            found.append(Stop("written-off", bill.id, None, (bill.id,)))
    for span in w.spans:
        if w.begun is not None and span.on(w.begun):
            invoices = None if span.kind in ALL else span.invoice_ids
            found.append(Stop("hold", span.id, span.last_on, invoices, span.kind))
    for placement in w.placements.values():
        if placement.state == "placed":
            until = placement.data.until_on
            found.append(Stop("placed", placement.id, until, placement.invoices))
    return sorted(found, key=lambda s: (s.kind, s.id))


@dataclass(frozen=True)
class Credit:
    limit: int | None
    exposure: int
    exceeded: bool


def credit(w: World, reporting_currency: str | None = None) -> Credit:
    """What is owed in the account's currency less unapplied; exceeded: more than the limit."""
    profile = w.timeline.profile
    currency = (profile.currency if profile else None) or reporting_currency
    limit = profile.credit_limit_minor if profile else None
    owed = sum(w.owed(b.id) for b in w.bills.values() if b.currency == currency)
    exposure = owed - sum(m.unapplied for m in w.money if m.currency == currency)
    watched = currency is not None and limit is not None
    return Credit(limit, exposure, watched and exposure > limit)


def allocations(w: World) -> list[tuple[str, str, str | None, str | None, int, bool]]:
    """What lies where: (kind, source, invoice, charge, amount, is a recovery), summed."""
    sums: dict[tuple[str, str, str | None, str | None, bool], int] = {}
    for put in w.standing():
        key = (put.kind, put.source, put.invoice, put.charge, put.recovers is not None)
        sums[key] = sums.get(key, 0) + put.amount
    found = [(*key[:4], amount, key[4]) for key, amount in sums.items() if amount]
    return sorted(found, key=repr)
