"""What became of an invoice, from billing facts alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from deploy.backtest.invoices import FileFact, invoices_of
from services.segmentation.learning.cases import InvoiceFacts
from shared.events import billing

DAY = date(2026, 1, 1)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)


def on(day: int) -> date:
    return DAY + timedelta(days=day)


def issued(invoice_id: str, minor: int, day: int = 0, due: int = 30, **extra: Any) -> FileFact:
    data = billing.InvoiceIssued(
        invoice_id=invoice_id, account_id="a", currency="EUR", amount_minor=minor,
        issued_on=on(day), due_on=on(due),
    )  # fmt: skip
    return FileFact(extra.get("time", at(day)), data)


def paid(payment_id: str, minor: int, day: int, **aimed: int) -> FileFact:
    targets = tuple(
        billing.Target(invoice_id=name, amount_minor=part) for name, part in aimed.items()
    )
    data = billing.PaymentReceived(
        payment_id=payment_id, account_id="a", currency="EUR", amount_minor=minor,
        received_at=at(day), allocations=targets,
    )  # fmt: skip
    return FileFact(at(day), data)


def reversed_(payment_id: str, day: int, minor: int | None = None) -> FileFact:
    data = billing.PaymentReversed(
        reversal_id=f"r{day}", payment_id=payment_id, account_id="a", currency="EUR",
        reversed_at=at(day), amount_minor=minor,
    )  # fmt: skip
    return FileFact(at(day), data)


def credited(note_id: str, minor: int, day: int, invoice_id: str | None = None) -> FileFact:
    data = billing.CreditNoteIssued(
        credit_note_id=note_id, account_id="a", currency="EUR", amount_minor=minor,
        issued_on=on(day), invoice_id=invoice_id,
    )  # fmt: skip
    return FileFact(at(day), data)


def settled(*facts: FileFact) -> dict[str, date | None]:
    return {fact.invoice_id: fact.settled_on for fact in invoices_of(facts)}


def one(*facts: FileFact) -> InvoiceFacts:
    (found,) = invoices_of(facts)
    return found


def test_it_is_settled_by_its_last_part() -> None:
    parts = [paid("p1", 40, 5, i=40), paid("p2", 60, 35, i=60)]
    fact = one(issued("i", 100), *parts)
    assert fact.settled_on == on(35)
    assert fact.is_late


def test_the_order_of_arrival_does_not_matter() -> None:
    facts = [issued("i", 100), paid("p1", 40, 5, i=40), paid("p2", 60, 35)]
    assert invoices_of(facts) == invoices_of(facts[::-1])


def test_money_without_an_aim_goes_to_what_is_due_first() -> None:
    assert settled(issued("b", 50, due=20), issued("a", 50, due=40), paid("p", 60, 3)) == {
        "a": None,
        "b": on(3),
    }


def test_money_that_came_first_serves_an_invoice_from_its_own_day() -> None:
    assert settled(paid("p", 100, 1), issued("i", 100, day=9)) == {"i": on(9)}


def test_what_is_aimed_waits_for_its_invoice() -> None:
    facts = [paid("p", 100, 1, later=100), issued("now", 100), issued("later", 100, day=9)]
    assert settled(*facts) == {"now": None, "later": on(9)}


def test_money_taken_back_opens_it_again_and_the_due_day_remembers() -> None:
    fact = one(issued("i", 100), paid("p", 100, 10), reversed_("p", 40), paid("q", 100, 60))
    assert fact.settled_on == on(60)
    assert not fact.is_late  # at the end of its due day it was zero


def test_a_reversal_of_all_that_is_left_takes_the_latest_due_first() -> None:
    facts = [issued("a", 50, due=20), issued("b", 50, due=40), paid("p", 100, 3)]
    assert settled(*facts, reversed_("p", 5, 50)) == {"a": on(3), "b": None}


def test_a_credit_note_lowers_its_invoice_and_frees_what_no_longer_fits() -> None:
    facts = [issued("i", 100), issued("j", 30, due=40), paid("p", 100, 3, i=100)]
    assert settled(*facts, credited("c", 30, 7, "i")) == {"i": on(3), "j": on(7)}


def test_a_credit_note_without_an_aim_serves_like_money() -> None:
    assert settled(issued("i", 100), credited("c", 100, 7)) == {"i": on(7)}


def test_a_credit_note_waits_for_its_invoice() -> None:
    assert settled(credited("c", 100, 1, "i"), issued("i", 100, day=4)) == {"i": on(4)}


def test_a_void_invoice_is_left_out_and_its_money_serves_others() -> None:
    void = FileFact(at(9), billing.InvoiceVoided(invoice_id="i", account_id="a"))
    facts = [issued("i", 100), issued("j", 100, due=40), paid("p", 100, 3, i=100), void]
    assert settled(*facts) == {"j": on(9)}


def test_undisputed_parts_are_served_before_disputed_ones() -> None:
    opened = billing.DisputeOpened(dispute_id="d", account_id="a", invoice_id="i")
    facts = [issued("i", 100), issued("j", 100, due=40), FileFact(at(1), opened), paid("p", 100, 3)]
    assert settled(*facts) == {"i": None, "j": on(3)}


def test_what_a_resolved_dispute_credits_counts() -> None:
    opened = billing.DisputeOpened(dispute_id="d", account_id="a", invoice_id="i")
    resolved = billing.DisputeResolved(
        dispute_id="d", account_id="a", invoice_id="i", outcome="partly", credited_minor=40
    )
    facts = [issued("i", 100), FileFact(at(1), opened), paid("p", 60, 3), FileFact(at(6), resolved)]
    assert settled(*facts) == {"i": on(6)}


def test_an_amended_due_day_holds_for_the_whole_history() -> None:
    amended = billing.InvoiceAmended(invoice_id="i", account_id="a", due_on=on(90))
    fact = one(issued("i", 100), paid("p", 100, 50), FileFact(at(70), amended))
    assert (fact.due_on, fact.is_late) == (on(90), False)


def test_days_are_those_of_the_account() -> None:
    record = billing.AccountRegistered(
        account_id="a", name="A", kind="business", timezone="Pacific/Auckland"
    )
    fact = one(FileFact(at(0), record), issued("i", 100, time=at(0, hour=12)), paid("p", 100, 30))
    assert (fact.decided_on, fact.settled_on, fact.kind) == (on(1), on(31), "business")
    assert fact.is_late


def test_currencies_do_not_mix() -> None:
    dollars = billing.PaymentReceived(
        payment_id="p", account_id="a", currency="USD", amount_minor=100, received_at=at(3)
    )
    assert settled(issued("i", 100), FileFact(at(3), dollars)) == {"i": None}


@pytest.mark.parametrize("count", [2_000])
def test_an_account_with_many_invoices_is_no_trouble(count: int) -> None:
    facts = [issued(f"i{n}", 10, day=n % 300, due=n % 300 + 30) for n in range(count)]
    facts += [paid(f"p{n}", 10, n % 300 + 9, **{f"i{n}": 10}) for n in range(count)]
    assert all(day is not None for day in settled(*facts).values())
