"""The live check: what the ledger says is collectable now, and what of a contact stands before it.

The shape is that of `POST /v1/accounts/collectable`. The amounts of a message come from here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from msgspec import Struct

from services.outreach.activity.domain.contacts import BY_HAND, Item
from services.outreach.debtors.domain.stops import ACCOUNT_WIDE_HOLDS
from services.outreach.dunning.domain.cancellations import REASONS, Because, first_reason

# A ledger further behind its intake is not believed (docs/decisions/0003-how-outreach-plans.md).
INTAKE_LAG_MAX = timedelta(seconds=30)


class CheckedAmounts(Struct, frozen=True):
    currency: str
    collectable_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int


class CheckedCharge(Struct, frozen=True):
    """An open fee, cost or interest."""

    charge_id: str
    kind: str  # fee | cost | interest
    currency: str
    balance_minor: int
    disputed_minor: int = 0
    invoice_id: str | None = None

    @property
    def owed_minor(self) -> int:
        return self.balance_minor - self.disputed_minor


class CheckedInvoice(Struct, frozen=True):
    """An open invoice."""

    invoice_id: str
    due_on: date
    currency: str
    balance_minor: int
    disputed_minor: int
    number: str | None = None
    stage: int | None = None
    taken_by: str | None = None  # plan L1, settlement T1, placement G1
    charges: tuple[CheckedCharge, ...] = ()

    @property
    def owed_minor(self) -> int:
        """What of it may be asked for: the balance less its disputed part."""
        return self.balance_minor - self.disputed_minor

    @property
    def asked_charges(self) -> tuple[CheckedCharge, ...]:
        """Those that may be asked for with it."""
        return tuple(charge for charge in self.charges if charge.owed_minor > 0)


class CheckedStop(Struct, frozen=True, dict=True):
    """Why nobody may be asked for some invoices now."""

    kind: str  # promise, plan, settlement, disputed, hold, placed, written-off
    id: str = ""
    hold_kind: str | None = None
    currency: str | None = None  # None: any
    until: date | None = None  # the last day; None: not known
    invoice_ids: tuple[str, ...] | None = None  # None: all

    @property
    def because(self) -> Because:
        """The reason to give; a stop of a kind that is not known stops all the same."""
        return next((reason for reason in REASONS if reason == self.kind), "hold")

    def covers(self, invoice_id: str | None, currency: str) -> bool:
        if self.invoice_ids is None or self.hold_kind in ACCOUNT_WIDE_HOLDS:
            return self.currency in (None, currency)
        return invoice_id in self.ids

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(self.invoice_ids or ())


class CheckedArrangement(Struct, frozen=True):
    kind: str  # plan | settlement
    id: str
    state: str
    next_due_on: date | None = None
    next_minor: int | None = None
    arrears_minor: int = 0


_TAKEN: Mapping[str, Because] = {"plan": "plan", "settlement": "settlement"}  # else: placed


class CheckedAccount(Struct, frozen=True, dict=True):
    account_id: str
    sequence: int
    amounts: tuple[CheckedAmounts, ...]
    invoices: tuple[CheckedInvoice, ...]
    stops: tuple[CheckedStop, ...] = ()
    arrangements: tuple[CheckedArrangement, ...] = ()
    charges: tuple[CheckedCharge, ...] = ()  # of the whole account
    disclose: tuple[str, ...] = ()  # texts about charges to come that the debtor has yet to be told

    def invoice(self, invoice_id: str) -> CheckedInvoice | None:
        return self._by_id.get(invoice_id)

    def stopped_by(self, invoice: CheckedInvoice) -> Because | None:
        """Why the invoice is not to be asked for; None: nothing stops it."""
        found = [s.because for s in self.stops if s.covers(invoice.invoice_id, invoice.currency)]
        if invoice.taken_by is not None:
            found.append(_TAKEN.get(invoice.taken_by.partition(" ")[0], "placed"))
        return first_reason(found) if found else None

    def is_written_off(self, invoice_id: str) -> bool:
        return any(stop.because == "written-off" and invoice_id in stop.ids for stop in self.stops)

    def asked_invoices(self, currency: str) -> list[CheckedInvoice]:
        """What is past due and may be asked for, oldest due first."""
        return [
            invoice
            for invoice in sorted(self.invoices, key=lambda i: (i.due_on, i.invoice_id))
            if invoice.currency == currency
            and invoice.stage is not None
            and invoice.owed_minor > 0
            and self.stopped_by(invoice) is None
        ]

    def asked_charges(self, currency: str) -> list[CheckedCharge]:
        """Charges beside the invoices that are asked for, also of one that is paid, that may be
        asked for."""
        asked = {invoice.invoice_id for invoice in self.asked_invoices(currency)}
        beside = [
            charge
            for charge in self.charges
            if charge.currency == currency
            and charge.owed_minor > 0
            and (charge.invoice_id is None or self.invoice(charge.invoice_id) is None)
            and not any(stop.covers(charge.invoice_id, currency) for stop in self.stops)
        ]
        left = [
            charge
            for invoice in self.invoices
            if invoice.currency == currency
            and invoice.invoice_id not in asked
            and self.stopped_by(invoice) is None
            for charge in invoice.asked_charges
        ]
        return beside + left

    def asked_minor(self, currency: str) -> int:
        """What a message asks for: the collectable amount; where some of it is stopped (a promise)
        or asked for by other messages (arrears), no more than what it lists."""
        known = self._asked.get(currency)
        if known is None:  # every item of a message asks, and the answer is over all invoices
            known = self._asked[currency] = self._asked_minor(currency)
        return known

    @cached_property
    def _asked(self) -> dict[str, int]:
        return {}

    def _asked_minor(self, currency: str) -> int:
        amounts = self.amounts_in(currency)
        if amounts is None:
            return 0
        is_in_part = (
            any(arrangement.arrears_minor for arrangement in self.arrangements)
            or any(stop.covers(None, currency) for stop in self.stops)
            or any(i.currency == currency and self.stopped_by(i) for i in self.invoices)
        )
        if not is_in_part:
            return amounts.collectable_minor
        listed = self.listed_minor(currency) - amounts.unapplied_minor
        return min(amounts.collectable_minor, max(0, listed))

    def listed_minor(self, currency: str) -> int:
        """The sum of what a message lists as past due."""
        invoices = self.asked_invoices(currency)
        charges = [charge for invoice in invoices for charge in invoice.asked_charges]
        charges += self.asked_charges(currency)
        return sum(i.owed_minor for i in invoices) + sum(c.owed_minor for c in charges)

    @cached_property
    def _by_id(self) -> Mapping[str, CheckedInvoice]:
        return {invoice.invoice_id: invoice for invoice in self.invoices}

    def amounts_in(self, currency: str) -> CheckedAmounts | None:
        return next((a for a in self.amounts if a.currency == currency), None)


class CollectableAnswer(Struct, frozen=True):
    """The ledger's answer, all read in one snapshot."""

    accounts: tuple[CheckedAccount, ...]
    intake_caught_up_at: datetime | None = None

    def by_account(self) -> dict[str, CheckedAccount]:
        return {account.account_id: account for account in self.accounts}

    def is_behind(self, machine_now: datetime) -> bool:
        """Whether payments may be waiting at the ledger's door."""
        caught_up_at = self.intake_caught_up_at
        return caught_up_at is None or machine_now - caught_up_at > INTAKE_LAG_MAX


