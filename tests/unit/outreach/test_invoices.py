"""What outreach knows of an invoice, folded from the ledger's events."""

from datetime import date

import pytest

from services.outreach.debtors.domain import invoices
from services.outreach.debtors.domain.invoices import Resume
from shared.events import ledger
from tests.unit.outreach.builders import MONDAY, an_invoice

DAY = date(2026, 4, 20)


def reopened(stage: ledger.Stage | None = 31, due_on: date = MONDAY) -> ledger.InvoiceReopened:
    return ledger.InvoiceReopened(
        invoice_id="I1", account_id="C1", currency="EUR", due_on=due_on, stage=stage,
        days_past_due=0, balance_minor=4000, because="reversal R1", amounts=(),
    )  # fmt: skip


def opened(amount_minor: int | None) -> ledger.DisputeOpened:
    return ledger.DisputeOpened(
        dispute_id="D1", account_id="C1", invoice_id="I1", currency="EUR",
        amount_minor=amount_minor,
    )  # fmt: skip


def resolved() -> ledger.DisputeResolved:
    return ledger.DisputeResolved(
        dispute_id="D1", account_id="C1", invoice_id="I1", outcome="rejected",
    )  # fmt: skip


def corrected(due_on: date, to_stage: ledger.Stage | None) -> ledger.OverdueCorrected:
    return ledger.OverdueCorrected(
        invoice_id="I1", account_id="C1", currency="EUR", due_on=due_on, from_stage=31,
        to_stage=to_stage, since_on=DAY, because="payment P1", amounts=(),
    )  # fmt: skip


def test_a_new_due_day_starts_anew() -> None:
    data = ledger.InvoiceAmended(invoice_id="I1", account_id="C1", due_on=DAY)
    after = invoices.amended(
        an_invoice(anchor_on=MONDAY, resumes=(Resume(MONDAY, "reopened"),)), data
    )
    assert (after.due_on, after.stage, after.anchor_on, after.resumes) == (DAY, None, None, ())


def test_an_amendment_without_a_new_due_day_changes_nothing() -> None:
    data = ledger.InvoiceAmended(invoice_id="I1", account_id="C1", number="N2")
    assert invoices.amended(an_invoice(), data) == an_invoice()


@pytest.mark.parametrize(("due_on", "stage"), [(MONDAY, None), (DAY, 1)])
def test_a_correction_counts_for_its_own_due_day_only(due_on: date, stage: int | None) -> None:
    assert invoices.corrected(an_invoice(), corrected(due_on, None)).stage == stage


def test_reopened_goes_on_from_that_day() -> None:
    after = invoices.reopened(invoices.paid(an_invoice()), reopened(), DAY)
    assert (after.state, after.stage) == ("open", 31)
    assert after.resumes == (Resume(DAY, "reopened"),)


@pytest.mark.parametrize(
    ("amount_minor", "held"),
    [(None, True), (10_001, True), (10_000, True), (9_999, False)],
)
def test_a_dispute_holds_the_invoice_when_nothing_is_left_to_ask_for(
    amount_minor: int | None, held: bool
) -> None:
    after = invoices.dispute_opened(an_invoice(), opened(amount_minor))
    assert after.is_disputed is held


def test_a_resolved_dispute_lets_the_ladder_go_on() -> None:
    held = invoices.dispute_opened(an_invoice(), opened(None))
    after = invoices.resumed(held, invoices.dispute_resolved(held, resolved()), DAY)
    assert not after.is_disputed
    assert after.resumes == (Resume(DAY, "disputed"),)


def test_a_resolved_partial_dispute_did_not_hold_the_ladder() -> None:
    partly = invoices.dispute_opened(an_invoice(), opened(100))
    after = invoices.resumed(partly, invoices.dispute_resolved(partly, resolved()), DAY)
    assert after.resumes == ()
