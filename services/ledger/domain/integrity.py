"""What must always hold of an account. Checked after every test that moves money, and live."""

from collections import Counter
from collections.abc import Iterator

from services.ledger.domain.charges import Charge, all_charges, disputed_of, place_of
from services.ledger.domain.credits import RELIEFS, Credit, CreditKey, Place, on_invoice
from services.ledger.domain.currency_state import RELIEF_SUMS, written_off_sums
from services.ledger.domain.invoices import Invoice, disputed_part
from services.ledger.domain.journal import Totals
from services.ledger.domain.state import AccountState

_Lying = Counter[tuple[CreditKey, Place]]  # what lies of each credit where


def invariants(state: AccountState) -> list[str]:
    """Every violation in plain words; none: all is well."""
    lying: _Lying = Counter()
    for key, credit in state.credits.items():
        for known in credit.allocations:
            if known.released_at is None:
                lying[key, known.place] += known.amount_minor
    found = [
        fault for invoice in state.invoices.values() for fault in _invoice_faults(invoice, lying)
    ]
    found += [fault for credit in state.credits.values() for fault in _credit_faults(credit)]
    found += [
        fault for charge in all_charges(state) for fault in _charge_faults(state, charge, lying)
    ]
    queued = sorted(key for queue in state.objects.queues.values() for _, key in queue)
    if queued != sorted(("charge", c.charge_id) for c in all_charges(state) if c.balance_minor):
        found.append("the queues of open charges are not the open charges")
    found += _total_faults(state)
    if state.registered:
        found += _loose_faults(state)
    return found


def _invoice_faults(invoice: Invoice, lying: _Lying) -> Iterator[str]:
    name = f"invoice {invoice.invoice_id}"
    due = 0 if invoice.voided_at else invoice.amount_minor
    lies = (invoice.paid_minor, invoice.credited_minor, invoice.relieved_minor)
    if invoice.balance_minor != due - sum(lies):
        yield f"{name}: balance is not amount less credit, cash and reliefs"
    if min(invoice.balance_minor, *lies) < 0:
        yield f"{name}: an amount is below zero"
    if invoice.disputed_minor != disputed_part(invoice.balance_minor, invoice.disputes):
        yield f"{name}: the disputed part does not follow from its disputes"
    held: Counter[str] = Counter()
    for holding in invoice.holdings:
        held[holding.kind] += holding.amount_minor
        there = lying[(holding.kind, holding.credit_id), on_invoice(invoice.invoice_id)]
        if there < holding.amount_minor:
            yield f"{name}: holds money of {holding.credit_id} that is not there"
    relieved = sum(held[kind] for kind in RELIEFS)
    if (held["payment"], held["credit_note"], relieved) != lies:
        yield f"{name}: what it holds is not what was put on it"
    recovered = sum(holding.amount_minor for holding in invoice.recoveries)
    if recovered != invoice.recovered_minor:
        yield f"{name}: what recovers it is not what was recovered"
    if min(invoice.recoverable_minor, invoice.recovered_minor) < 0:
        yield f"{name}: a recovery is below zero"
    for holding in invoice.recoveries:
        place = (invoice.invoice_id, None, True)
        if lying[(holding.kind, holding.credit_id), place] < holding.amount_minor:
            yield f"{name}: {holding.credit_id} does not recover what it seems to"
    last = invoice.levels[-1]
    if (last.balance_minor, last.disputed_minor) != (invoice.balance_minor, invoice.disputed_minor):
        yield f"{name}: its last level is not what is open on it"


