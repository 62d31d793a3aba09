"""Small balances: what is left of an invoice some days after the latest cash is let go.

When it is looked at, and how much is small, says the policy `recovery`.
"""

from datetime import date, datetime, timedelta

from services.ledger.domain.facts import Position
from services.ledger.domain.invoices import SMALL
from services.ledger.domain.kinds import Acting, Noun
from services.ledger.domain.kinds.write_offs import make
from services.ledger.domain.objects import AccountObject, boundary
from services.ledger.domain.owed import owed
from services.ledger.domain.ranks import Turn
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from services.ledger.domain.write_offs import WriteOff
from shared.clock import local_day

NOUN = "small-balance"
KINDS = ()


class SmallBalance(AccountObject, frozen=True, kw_only=True):
    """An invoice that may be let go: on which day cash was put on it last."""

    invoice_id: str
    put_on: date


def _watch(state: AccountState, acting: Acting) -> bool:
    """Follow the cash on each invoice that was touched, if small balances are let go at all."""
    if not state.rules.has_small_balances:
        return False
    changed = False
    for invoice_id in _touched(state):
        key = (NOUN, invoice_id)
        known, put_on = state.objects.values.get(key), _put_on(state, invoice_id)
        if put_on is None:
            changed = changed or known is not None
            state.objects.remove(key)
            continue
        currency = state.invoices[invoice_id].currency
        value = SmallBalance(currency=currency, invoice_id=invoice_id, put_on=put_on)
        if known == value:
            state.objects.touch(key)
        else:
            state.objects.set(key, value)
            changed = True
    return changed


def _touched(state: AccountState) -> list[str]:
    """Invoices that are not as they were, or whose charges are not."""
    found = dict.fromkeys(state.before_invoices)
    for key, before in state.objects.before.items():
        value = state.objects.values.get(key) or before
        invoice_id = getattr(value, "of_invoice", None)
        if invoice_id is not None:
            found[invoice_id] = None
    return [invoice_id for invoice_id in found if invoice_id in state.invoices]


def _put_on(state: AccountState, invoice_id: str) -> date | None:
    invoice = state.invoices[invoice_id]
    if not invoice.paid_minor:
        return None
    cash = [held.applied_at for held in invoice.holdings if held.kind == "payment"]
    return local_day(max(cash), state.zone)


def _small_wake(state: AccountState, known: SmallBalance) -> Position | None:
    """The next day that lies as long after the latest cash as the policy of that very day says;
    none while what is owed is nothing, or more than is small on it."""
    assert state.position is not None
    invoice, left = state.invoices[known.invoice_id], owed(state, known.invoice_id)
    if not left:
        return None
    tie = f"{invoice.due_on} {known.invoice_id}"
    recovery = state.rules.recovery
    for after_days in sorted({each.small_after_days for each in (recovery.first, *recovery.later)}):
        day = known.put_on + timedelta(days=after_days)
        policy = recovery.at(day)
        is_small = left <= policy.small_minor(invoice.currency)
        place = boundary(day, state.zone, Turn.SMALL_BALANCE, tie)
        if policy.small_after_days == after_days and is_small and place > state.position:
            return place
    return None


def _let_go(state: AccountState, known: SmallBalance, at: datetime) -> None:
    """Write off what is left of a small balance, if nothing speaks against it on this day."""
    invoice, day = state.invoices[known.invoice_id], local_day(at, state.zone)
    small = state.rules.recovery.at(day).small_minor(invoice.currency)
    left = owed(state, known.invoice_id)
    is_small = 0 < left <= small and invoice.due_on < day
    if not is_small or invoice.disputes or known.invoice_id in taken(state):
        return
    assert state.position is not None
    write_off_id = f"{SMALL}{known.invoice_id}"
    made = WriteOff(
        currency=invoice.currency,
        write_off_id=write_off_id,
        kind="small-balance",
        data=None,
        place=state.position,
        state="made",
        invoice_ids=(known.invoice_id,),
    )
    make(state, made, at, f"small balance {known.invoice_id}")


def _entry(invoice_id: str, place: Position) -> tuple[str, str]:
    return ("account-written-off", f"{SMALL}{invoice_id}")


NOUNS = (
    Noun(
        name=NOUN,
        value=SmallBalance,
        order=90,
        wake=_small_wake,
        judge=_let_go,
        entry=_entry,
        conclude=_watch,
    ),
)
