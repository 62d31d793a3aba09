"""What is believed follows the last word of each thing, in whatever order facts arrived."""

from datetime import date
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from services.ledger.domain import Fact
from services.segmentation.domain.account import Account
from services.segmentation.domain.encoding import decode_account, encode_account
from services.segmentation.domain.fold import fold
from shared.events import Received, ledger
from tests.unit.ledger.announced import ACCOUNT, tell
from tests.unit.ledger.ledger_factories import (
    credited,
    disputed,
    invoice,
    paid,
    registered,
    resolved,
    reversed_,
    updated,
)
from tests.unit.ledger.test_convergence import some_facts

LAST = date(2026, 7, 1)
_MONEY = ("payment-received", "payment-reversed", "payment-failed", "credit-note-issued")


def folded(events: list[Received]) -> Account:
    account = Account()
    for event in events:
        fold(account, ACCOUNT, event)
    return decode_account(encode_account(account))


def beliefs(account: Account) -> dict[str, Any]:
    """All but the days of the events themselves, and stages of what is not open any more."""
    found = structs.asdict(account)
    for name in ("latest_on", "known_at", "commitments"):
        found.pop(name)
    found["owed"] = {
        code: (owed.balance_minor, owed.disputed_minor, owed.unapplied_minor)
        for code, owed in account.owed.items()
    }
    found["invoices"] = {
        key: {
            **{name: getattr(known, name) for name in ("currency", "amount_minor", "is_void")},
            "due_on": known.due_on,
            "money": {source: sorted(puts, key=repr) for source, puts in known.money.items()},
            "stage": known.stage if known.counts and known.open_minor > 0 else None,
        }
        for key, known in account.invoices.items()
    }
    found["sources"] = {key: known for key, known in account.sources.items() if known}
    found["cash"] = {
        code: cash for code, cash in account.cash.items() if any(structs.astuple(cash))
    }
    return {key: value for key, value in found.items() if value}


@settings(max_examples=60)
@given(some_facts, st.data())
def test_any_order_of_arrival_ends_in_the_same_beliefs(facts: list[Fact], data: Any) -> None:
    facts = [registered(), *facts]
    one = folded(tell(facts, last=LAST)[1])
    other = folded(tell(data.draw(st.permutations(facts)), last=LAST)[1])
    assert beliefs(one) == beliefs(other)


@settings(max_examples=40)
@given(some_facts, st.integers(1, 9))
def test_said_again_with_another_amount_the_last_word_counts(
    facts: list[Fact], amount_minor: int
) -> None:
    events = tell([registered(), *facts], last=LAST)[1]
    for index, event in enumerate(events):
        if event.type not in _MONEY:
            continue
        data = structs.replace(event.decode(), amount_minor=amount_minor)
        otherwise = structs.replace(event, data=msgspec.json.encode(data))
        before = [*events[:index], otherwise, *events[index + 1 :]]
        again = [*events[:index], otherwise, *events[index:]]
        assert beliefs(folded(again)) == beliefs(folded(events))
        assert beliefs(folded([*before[: index + 1], *before[index:]])) == beliefs(folded(before))


def test_a_reversal_that_takes_less_now_is_one_and_not_two() -> None:
    owed, money = invoice(amount_minor=100), paid("P1", 100, "2026-03-02T10:00Z")
    first = reversed_("R2", "P1", "2026-03-10T10:00Z")
    late = reversed_("R1", "P1", "2026-03-05T10:00Z", 30)
    account = folded(tell([registered(), owed, money, first, late])[1])
    assert len(account.bounced_on) == 2
    assert account.cash["EUR"].bounced_minor == 100
    same = folded(tell([registered(), owed, money, late, first])[1])
    assert beliefs(account) == beliefs(same)


def test_a_note_that_replaces_a_disputes_own_takes_its_place_on_the_invoice() -> None:
    facts = [
        registered(),
        invoice(amount_minor=100),
        disputed("D1", "I1", "2026-03-05T10:00Z"),
        resolved("D1", "I1", "2026-03-08T10:00Z", 40, "partly"),
        credited("K1", 40, "2026-03-09", "I1", "D1"),
    ]
    account = folded(tell(facts)[1])
    assert account.invoices["I1"].open_minor == 60
    assert account.sources == {"credit_note:K1": ("I1",)}


def test_days_of_payments_follow_the_zone_that_holds() -> None:
    facts = [
        registered("Europe/Berlin"),
        invoice(amount_minor=100),
        paid("P1", 100, "2026-03-02T23:30Z"),
        reversed_("R1", "P1", "2026-03-05T23:30Z"),
        updated("America/New_York", "2026-03-20T10:00Z"),
    ]
    late, early = folded(tell(facts)[1]), folded(tell([facts[0], facts[4], *facts[1:4]])[1])
    assert late.bounced_on == early.bounced_on == [date(2026, 3, 5)]
    assert late.last_payment_on == early.last_payment_on == date(2026, 3, 2)


def test_a_source_that_stands_nowhere_any_more_is_forgotten() -> None:
    put = ledger.Allocation("P1", "I1", 0, registered().recordedtime, LAST, 0)
    moved = ledger.AllocationChanged(
        account_id=ACCOUNT, because="payment P0", allocations=(put,), amounts=()
    )
    events = tell([registered(), invoice(amount_minor=100), paid("P1", 50, "2026-03-02")])[1]
    moved_event = structs.replace(events[-1], type="allocation-changed")
    moved_event = structs.replace(moved_event, data=msgspec.json.encode(moved), sequence=99)
    account = folded([*events, moved_event])
    assert account.invoices["I1"].open_minor == 100
    assert account.sources == {}