def _charge_faults(state: AccountState, charge: Charge, lying: _Lying) -> Iterator[str]:
    name = f"charge {charge.charge_id}"
    amounts = (charge.amount_minor, charge.waived_minor, charge.paid_minor, charge.balance_minor)
    if min(amounts) < 0:
        yield f"{name}: an amount is below zero"
    if charge.amount_minor != sum(entry.amount_minor for entry in charge.posted):
        yield f"{name}: its amount is not what was posted"
    if charge.waived_minor != sum(entry.amount_minor for entry in charge.waived):
        yield f"{name}: what is waived of it does not follow from its waivers"
    if charge.paid_minor != sum(holding.amount_minor for holding in charge.holdings):
        yield f"{name}: what it holds is not what was put on it"
    if charge.disputed_minor != disputed_of(state, charge):
        yield f"{name}: the disputed part does not follow from its disputes"
    for holding in charge.holdings:
        if lying[(holding.kind, holding.credit_id), place_of(charge)] < holding.amount_minor:
            yield f"{name}: holds money of {holding.credit_id} that is not there"


def _credit_faults(credit: Credit) -> Iterator[str]:
    name = f"{credit.kind} {credit.credit_id}"
    placed = sum(piece.amount_minor for piece in credit.allocations if piece.released_at is None)
    if credit.amount_minor != placed + credit.unapplied_minor + credit.taken_minor:
        yield f"{name}: amount is not applied, unapplied and taken back together"
    if min(credit.unapplied_minor, credit.taken_minor) < 0:
        yield f"{name}: an amount is below zero"
    if credit.is_relief and credit.unapplied_minor:
        yield f"{name}: a relief is unapplied"
    if credit.taken_minor != sum(taken.amount_minor for taken in credit.reversals):
        yield f"{name}: what its reversals took is not what was taken back"


def _total_faults(state: AccountState) -> Iterator[str]:
    for currency, sums in state.currencies.items():
        invoices = [known for known in state.invoices.values() if known.currency == currency]
        money = [known for known in state.credits.values() if known.currency == currency]
        cash = [known for known in money if known.kind == "payment"]
        notes = [known for known in money if known.kind == "credit_note"]
        others = [known for known in state.objects.values.values() if known.currency == currency]
        sums_of_others: Counter[str] = Counter()
        for relief in (known for known in money if known.is_relief):
            sums_of_others[RELIEF_SUMS[relief.kind]] += relief.amount_minor
        for other in others:
            sums_of_others.update(dict(other.counts()))
        for invoice in invoices:
            sums_of_others.update(dict(written_off_sums(invoice)))
        counted = Totals(
            sum(known.balance_minor for known in invoices),
            sum(known.disputed_minor for known in invoices),
            sum(known.amount_minor - known.taken_minor for known in cash),
            sum(known.unapplied_minor for known in cash),
            sum(known.unapplied_minor for known in notes),
            sum(known.amount_minor for known in invoices if not known.voided_at)
            - sum(known.amount_minor for known in notes),
            tuple(sorted((name, minor) for name, minor in sums_of_others.items() if minor)),
        )
        if sums.totals != counted:
            yield f"{currency}: totals {sums.totals} are not the sums {counted}"
        if sums.objects != len(invoices) + len(money) + len(others):
            yield f"{currency}: {sums.objects} objects are counted"
        overdue = [
            known
            for known in invoices
            if state.aged_on is not None and known.due_on < state.aged_on
        ]
        if (sums.overdue_minor, sums.disputed_overdue_minor) != (
            sum(known.balance_minor for known in overdue),
            sum(known.disputed_minor for known in overdue),
        ):
            yield f"{currency}: what is overdue is not the sum of what is past due"
        if sums.open != sorted(known.order for known in invoices if known.balance_minor):
            yield f"{currency}: the queue of open invoices is not the open invoices"
        clear = [known for known in invoices if known.balance_minor > known.disputed_minor]
        if sums.clear != sorted(known.order for known in clear):
            yield f"{currency}: the queue of clear invoices is not those with an undisputed part"
        if sums.loose != sorted(known.order for known in money if known.free_minor):
            yield f"{currency}: the queue of loose credits is not those with free money"


def _loose_faults(state: AccountState) -> Iterator[str]:
    for currency, sums in state.currencies.items():
        if sums.loose and (sums.open or state.objects.queues.get(currency)):
            yield f"{currency}: money is unapplied although a balance is open"
