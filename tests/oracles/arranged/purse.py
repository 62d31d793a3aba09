"""Where money goes: puts on invoices and charges, aims, orders, what is taken back.

Who may take money first, and how much of it, is asked of the agreements (`Hooks`).
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from tests.oracles.arranged.table import Bill, Charge, Money, Put

DEFAULT_ALLOCATION: dict[str, Any] = {
    "scope": "account",
    "targets": "principal",
    "order": ["principal", "cost", "interest", "fee"],
}
Slot = tuple[Bill | None, Charge | None, str]  # an invoice's kind, or a charge without an invoice


class Purse:
    """The debts and the money on the table."""

    bills: dict[str, Bill]
    charges: dict[str, Charge]
    money: list[Money]
    puts: list[Put]
    open_write_offs: dict[str, str]  # by id: its kind

    # ── Asked of the others ─────────────────────────────────────────────────────────────────────
    def day(self, instant: datetime) -> date:
        raise NotImplementedError

    def allocation(self, day: date) -> dict[str, Any]:
        """The allocation order in force on the day of the fact that lets the money move."""
        raise NotImplementedError

    def most_for(self, money: Money, invoice: str | None) -> int | None:
        """What this money may still put there; None: no limit (a settlement's amount)."""
        raise NotImplementedError

    def first_call(self, money: Money, now: datetime) -> tuple[tuple[str, ...], int]:
        """Invoices that this money serves first when it is aimed at nothing, and how far."""
        raise NotImplementedError

    def post_interest(self, invoice: str | None, now: datetime) -> None:
        """Just before money is put on or taken off, and when its turn comes."""
        raise NotImplementedError

    def after_aims(self, now: datetime) -> None:
        """A discount is looked at after aimed money, and again after the rest."""
        raise NotImplementedError

    # ── Figures ─────────────────────────────────────────────────────────────────────────────────
    def standing(self) -> list[Put]:
        return [put for put in self.puts if put.released_at is None]

    def on_principal(self, invoice: str) -> list[Put]:
        return [
            p
            for p in self.standing()
            if p.invoice == invoice and p.charge is None and p.recovers is None
        ]

    def principal(self, bill: Bill) -> int:
        if bill.void:
            return 0
        on_it = sum(put.amount for put in self.on_principal(bill.id))
        return bill.invoice.amount_minor - on_it  # type: ignore[no-any-return]

    def open_of(self, charge: Charge) -> int:
        """Its balance is amount − waived − paid."""
        paid = sum(put.amount for put in self.standing() if put.charge == charge.id)
        return 0 if charge.gone else charge.amount - charge.waived - paid

    def charges_of(self, invoice: str | None) -> list[Charge]:
        found = [c for c in self.charges.values() if c.invoice == invoice]
        return sorted(found, key=lambda c: (c.charged_on, c.id))

    def disputed(self, bill: Bill) -> int:
        """All disputed parts, never more than the balance."""
        balance = self.principal(bill)
        held = sum(balance if amount is None else amount for amount in bill.disputes.values())
        return min(balance, held)

    def wholly_disputed(self, bill: Bill) -> bool:
        balance = self.principal(bill)
        return None in bill.disputes.values() or (balance > 0 and self.disputed(bill) == balance)

    def disputed_of(self, charge: Charge) -> int:
        """A dispute may hold one charge; a whole dispute of an invoice holds its charges too."""
        balance = self.open_of(charge)
        held = sum(balance if amount is None else amount for amount in charge.disputes.values())
        bill = self.bills.get(charge.invoice or "")
        if bill is not None and self.wholly_disputed(bill):
            held = balance
        return min(balance, held)

    def owed(self, invoice: str) -> int:
        """The balance plus the open charges that belong to it."""
        bill = self.bills.get(invoice)
        if bill is None:
            return 0
        return self.principal(bill) + sum(self.open_of(c) for c in self.charges_of(invoice))

    def undisputed(self, invoice: str) -> int:
        """Owed less the disputed part."""
        bill = self.bills.get(invoice)
        if bill is None:
            return 0
        held = self.disputed(bill) + sum(self.disputed_of(c) for c in self.charges_of(invoice))
        return self.owed(invoice) - held

    def written_off(self, invoice: str) -> int:
        on_it = self.on_principal(invoice)
        return sum(put.amount for put in on_it if put.kind == "write_off")

    def recovered(self, invoice: str) -> int:
        found = [p for p in self.standing() if p.invoice == invoice and p.recovers is not None]
        return sum(put.amount for put in found)

    def recoverable_parts(self, invoice: str, *, aimed: bool) -> list[tuple[str, int]]:
        """Per write-off what money may still recover; sold: never, others only if aimed at."""
        parts: dict[str, int] = {}
        for put in self.on_principal(invoice):
            if put.kind == "write_off":
                kind = self.open_write_offs[put.source]
                by_anything = kind in ("uncollectable", "uneconomic")
                if kind != "sold" and (aimed or by_anything):
                    parts[put.source] = parts.get(put.source, 0) + put.amount
        for put in self.standing():
            if put.invoice == invoice and put.recovers in parts:
                parts[put.recovers] -= put.amount
        return [(name, amount) for name, amount in parts.items() if amount > 0]

    def recoverable(self, invoice: str) -> int:
        return sum(amount for _, amount in self.recoverable_parts(invoice, aimed=True))

    def is_sold(self, invoice: str) -> bool:
        kinds = [
            self.open_write_offs[p.source]
            for p in self.on_principal(invoice)
            if p.kind == "write_off"
        ]
        return "sold" in kinds

    # ── Putting and taking ──────────────────────────────────────────────────────────────────────
    def put(
        self,
        money: Money,
        invoice: str | None,
        charge: str | None,
        amount: int,
        now: datetime,
        *,
        by_aim: bool = False,
        recovers: str | None = None,
    ) -> int:
        most = self.most_for(money, invoice) if recovers is None else None
        amount = amount if most is None else min(amount, most)
        if amount <= 0:
            return 0
        self.post_interest(invoice, now)
        money.unapplied -= amount
        self.puts.append(
            Put(
                money.kind,
                money.name,
                invoice,
                charge,
                amount,
                now,
                recovers=recovers,
                by_aim=by_aim,
            )
        )
        return amount

    def put_other(self, kind: str, source: str, invoice: str, amount: int, now: datetime) -> None:
        """A concession, write-off or discount: on principal alone."""
        if amount > 0:
            self.puts.append(Put(kind, source, invoice, None, amount, now))

    def release(self, put: Put, amount: int, now: datetime) -> int:
        """Take back the last part of it; what stays keeps its `applied_at`. Money is free again."""
        if amount <= 0:
            return 0
        self.post_interest(put.invoice, now)
        if amount < put.amount:
            put.amount -= amount
            gone = Put(
                put.kind,
                put.source,
                put.invoice,
                put.charge,
                amount,
                put.applied_at,
                now,
                put.recovers,
                put.by_aim,
            )
            self.puts.insert(self.puts.index(put) + 1, gone)
        else:
            put.released_at = now
        return amount

    def free(self, put: Put, amount: int, now: datetime) -> int:
        """The same, and the source has it again."""
        freed = self.release(put, amount, now)
        if put.kind in ("payment", "credit_note"):
            self.source(put).unapplied += freed
        return freed

    def source(self, put: Put) -> Money:
        return next(m for m in self.money if (m.kind, m.name) == (put.kind, put.source))

    def in_order(self, kind: str) -> list[Money]:
        return sorted((m for m in self.money if m.kind == kind), key=lambda m: m.order)

    def take_off(self, charge: Charge, now: datetime) -> None:
        """Money on a charge that no longer fits is freed, last put first."""
        too_much = -self.open_of(charge)
        if charge.gone:
            too_much = sum(p.amount for p in self.standing() if p.charge == charge.id)
        for put in [p for p in reversed(self.standing()) if p.charge == charge.id]:
            too_much -= self.free(put, min(put.amount, max(0, too_much)), now)

    # ── Orders ──────────────────────────────────────────────────────────────────────────────────
    def slots(self, currency: str, order: dict[str, Any]) -> list[Slot]:
        """Invoice by invoice, or kind by kind; oldest due first in both."""
        places: list[tuple[Any, Bill | None, Charge | None]] = [
            (b.age(), b, None) for b in self.bills.values() if b.currency == currency
        ]
        places += [  # without an invoice: as if due and issued on its day
            ((c.charged_on, c.charged_on, c.id), None, c)
            for c in self.charges.values()
            if c.invoice is None and c.currency == currency
        ]
        places.sort(key=lambda place: place[0])
        kinds: list[str] = order["order"]
        if order["scope"] == "invoice":
            return [(bill, charge, kind) for _, bill, charge in places for kind in kinds]
        return [(bill, charge, kind) for kind in kinds for _, bill, charge in places]

    def items(self, slot: Slot, now: datetime) -> Iterator[tuple[str | None, str | None, int, int]]:
        """(invoice, charge, open, disputed) of a slot, asked when its turn comes."""
        bill, lone, kind = slot
        if lone is not None:
            if lone.kind == kind:
                yield None, lone.id, self.open_of(lone), self.disputed_of(lone)
            return
        assert bill is not None
        if kind == "principal":
            yield bill.id, None, self.principal(bill), self.disputed(bill)
            return
        if kind == "interest":
            self.post_interest(bill.id, now)
        for charge in self.charges_of(bill.id):
            if charge.kind == kind:
                yield bill.id, charge.id, self.open_of(charge), self.disputed_of(charge)

    def serve(
        self,
        money: Money,
        now: datetime,
        *,
        only: tuple[str, ...] | None = None,
        most: int | None = None,
        by_aim: bool = False,
    ) -> int:
        """In the ledger's order, undisputed parts of all before disputed ones."""
        done = 0
        for also_disputed in (False, True):
            for slot in self.slots(money.currency, self.allocation(self.day(now))):
                if only is not None and (slot[0] is None or slot[0].id not in only):
                    continue
                if min(money.unapplied if by_aim else money.free(), most or 1) <= 0:
                    return done
                for invoice, charge, is_open, held in self.items(slot, now):
                    room = is_open if also_disputed else is_open - held
                    room = min(room, money.unapplied if by_aim else money.free())
                    room = room if most is None else min(room, most - done)
                    done += self.put(money, invoice, charge, room, now, by_aim=by_aim)
        return done

    # ── Aims ────────────────────────────────────────────────────────────────────────────────────
    def serve_aims(self, money: Money, now: datetime) -> None:
        """Serve the aims whose debt is there; the others go on waiting."""
        waiting = []
        for invoice, charge, amount in money.aims:
            target = self.charges.get(charge or "")
            bill = self.bills.get(invoice or "")
            if charge is not None and target is not None:
                room = min(amount, money.unapplied, self.open_of(target))
                self.put(money, target.invoice, target.id, room, now, by_aim=True)
            elif charge is None and bill is not None and bill.currency == money.currency:
                if rest := self._serve_aim(money, bill, amount, now):
                    waiting.append((invoice, charge, rest))
            else:
                waiting.append((invoice, charge, amount))
        money.aims = waiting

    def _serve_aim(self, money: Money, bill: Bill, amount: int, now: datetime) -> int:
        """What of it goes on waiting: money aimed at a sold invoice is the buyer's."""
        amount = min(amount, money.unapplied)
        if money.kind == "credit_note":
            self.post_interest(bill.id, now)
            self._make_room_for_credit(bill, amount, now)
            self.put(money, bill.id, None, min(amount, self.principal(bill)), now, by_aim=True)
            return 0
        if self.allocation(self.day(now))["targets"] == "order":
            done = self.serve(money, now, only=(bill.id,), most=amount, by_aim=True)
        else:
            room = min(amount, self.principal(bill))
            done = self.put(money, bill.id, None, room, now, by_aim=True)
        # Cash aimed at the invoice beyond its balance goes to what is recoverable.
        for name, part in self.recoverable_parts(bill.id, aimed=True):
            if self.principal(bill) == 0:
                room = min(part, amount - done)
                done += self.put(money, bill.id, None, room, now, by_aim=True, recovers=name)
        return amount - done if self.is_sold(bill.id) else 0

    def _make_room_for_credit(self, bill: Bill, amount: int, now: datetime) -> None:
        """Write-off and concession before cash, then recoveries above what is left written off."""
        if bill.void:
            return
        on_it = self.on_principal(bill.id)
        credited = sum(put.amount for put in on_it if put.kind == "credit_note")
        fits = min(amount, bill.invoice.amount_minor - credited)
        for kinds in (("write_off", "concession"), ("payment",), ("discount",)):
            for put in [p for p in reversed(on_it) if p.kind in kinds]:
                too_much = fits - self.principal(bill)
                self.free(put, min(put.amount, max(0, too_much)), now)
        self.trim_recoveries(bill.id, now)

    def trim_recoveries(self, invoice: str, now: datetime) -> None:
        for put in [p for p in reversed(self.standing()) if p.invoice == invoice and p.recovers]:
            mine = [p for p in self.standing() if p.recovers == put.recovers]
            recovered = sum(p.amount for p in mine if p.invoice == invoice)
            left = sum(
                p.amount
                for p in self.on_principal(invoice)
                if (p.kind, p.source) == ("write_off", put.recovers)
            )
            self.free(put, min(put.amount, max(0, recovered - left)), now)

    # ── After every fact ────────────────────────────────────────────────────────────────────────
    def spread(self, now: datetime) -> None:
        """Nothing stays unapplied beside an open balance: credit, then cash, oldest first."""
        everything = self.in_order("credit_note") + self.in_order("payment")
        for money in everything:
            self.serve_aims(money, now)
        self.after_aims(now)
        for money in everything:
            if money.kind == "payment":
                only, room = self.first_call(money, now)
                if room > 0:
                    self.serve(money, now, only=only, most=room)
            self.serve(money, now)
        for money in self.in_order("payment"):
            self._recover(money, now)

    def _recover(self, money: Money, now: datetime) -> None:
        """Cash that finds nothing open anywhere: to what is recoverable, oldest due first."""
        mine = [b for b in self.bills.values() if b.currency == money.currency]
        for bill in sorted(mine, key=Bill.age):
            for name, part in self.recoverable_parts(bill.id, aimed=False):
                room = min(part, money.free())
                self.put(money, bill.id, None, room, now, recovers=name)

    def take_back(self, money: Money, amount: int, now: datetime) -> None:
        """What is unapplied first, recoveries, then its allocations, latest due first."""
        from_unapplied = min(amount, money.unapplied)
        money.unapplied -= from_unapplied
        amount -= from_unapplied
        while amount:
            mine = [p for p in self.standing() if (p.kind, p.source) == (money.kind, money.name)]
            mine = [p for p in mine if p.recovers] or mine
            latest = max(self._age_of(p) for p in mine)
            put = [p for p in mine if self._age_of(p) == latest][-1]  # the last put first
            amount -= self.release(put, min(amount, put.amount), now)

    def _age_of(self, put: Put) -> tuple[date, date, str]:
        if put.invoice is not None:
            return self.bills[put.invoice].age()
        charge = self.charges[put.charge or ""]
        return charge.charged_on, charge.charged_on, charge.id
