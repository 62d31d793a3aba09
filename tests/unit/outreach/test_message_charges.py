"""Charges in messages, what is stopped, and texts about charges to come."""

from services.outreach.channels.domain.balance import imbalances
from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.dunning.domain.live_check import CheckedCharge, CheckedStop
from tests.unit.outreach.builders import WORDS, a_check, checked_invoice
from tests.unit.outreach.test_messages import as_email, body, parsed, said


def test_charges_are_named_one_by_one_and_the_parts_are_the_total() -> None:
    fee = CheckedCharge("late-fee:I1:31", "fee", "EUR", 500, 0, "I1")
    interest = CheckedCharge("interest:I1", "interest", "EUR", 123, 0, "I1")
    loose = CheckedCharge("bounce-fee:R1", "fee", "EUR", 300)
    account = a_check(
        checked_invoice(charges=(fee, interest)),
        charges=(fee, interest, loose),
        collectable_minor=10_923,
    )
    found = said(account)
    (line,), (total,) = found.overdue, found.overdue_totals
    assert line.amount_minor == 10_623
    assert line.amount_minor + sum(charge.amount_minor for charge in found.charges) == 10_923
    assert (total.open_minor, total.unapplied_minor, total.asked_minor) == (10_923, 0, 10_923)
    message = parsed(as_email("reminder", found))
    for kind in ("plain", "html"):
        text = body(message, kind)
        for part in ("€106.23", "€5.00", "€1.23", "€3.00", "€109.23"):
            assert part in text
    assert "of this, interest: €1.23" in body(message, "plain")


def test_interest_left_of_a_paid_invoice_has_a_line_of_its_own() -> None:
    """The ledger names it under its invoice, which nobody is asked for any more."""
    interest = CheckedCharge("interest:I0", "interest", "EUR", 3, 0, "I0")
    paid = checked_invoice("I0", balance_minor=0, stage=None, charges=(interest,))
    found = said(a_check(checked_invoice(), paid, collectable_minor=10_003))
    assert [line.subject_id for line in found.overdue] == ["I1"]
    assert [charge.amount_minor for charge in found.charges] == [3]
    (total,) = found.overdue_totals
    assert (total.open_minor, total.asked_minor) == (10_003, 10_003)
    assert imbalances(found, {"EUR": 10_003}) == ()


def test_what_is_stopped_is_neither_listed_nor_asked_for() -> None:
    stop = CheckedStop("promise", "R1", currency="EUR", invoice_ids=("I2",))
    account = a_check(checked_invoice(), checked_invoice("I2"), stops=(stop,))
    found = said(account)
    assert [line.subject_id for line in found.overdue] == ["I1"]
    assert [total.asked_minor for total in found.overdue_totals] == [10_000]


def test_the_texts_of_charges_have_words_in_every_language() -> None:
    ids = WORDS.text_ids(CreditorDetails("Creditor Ltd"))
    assert {"late-fee", "interest", "bounce-fee", "mini-miranda"} <= ids
    assert "postal-address" not in ids  # it is not known of this creditor
    lists = said(a_check(checked_invoice()))
    raw = as_email("reminder", lists, ("late-fee",), language="de-AT")
    assert "Mahngebühr" in body(parsed(raw), "plain")
