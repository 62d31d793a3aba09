"""Announcing how old debts are: stages, corrections, paid and open again (docs/ledger.md)."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct, structs

from services.ledger.domain.builder import DecisionBuilder
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.slices import SLICE_ENTRIES, Slices
from services.ledger.domain.stages import StageNotice, due_soon, holding_stage, news
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger
from shared.events.ledger import Stage


def begun_of(state: AccountState, invoice_id: str, day: date) -> list[StageNotice]:
    """What the day shows of one invoice."""
    invoice = state.invoices[invoice_id]
    notices = state.notices.get(invoice_id, ())
    shown = [*news(invoice, notices, state.zone, day).begun]
    soon = due_soon(invoice, state.zone)
    if (
        soon is not None
        and invoice.balance_minor
        and soon.since_on <= day <= invoice.due_on
        and not any(known.key == soon.key for known in notices)
    ):
        shown.append(soon)
    return shown


def in_time(now: StageNotice) -> tuple[datetime, date, str, int]:
    return (now.at, now.due_on, now.invoice_id, now.stage or 0)


class _Findings(Struct):
    """What one fact showed, in the order in which it is announced."""

    refuted: list[tuple[Invoice, StageNotice]]
    open_again: list[tuple[Invoice, Stage | None]]  # with the stage that holds
    begun: list[tuple[StageNotice, Stage | None]]  # with the stage to announce
    paid: list[Invoice]


def announce_age(
    builder: DecisionBuilder, view: View, stages_until: date | None
) -> Slices[list[Invoice]]:
    """Announce what a fact showed of the age of the invoices that it touched.

    First what was announced and is not so, then debts that are open again, then what has begun by
    `stages_until`, in order of time. What is paid is given back, to be announced last: read in
    sequence, it gives what is so.
    """
    state, fact = view.state, view.fact_if_any
    touched = state.before_invoices
    found = _Findings([], [], [], [])
    ids = touched if len(touched) == 1 else sorted(touched, key=lambda i: state.invoices[i].order)
    for number, invoice_id in enumerate(ids, start=1):
        _examine(builder, view, invoice_id, stages_until, found)
        if not number % SLICE_ENTRIES:
            yield
    for number, (invoice, past) in enumerate(found.refuted, start=1):
        _announce_corrected(builder, view, invoice, past)
        if not number % SLICE_ENTRIES:
            yield
    for number, (invoice, stage) in enumerate(found.open_again, start=1):
        day = local_day(view.at, state.zone)
        _announce_reopened(builder, view, invoice, stage, (view.at, day), view.cause)
        if not number % SLICE_ENTRIES:
            yield
    found.begun.sort(key=lambda item: in_time(item[0]))
    for number, (now, stage) in enumerate(found.begun, start=1):
        invoice = state.invoices[now.invoice_id]
        if now.kind == "reopened":
            _announce_reopened(builder, view, invoice, stage, (now.at, now.since_on), now.cause)
        else:
            announce_begun(builder, now, (view.amounts(invoice.currency),), fact)
        if not number % SLICE_ENTRIES:
            yield
    return found.paid


def _examine(
    builder: DecisionBuilder,
    view: View,
    invoice_id: str,
    stages_until: date | None,
    found: _Findings,
) -> None:
    """Compare one invoice with what was announced of it, and remember what is now."""
    state = view.state
    before, invoice = state.before_invoices[invoice_id], state.invoices[invoice_id]
    notices = state.notices.get(invoice_id, ())
    new = news(invoice, notices, state.zone, stages_until)
    for past in new.refuted:
        builder.remember(structs.replace(past, holds=False))
    for past in new.again:
        builder.remember(structs.replace(past, holds=True))
    known = holding_stage(invoice, state.notices.get(invoice_id, ()))
    for now in new.begun:
        builder.remember(now)
    state.refresh(invoice_id)
    invoice = state.invoices[invoice_id]
    found.refuted += [(invoice, past) for past in new.refuted if past.stage is not None]
    was_paid = before is not None and before.status == "paid"
    reopened = [now.cause for now in new.begun if now.kind == "reopened"]
    open_again = bool(new.again) or (was_paid and invoice.balance_minor > 0 and not reopened)
    if open_again and view.cause not in reopened:
        held_again = max((past.stage for past in new.again if past.stage), default=None)
        found.open_again.append((invoice, known or held_again))
    for now in new.begun:
        stage = now.stage
        if now.kind == "reopened" and known is not None:
            # The stage of its day, or an older one that was announced and holds.
            stage = known if stage is None or known > stage else stage
        found.begun.append((now, stage))
    if invoice.status == "paid" and (not was_paid or open_again or reopened):
        found.paid.append(invoice)


def announce_begun(
    builder: DecisionBuilder,
    now: StageNotice,
    amounts: tuple[ledger.Amounts, ...],
    fact: Fact | None,
) -> None:
    """Announce that an invoice falls due soon, or that a stage has begun."""
    invoice = builder.state.invoices[now.invoice_id]
    account_id = builder.state.account_id
    if now.stage is None:
        soon = ledger.InvoiceDueSoon(
            invoice_id=now.invoice_id,
            account_id=account_id,
            currency=invoice.currency,
            due_on=now.due_on,
            balance_minor=invoice.balance_minor,
            disputed_minor=invoice.disputed_minor,
            amounts=amounts,
        )
        cause = str(now.due_on)
        builder.announce(
            "invoice-due-soon", now.invoice_id, cause, now.at, now.since_on, soon, fact
        )
        return
    overdue = ledger.InvoiceOverdue(
        invoice_id=now.invoice_id,
        account_id=account_id,
        currency=invoice.currency,
        due_on=now.due_on,
        stage=now.stage,
        days_past_due=now.stage,
        since_on=now.since_on,
        balance_minor=now.balance_minor,
        disputed_minor=now.disputed_minor,
        amounts=amounts,
    )
    cause = f"{now.due_on} {now.stage}"
    builder.announce("invoice-overdue", now.invoice_id, cause, now.at, now.since_on, overdue, fact)


def _announce_corrected(
    builder: DecisionBuilder, view: View, invoice: Invoice, past: StageNotice
) -> None:
    assert past.stage is not None
    data = ledger.OverdueCorrected(
        invoice_id=invoice.invoice_id,
        account_id=builder.state.account_id,
        currency=invoice.currency,
        due_on=past.due_on,
        from_stage=past.stage,
        to_stage=invoice.stage,
        since_on=past.since_on,
        because=view.cause,
        amounts=(view.amounts(invoice.currency),),
    )
    cause = f"{past.key}, {view.cause}"
    builder.announce(
        "overdue-corrected",
        invoice.invoice_id,
        cause,
        past.at,
        past.since_on,
        data,
        view.fact_if_any,
    )


def _announce_reopened(
    builder: DecisionBuilder,
    view: View,
    invoice: Invoice,
    stage: Stage | None,
    when: tuple[datetime, date],
    because: str,
) -> None:
    at, day = when
    data = ledger.InvoiceReopened(
        invoice_id=invoice.invoice_id,
        account_id=builder.state.account_id,
        currency=invoice.currency,
        due_on=invoice.due_on,
        stage=stage,
        days_past_due=max(0, (day - invoice.due_on).days),
        balance_minor=invoice.balance_minor,
        because=because,
        amounts=(view.amounts(invoice.currency),),
    )
    # The reversal that opened it may be another fact than the one that shows it.
    cause = because if because == view.cause else f"{because}, {view.cause}"
    builder.announce("invoice-reopened", invoice.invoice_id, cause, at, day, data, view.fact_if_any)


def announce_paid(
    builder: DecisionBuilder, view: View, invoices: Iterable[Invoice]
) -> Slices[None]:
    """Announce that invoices are paid."""
    for number, invoice in enumerate(invoices, start=1):
        _announce_paid(builder, view, invoice)
        if not number % SLICE_ENTRIES:
            yield


def _announce_paid(builder: DecisionBuilder, view: View, invoice: Invoice) -> None:
    day = local_day(invoice.paid_at, view.state.zone)
    data = ledger.InvoicePaid(
        invoice_id=invoice.invoice_id,
        account_id=builder.state.account_id,
        currency=invoice.currency,
        amount_minor=invoice.amount_minor,
        due_on=invoice.due_on,
        days_late=max(0, (day - invoice.due_on).days),
        amounts=(view.amounts(invoice.currency),),
    )
    builder.announce(
        "invoice-paid", invoice.invoice_id, view.cause, invoice.paid_at, day, data, view.fact_if_any
    )
