"""Amounts of a message add up, or it is not sent (docs/templates.md)."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.balance import imbalances
from services.outreach.channels.domain.message_values import (
    CreditorDetails,
    Line,
    LinePart,
    MessageContent,
    MessageValues,
    Total,
)
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.dunning.domain.live_check import CheckedAccount, CheckedCharge
from services.outreach.dunning.domain.message_content import (
    collectable,
    content,
    content_of_account,
)
from tests.unit.outreach.builders import (
    MONDAY,
    WORDS,
    a_check,
    an_item,
    checked_invoice,
)

_MINOR = st.integers(1, 10**7)


@st.composite
def accounts(draw: st.DrawFn) -> CheckedAccount:
    """Invoices past due and not yet due, some disputed in part, with charges and money on it."""
    invoices, loose, collectable_minor = [], [], 0
    for number in range(draw(st.integers(1, 6))):
        name, balance = f"I{number}", draw(_MINOR)
        disputed = draw(st.integers(0, balance))
        stage = draw(st.sampled_from([None, 1, 31]))
        fees = tuple(
            CheckedCharge(f"late-fee:{name}:{n}", kind, "EUR", minor, 0, name)
            for n, (kind, minor) in enumerate(
                draw(st.lists(st.tuples(st.sampled_from(["fee", "interest"]), _MINOR), max_size=2))
            )
        )
        invoices.append(
            checked_invoice(
                name, balance_minor=balance, disputed_minor=disputed, stage=stage, charges=fees
            )
        )
        if stage is not None and balance > disputed:
            collectable_minor += balance - disputed + sum(fee.balance_minor for fee in fees)
    if draw(st.booleans()) and collectable_minor:
        loose = [CheckedCharge("bounce-fee:P1", "fee", "EUR", draw(_MINOR))]
        collectable_minor += loose[0].balance_minor
    waits = draw(st.integers(0, 10**7))
    return a_check(
        *invoices,
        charges=tuple(loose),
        collectable_minor=max(0, collectable_minor - waits),
        unapplied_minor=waits,
    )


@settings(max_examples=100)
@given(accounts())
def test_what_the_ledger_says_makes_a_message_that_balances(account: CheckedAccount) -> None:
    items = [
        an_item("upcoming" if invoice.stage is None else "reminder", invoice.invoice_id)
        for invoice in account.invoices
        if invoice.owed_minor > 0
    ]
    late = any(item.step == "reminder" for item in items)
    early = sum(i.owed_minor for i in account.invoices if i.stage is None and i.owed_minor > 0)
    waits = account.amounts[0].unapplied_minor
    if early and early <= waits and not late:
        return  # nothing of it is asked for: the live check lets no such item through
    lists = content(items, {"C1": account})
    if early <= waits:
        lists = replace(lists, upcoming=(), upcoming_totals=())
    asked = collectable(items, {"C1": account})
    if asked or not late:
        assert imbalances(lists, asked) == ()
    assert imbalances(content_of_account(account)) == ()


@settings(max_examples=60)
@given(accounts(), st.integers(1, 1_000), st.sampled_from(["line", "part", "total", "asked"]))
def test_any_amount_that_is_off_is_found(account: CheckedAccount, off: int, where: str) -> None:
    lists = content_of_account(account)
    if not lists.overdue:
        return
    (line, *lines), (total,) = lists.overdue, lists.overdue_totals
    match where:
        case "line":
            broken = replace(line, amount_minor=line.amount_minor + off)
            lists = replace(lists, overdue=(broken, *lines))
        case "part":
            part = replace(line.parts[0], amount_minor=line.parts[0].amount_minor - off)
            broken = replace(line, parts=(part, *line.parts[1:]))
            lists = replace(lists, overdue=(broken, *lines))
        case "total":
            more = replace(total, open_minor=total.open_minor + off)
            lists = replace(lists, overdue_totals=(more,))
        case _:
            asked = {total.currency: total.asked_minor + off}
            assert imbalances(lists, asked)
            return
    assert imbalances(lists)
    values = MessageValues("Ada", CreditorDetails("Creditor Ltd"), lists)
    with pytest.raises(NotWritten) as caught:
        WORDS.render(WORDS.in_force.templates["reminder"], "email", ("en",), values)
    assert caught.value.reason == "message-not-balanced"


def test_currencies_are_looked_at_one_by_one() -> None:
    line = Line("C1", "I1", "1", MONDAY, "EUR", 100, (LinePart("principal", "USD", 100),))
    total = Total("EUR", 100, 0, 100)
    assert imbalances(MessageContent((line,), (total,)))
    bare = replace(line, parts=())
    assert imbalances(MessageContent((bare,), (total,))) == ()
    assert imbalances(MessageContent((bare,), (total, total)))
    assert imbalances(MessageContent((bare,), ()))
    assert imbalances(MessageContent((bare,), (total,)), {"EUR": 100, "USD": 1})


def test_money_on_account_counts_once() -> None:
    account = a_check(
        checked_invoice("I1", balance_minor=10_000),
        checked_invoice("I2", balance_minor=5_000, stage=None),
        collectable_minor=7_000,
        unapplied_minor=3_000,
    )
    items = [an_item("reminder", "I1"), an_item("upcoming", "I2")]
    lists = content(items, {"C1": account})
    asked: Counter[str] = Counter()
    for total in (*lists.overdue_totals, *lists.upcoming_totals):
        asked[total.currency] += total.asked_minor
    assert asked == {"EUR": 12_000}