def is_complete(
    checked: Mapping[str, CheckedAccount],
    account_ids: Collection[str],
    sequences: Mapping[str, int],
) -> bool:
    """Whether the answer has all these accounts, and none as it was before what we know."""
    return all(
        account_id in checked and checked[account_id].sequence >= sequences.get(account_id, 0)
        for account_id in account_ids
    )


def is_ahead(
    checked: Mapping[str, CheckedAccount],
    account_ids: Collection[str],
    sequences: Mapping[str, int],
) -> bool:
    """Whether the ledger knows more of any of these accounts than was known by then."""
    return any(
        checked[account_id].sequence > sequences.get(account_id, 0) for account_id in account_ids
    )


@dataclass(frozen=True)
class CheckedItems:
    """What of a contact stands: the items still to be asked for, and why the others are not."""

    items: tuple[Item, ...]
    refused: Mapping[Item, Because]

    @property
    def because(self) -> Because:
        """The one reason to give when nothing stands."""
        return first_reason(self.refused.values())


def still_due(
    items: Iterable[Item],
    checked: Mapping[str, CheckedAccount],
    applies: Callable[[Item, CheckedAccount], bool] = lambda _item, _account: True,
) -> CheckedItems:
    """Each item against the answer. Every account of the items must be in it. `applies`: whether
    its step asks for no more than the answer says."""
    items = tuple(items)
    refused: dict[Item, Because] = {}
    reminders: dict[str, list[Item]] = {}  # by account: those of what is not past due yet
    for item in items:
        reason = _refusal(item, checked[item.account_id])
        if reason is None and not applies(item, checked[item.account_id]):
            reason = "superseded"
        if reason is not None:
            refused[item] = reason
        elif item.is_reminder:
            reminders.setdefault(item.account_id, []).append(item)
    for account_id, early in reminders.items():
        refused |= dict.fromkeys(_covered_by_money(checked[account_id], early), "paid")
    return CheckedItems(tuple(item for item in items if item not in refused), refused)


