"""Why a planned contact is cancelled: the facts say that it is not to be made any more."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, get_args

from services.outreach.activity.domain.contacts import Item
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.stops import Stop, stopped_by
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from shared.clock import local_day

# The most telling first.
Because = Literal[
    "paid", "promise", "plan", "settlement", "disputed", "hold", "placed", "written-off", "reply",
    "claim", "withdrawn", "manual", "corrected", "erased", "superseded",
]  # fmt: skip
REASONS: tuple[Because, ...] = get_args(Because)


def first_reason(reasons: Iterable[Because]) -> Because:
    """The most informative of several reasons to cancel: they stand in that order."""
    found = set(reasons)
    return next((reason for reason in REASONS if reason in found), "superseded")


def reason_to_cancel(item: Item, debtor: DebtorFacts, at: datetime) -> Because | None:
    """Why a planned step is not to be made any more; None: it stands, at another time perhaps."""
    account = debtor.by_account.get(item.account_id)
    if debtor.contact_from is None:
        return "hold"
    if account is None:
        return "superseded"  # the account belongs to another debtor now
    if account.is_erased:
        return "erased"
    day = local_day(at, account.timezone)
    if not item.is_ladder:
        return _reaction_over(item, debtor, account, day)
    invoice = debtor.invoice(item.account_id, item.subject_id)
    if invoice is None or invoice.due_on != item.anchor_on:
        return "corrected"
    reason = fate_of(invoice) or stopped(debtor.endless_stops, invoice, day)
    if reason is not None:
        return reason
    if invoice.stage is None and not invoice.is_due_soon:
        return "corrected"
    return None


def _reaction_over(item: Item, debtor: DebtorFacts, account: Account, day: date) -> Because | None:
    """Why what it answers is over; None: it still stands."""
    key = (item.reaction, item.subject_id)
    found = [debtor.invoice(item.account_id, name) for name in item.invoices]
    known = [invoice for invoice in found if invoice is not None]
    fates = [reason for invoice in known if (reason := fate_of(invoice)) is not None]
    if known and len(fates) == len(known):
        return first_reason(fates)
    if any(o.account_id == account.account_id and o.key == key for o in debtor.occasions):
        return None
    stops = [why for i in known if (why := stopped(debtor.endless_stops, i, day)) is not None]
    return first_reason(stops) if stops else "superseded"


def fate_of(invoice: Invoice) -> Because | None:
    """How an invoice that is open no more has ended."""
    match invoice.state:
        case "paid":
            return "paid"
        case "written_off":
            return "written-off"
        case "void":
            return "corrected"
        case _:
            return None


def stopped(stops: Iterable[Stop], invoice: Invoice, day: date) -> Because | None:
    """Why an open invoice is not to be asked for on a day; None: it may be."""
    found: list[Because] = []
    if invoice.is_disputed:
        found.append("disputed")
    if (stop := stopped_by(stops, invoice, day)) is not None:
        found.append(stop)
    return first_reason(found) if found else None
