"""What a message names of what it answers, and where it sends those who want to pay."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.outreach.activity.domain.contacts import DebtorContact, Item
from services.outreach.channels.domain.message_values import Answered, Line, MessageContent
from services.outreach.debtors.domain.invoices import issued
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.dunning.domain.agreed_lines import Agreed, agreed_lines
from services.outreach.dunning.domain.live_check import (
    CheckedArrangement,
    CheckedCharge,
    CheckedStop,
    still_due,
)
from services.outreach.dunning.domain.message_content import content, paid_at
from shared.events import ledger
from tests.unit.outreach.builders import MONDAY, a_check, an_item, at, checked_invoice

DAY = date(2026, 3, 11)


def occasion(reaction: str, subject: Any, subject_id: str, **fields: Any) -> Occasion:
    base = Occasion("C1", reaction, subject, subject_id, DAY, "EUR", amount_minor=4_000)
    return replace(base, **fields)


def answering(each: Occasion, *invoices: str) -> Item:
    return Item(
        account_id="C1", subject_id=each.subject_id, anchor_on=each.anchor_on, strategy="s",
        step="a", words="a", subject=each.subject, reaction=each.reaction, invoices=invoices,
    )  # fmt: skip


def contact(*items: Item) -> DebtorContact:
    return DebtorContact(
        contact_id="K1", debtor_key="account/C1", debtor_id=None, zone="UTC", channel="email",
        strategy="s", strategy_version="1", step="a", tone="friendly", template="a",
        template_version="1", state="intent", due_at=at("2026-03-11 09:00"), items=items,
        covers=(),
    )  # fmt: skip


def named(*occasions: Occasion, invoices: tuple[str, ...] = ("I1",), **checked: Any) -> Agreed:
    """Of a contact that answers the first of them."""
    account = a_check(*(checked_invoice(name) for name in invoices), **checked)
    return agreed_lines(contact(answering(occasions[0], *invoices)), occasions, {"C1": account})


def test_a_promise_of_many_invoices_names_the_first_of_them() -> None:
    many = tuple(f"I{n}" for n in range(1, 6))
    found = named(occasion("promise-due", "promise", "R1", due_on=DAY), invoices=many)
    assert found.promises == (Line("C1", "R1", "N-I1, N-I2, N-I3 +2", DAY, "EUR", 4_000),)


def test_of_an_instalment_only_what_is_left_is_named() -> None:
    due = occasion("instalment-due", "instalment", "L1/2", due_on=DAY)
    left = CheckedArrangement("plan", "L1", "active", DAY, 1_500)
    assert named(due, arrangements=(left,)).instalments[0].amount_minor == 1_500
    other = CheckedArrangement("plan", "L1", "active", date(2026, 4, 11), 1_500)
    assert named(due, arrangements=(other,)).instalments[0].amount_minor == 4_000


def test_a_plan_that_was_agreed_names_its_instalments_by_their_days() -> None:
    parts = [
        occasion("instalment-due", "instalment", f"L1/{n}", due_on=date(2026, month, 1))
        for n, month in ((2, 5), (1, 4))
    ]
    paid = occasion("instalment-due", "instalment", "L1/0", stands=False)
    others = occasion("instalment-due", "instalment", "L2/1")
    found = named(occasion("plan-agreed", "plan", "L1"), *parts, paid, others)
    assert [line.subject_id for line in found.instalments] == ["L1/1", "L1/2"]


def test_a_settlement_says_what_is_left_off() -> None:
    offer = occasion("settlement-offered", "settlement", "T1", base_minor=5_000, due_on=DAY)
    (line,) = named(offer).settlements
    assert [(part.kind, part.amount_minor) for part in line.parts] == [
        ("principal", 5_000),
        ("discount", -1_000),
    ]
    begun = CheckedArrangement("settlement", "T1", "offered", DAY, 1_000)
    (line,) = named(offer, arrangements=(begun,)).settlements
    assert (line.amount_minor, line.parts) == (1_000, ())  # what is still to be paid


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Answered("invoice", "N-I1", DAY, "EUR", 4_000)),
        ({"amount_minor": None}, Answered("invoice", "N-I1", DAY, "EUR", 10_000)),
        ({"invoice_ids": ("I9",)}, Answered("invoice", "I9", DAY, "EUR", 4_000)),
        ({"invoice_ids": ()}, Answered("charge", "", DAY, "EUR", 4_000)),
    ],
)
def test_a_dispute_names_what_it_is_about(fields: dict[str, Any], expected: Answered) -> None:
    each = replace(occasion("dispute-opened", "dispute", "D1", invoice_ids=("I1",)), **fields)
    account = a_check(checked_invoice(disputed_minor=10_000))
    found = agreed_lines(contact(answering(each)), [each], {"C1": account})
    assert found.answers == (expected,)


def test_how_a_dispute_ended_is_said() -> None:
    each = occasion("dispute-resolved", "dispute", "D1", invoice_ids=("I1",), outcome="upheld")
    assert named(each).answers == (Answered("invoice", "N-I1", DAY, "EUR", 4_000, "upheld"),)
    unknown = replace(each, amount_minor=None)  # what was credited is not known
    assert named(unknown).answers[0].amount_minor is None


def test_what_is_not_known_is_not_named() -> None:
    item = answering(occasion("promise-due", "promise", "R1"))
    assert agreed_lines(contact(item), [], {"C1": a_check()}) == Agreed()
    nothing = occasion("promise-due", "promise", "R1", amount_minor=None)
    assert named(nothing) == Agreed()


# ------------------------------------------------------------------ what the ledger has no more


def refusal(each: Occasion, **checked: Any) -> str | None:
    item = answering(each, "I1")
    found = still_due([item], {"C1": a_check(checked_invoice(), **checked)})
    return found.refused.get(item)


def test_a_promise_that_the_ledger_has_no_more_is_not_reminded_of() -> None:
    each = occasion("promise-due", "promise", "R1")
    assert refusal(each) == "superseded"
    assert refusal(each, stops=(CheckedStop("promise", "R1", currency="EUR"),)) is None


@pytest.mark.parametrize(
    ("reaction", "next_on", "arrears", "expected"),
    [
        ("instalment-due", DAY, 0, None),
        ("instalment-due", date(2026, 4, 11), 0, "paid"),
        ("instalment-due", None, 0, "paid"),
        ("instalment-missed", None, 500, None),
        ("instalment-missed", DAY, 0, "paid"),
    ],
)
def test_an_instalment_that_is_paid_is_not_asked_for(
    reaction: str, next_on: date | None, arrears: int, expected: str | None
) -> None:
    each = occasion(reaction, "instalment", "L1/1", due_on=DAY)
    known = CheckedArrangement("plan", "L1", "active", next_on, 4_000, arrears)
    assert refusal(each, arrangements=(known,)) == expected
    assert refusal(each) == "superseded"  # the plan is over


# ------------------------------------------------------------------ where one pays


def listed(*invoices: Any, **checked: Any) -> MessageContent:
    items = [an_item("reminder", invoice.invoice_id) for invoice in invoices]
    return content(items, {"C1": a_check(*invoices, **checked)})


def test_one_invoice_is_paid_where_its_biller_takes_money() -> None:
    urls = {("C1", "I1"): "https://pay.example/1", ("C1", "I2"): "https://pay.example/2"}
    one, two = checked_invoice("I1"), checked_invoice("I2")
    assert paid_at(listed(one), urls) == "https://pay.example/1"
    assert paid_at(listed(one), {}) is None
    assert paid_at(listed(one, two), urls) is None
    fee = CheckedCharge("late-fee:1", "fee", "EUR", 500, invoice_id="I1")
    with_fee = listed(replace_charges(one, fee), collectable_minor=10_500)
    assert paid_at(with_fee, urls) is None  # the biller knows nothing of the fee
    assert paid_at(listed(one, charges=(replace_invoice(fee),)), urls) is None


def replace_charges(invoice: Any, *charges: CheckedCharge) -> Any:
    return checked_invoice(invoice.invoice_id, charges=charges)


def replace_invoice(charge: CheckedCharge) -> CheckedCharge:
    return CheckedCharge(charge.charge_id, charge.kind, "EUR", 500)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://pay.example/i/1?x=1", True),
        ("javascript:alert(1)", False),
        ("https://user@pay.example/", False),
        ("https://pay.example/ two", False),
        (None, False),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_none(url: str | None, kept: bool) -> None:
    data = ledger.InvoiceIssued(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=100, issued_on=MONDAY,
        due_on=MONDAY, payment_url=url, balance_minor=100, amounts=(),
    )  # fmt: skip
    assert issued(data, 0).payment_url == (url if kept else None)
