"""Charges: fees, costs and interest, each an item of its own beside the invoice (docs/charges.md).

A charge is replaced as a value, like an invoice: what was posted and waived, what lies on it, and
who disputes it. Its balance is its amount less what was waived and paid, never below 0.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from msgspec import Struct, structs

from services.ledger.domain.agreements import By
from services.ledger.domain.credits import Credit, CreditKey, Place, put, take_off
from services.ledger.domain.facts import Position
from services.ledger.domain.invoices import Dispute, Holding, Invoice, Order, disputed_part
from services.ledger.domain.objects import AccountObject
from services.ledger.domain.state import AccountState
from shared.clock import local_day

NOUN = "charge"
INTEREST = "interest:"  # of the id of an invoice's interest
ChargeKind = Literal["cost", "interest", "fee"]
CHARGE_KINDS: tuple[ChargeKind, ...] = ("cost", "interest", "fee")
WaiveReason = Literal["waived", "settled", "written-off"]


class Posted(Struct, frozen=True, gc=False):
    """So much more was charged; below 0: less."""

    on: date
    place: Position
    amount_minor: int


class Waived(Struct, frozen=True, gc=False):
    """So much was waived under an id; below 0: that was taken back."""

    waiver_id: str
    on: date
    place: Position
    amount_minor: int
    because: WaiveReason


class Charge(AccountObject, frozen=True, kw_only=True):
    """By all facts known. One whose invoice was voided stays, with what had been waived of it."""

    charge_id: str
    kind: ChargeKind
    invoice_id: str | None
    charged_on: date
    order: Order  # the invoice's; of one without: as if due and issued on its day
    amount_minor: int = 0
    waived_minor: int = 0
    paid_minor: int = 0
    disputed_minor: int = 0
    posted: tuple[Posted, ...] = ()
    waived: tuple[Waived, ...] = ()
    holdings: tuple[Holding, ...] = ()
    credit_keys: tuple[CreditKey, ...] = ()  # all whose money is or was on it
    disputes: tuple[Dispute, ...] = ()
    is_void: bool = False
    policy_version: str | None = None
    rule: str | None = None
    pack: str | None = None
    citation: str | None = None
    step: int | None = None
    basis_minor: int | None = None
    percent: Fraction | None = None
    reason: str | None = None  # a person's words; they never leave the ledger
    by: By | None = None

    @property
    def balance_minor(self) -> int:
        return self.amount_minor - self.waived_minor - self.paid_minor

    @property
    def status(self) -> Literal["open", "paid", "waived"]:
        if self.balance_minor:
            return "open"
        return "paid" if self.paid_minor else "waived"

    @property
    def of_invoice(self) -> str | None:
        return self.invoice_id

    @property
    def open_order(self) -> Order | None:
        return self.order if self.balance_minor else None

    @property
    def waivers(self) -> dict[str, tuple[date, int]]:
        """What stands waived: by id, since when and how much."""
        found: dict[str, tuple[date, int]] = {}
        for entry in self.waived:
            on, minor = found.get(entry.waiver_id, (entry.on, 0))
            found[entry.waiver_id] = (on if minor else entry.on, minor + entry.amount_minor)
        return {waiver_id: known for waiver_id, known in found.items() if known[1]}

    def counts(self) -> Iterable[tuple[str, int]]:
        return (
            ("charges_minor", self.balance_minor),
            ("disputed_charges_minor", self.disputed_minor),
            (f"{self.kind}_charged_minor", self.amount_minor),
            ("charges_waived_minor", self.waived_minor),
        )


# ── Which there are ─────────────────────────────────────────────────────────────────────────────


def is_own_id(charge_id: str) -> bool:
    """Whether the ledger makes such a charge by itself; others choose ids without a colon."""
    return ":" in charge_id


def charge_of(state: AccountState, charge_id: str) -> Charge | None:
    known = state.objects.values.get((NOUN, charge_id))
    return known if isinstance(known, Charge) else None


def charges_of(state: AccountState, invoice_id: str) -> list[Charge]:
    """Those of an invoice, by day and id."""
    keys = state.objects.belonging.get(invoice_id)
    if not keys:
        return []
    found = [state.objects.values[key] for key in keys if key[0] == NOUN]
    return sorted([known for known in found if isinstance(known, Charge)], key=_by_day)


def all_charges(state: AccountState) -> list[Charge]:
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, Charge)]


def _by_day(charge: Charge) -> tuple[date, str]:
    return (charge.charged_on, charge.charge_id)


def open_charges_of(state: AccountState, invoice_id: str) -> int:
    """What is open of an invoice's charges."""
    if invoice_id not in state.objects.belonging:
        return 0
    return sum([charge.balance_minor for charge in charges_of(state, invoice_id)])


def disputed_charges_of(state: AccountState, invoice_id: str) -> int:
    if invoice_id not in state.objects.belonging:
        return 0
    return sum([disputed_of(state, charge) for charge in charges_of(state, invoice_id)])


def disputed_of(state: AccountState, charge: Charge) -> int:
    """What disputes hold of a charge; a whole dispute of its invoice holds all of it."""
    invoice = state.invoices.get(charge.invoice_id) if charge.invoice_id is not None else None
    if invoice is not None and invoice.disputes and is_wholly_disputed(invoice):
        return charge.balance_minor
    return disputed_part(charge.balance_minor, charge.disputes)