def _covered_by_money(account: CheckedAccount, reminders: Sequence[Item]) -> list[Item]:
    """The reminders whose currency is paid for by what waits on the account."""
    currencies = {item: _currency(item, account) for item in reminders}
    asked = {
        currency: reminder_minor(account, currency, reminders)
        for currency in set(currencies.values())
    }
    return [item for item, currency in currencies.items() if asked[currency] <= 0]


def reminder_minor(account: CheckedAccount, currency: str, items: Iterable[Item]) -> int:
    """What a reminder before the due day asks for: its invoices' balance less disputed less
    unapplied, in one currency of one account."""
    owed = 0
    for item in items:
        invoice = account.invoice(item.subject_id)
        if invoice is not None and invoice.currency == currency:
            owed += invoice.owed_minor
    amounts = account.amounts_in(currency)
    return owed - (amounts.unapplied_minor if amounts is not None else 0)


def _refusal(item: Item, account: CheckedAccount) -> Because | None:
    if not item.is_ladder:
        return _reaction_refusal(item, account)
    invoice = account.invoice(item.subject_id)
    if invoice is None or invoice.balance_minor <= 0:
        return "written-off" if account.is_written_off(item.subject_id) else "paid"
    if (stop := account.stopped_by(invoice)) is not None:
        return stop
    if invoice.due_on != item.anchor_on:
        return "corrected"
    if invoice.owed_minor <= 0:
        return "disputed"
    if item.is_reminder:
        return None if invoice.stage is None else "superseded"
    if invoice.stage is None:
        return "corrected"
    return None if account.asked_minor(invoice.currency) > 0 else "paid"


# What asks for something overdue, besides the ladder.
ASKING = frozenset({"promise-broken", "payment-failed", BY_HAND})
# What speaks of something that the ledger must still have.
_OF_PROMISES = frozenset({"promise-due"})
_OF_ARRANGEMENTS = frozenset(
    {"plan-agreed", "instalment-due", "instalment-missed", "settlement-offered", "settlement-due"}
)


def _reaction_refusal(item: Item, account: CheckedAccount) -> Because | None:
    """Why what is answered is not to be answered; an answer that asks for money needs some."""
    if any(stop.hold_kind in ACCOUNT_WIDE_HOLDS for stop in account.stops):
        return "hold"
    if item.reaction not in ASKING:
        return _ended(item, account)
    found = [i for name in item.invoices if (i := account.invoice(name)) is not None]
    asked = found if item.invoices else list(account.invoices)
    if not any(each.balance_minor > 0 for each in asked):
        return "paid"
    stops = [why for each in asked if (why := account.stopped_by(each)) is not None]
    if len(stops) == len(asked):
        return first_reason(stops)
    if all(each.owed_minor <= 0 for each in asked):
        return "disputed"
    return None


def _ended(item: Item, account: CheckedAccount) -> Because | None:
    """Why what was agreed on is not to be spoken of: the ledger has it no more, or it is paid."""
    if item.reaction in _OF_PROMISES:
        is_open = any(s.kind == "promise" and s.id == item.subject_id for s in account.stops)
        return None if is_open else "superseded"
    if item.reaction not in _OF_ARRANGEMENTS:
        return None
    id_ = item.subject_id
    name = id_.rpartition("/")[0] if item.subject == "instalment" else id_
    known = next((each for each in account.arrangements if each.id == name), None)
    if known is None:
        return "superseded"
    if item.reaction == "instalment-due":
        is_left = known.next_due_on is not None and known.next_due_on <= item.anchor_on
        return None if is_left else "paid"
    if item.reaction == "instalment-missed" and known.arrears_minor <= 0:
        return "paid"
    return None


def _currency(item: Item, account: CheckedAccount) -> str:
    invoice = account.invoice(item.subject_id)
    assert invoice is not None, "an item that was not refused names an open invoice"
    return invoice.currency