def is_wholly_disputed(invoice: Invoice) -> bool:
    if any(dispute.amount_minor is None for dispute in invoice.disputes):
        return True
    return 0 < invoice.balance_minor == invoice.disputed_minor


def place_of(charge: Charge) -> Place:
    return (charge.invoice_id, charge.charge_id, False)


# ── Charging ────────────────────────────────────────────────────────────────────────────────────


def set_charge(state: AccountState, charge: Charge) -> Charge:
    assert charge.balance_minor >= 0, charge
    charge = structs.replace(charge, disputed_minor=disputed_of(state, charge))
    state.objects.set((NOUN, charge.charge_id), charge)
    return charge


def posted(state: AccountState, charge: Charge, amount_minor: int, at: datetime) -> Charge:
    """Charge so much more (below 0: less) on the day of an instant."""
    assert state.position is not None
    entry = Posted(local_day(at, state.zone), state.position, amount_minor)
    return set_charge(
        state,
        structs.replace(
            charge,
            amount_minor=charge.amount_minor + amount_minor,
            posted=(*charge.posted, entry),
        ),
    )


def waive(
    state: AccountState,
    charge: Charge,
    waiver_id: str,
    amount_minor: int,
    because: WaiveReason,
    at: datetime,
) -> Charge:
    """Waive so much (below 0: take it back); money that no longer fits is free again."""
    assert state.position is not None
    entry = Waived(waiver_id, local_day(at, state.zone), state.position, amount_minor, because)
    waived_minor = charge.waived_minor + amount_minor
    charge = free(state, charge, waived_minor + charge.paid_minor - charge.amount_minor, at)
    return set_charge(
        state,
        structs.replace(charge, waived_minor=waived_minor, waived=(*charge.waived, entry)),
    )


def lower(state: AccountState, charge: Charge, to_minor: int, at: datetime) -> Charge:
    """Free what lies on a charge above an amount, and take back waivers above it, before it
    becomes smaller."""
    waived = charge.waived_minor
    for waiver_id, (_, minor) in reversed(charge.waivers.items()):
        if waived > to_minor:
            part = min(minor, waived - to_minor)
            because = next(e.because for e in charge.waived if e.waiver_id == waiver_id)
            charge = waive(state, charge, waiver_id, -part, because, at)
            waived -= part
    return free(state, charge, charge.paid_minor + charge.waived_minor - to_minor, at)


# ── Money ───────────────────────────────────────────────────────────────────────────────────────


def pay(
    state: AccountState, charge: Charge, credit: Credit, amount_minor: int, at: datetime
) -> Credit:
    """Put unapplied money of a credit on a charge."""
    assert 0 < amount_minor <= charge.balance_minor
    kept, together, keys = charge.holdings, amount_minor, charge.credit_keys
    last = kept[-1] if kept else None
    if last is not None and (last.kind, last.credit_id, last.applied_at) == (*credit.key, at):
        kept, together = kept[:-1], last.amount_minor + amount_minor
    elif credit.key not in keys:
        keys = (*keys, credit.key)
    set_charge(
        state,
        structs.replace(
            charge,
            paid_minor=charge.paid_minor + amount_minor,
            holdings=(*kept, Holding(credit.kind, credit.credit_id, together, at)),
            credit_keys=keys,
        ),
    )
    credit = put(credit, {place_of(charge): amount_minor}, at)
    assert credit.unapplied_minor >= 0
    state.set_credit(credit)
    return credit


def free(state: AccountState, charge: Charge, amount_minor: int, at: datetime) -> Charge:
    """Take so much of the money off a charge, last put first; it is unapplied again."""
    if amount_minor <= 0:
        return charge
    taken: dict[int, int] = {}
    for index in range(len(charge.holdings) - 1, -1, -1):
        taken[index] = min(amount_minor, charge.holdings[index].amount_minor)
        amount_minor -= taken[index]
    return take(state, charge, taken, at)


def take(state: AccountState, charge: Charge, taken: Mapping[int, int], at: datetime) -> Charge:
    """Take money off a charge (index of holding → amount); it is unapplied again."""
    kept: list[Holding] = []
    by_credit: dict[CreditKey, dict[tuple[Place, datetime], int]] = {}
    for index, holding in enumerate(charge.holdings):
        part = taken.get(index, 0)
        if part:
            lying = by_credit.setdefault((holding.kind, holding.credit_id), {})
            where = (place_of(charge), holding.applied_at)
            lying[where] = lying.get(where, 0) + part
        if holding.amount_minor > part:
            kept.append(structs.replace(holding, amount_minor=holding.amount_minor - part))
    less = sum(taken.values())
    charge = set_charge(
        state,
        structs.replace(charge, paid_minor=charge.paid_minor - less, holdings=tuple(kept)),
    )
    for key, lying in by_credit.items():
        state.set_credit(take_off(state.credits[key], lying, at))
    return charge


def void_charges(state: AccountState, invoice_id: str, at: datetime) -> None:
    """The invoice is void: its charges are taken back, except what was waived of them."""
    for charge in charges_of(state, invoice_id):
        charge = free(state, charge, charge.paid_minor, at)
        charge = structs.replace(charge, is_void=True)
        if charge.balance_minor:
            posted(state, charge, -charge.balance_minor, at)
        else:
            set_charge(state, charge)
