"""What may be answered, folded from events."""

from datetime import date
from typing import Any

from services.outreach.debtors.domain.account_money import (
    AccountMoney,
    CurrencyAmounts,
    with_amounts,
)
from services.outreach.debtors.domain.occasions import OCCASION_FOLDS, Occasion
from shared.events import Received, ledger
from tests.unit.outreach.test_stops import JUDGED, made, rejudged, said


def after(*events: Received) -> dict[tuple[str, str], Occasion]:
    found: dict[tuple[str, str], Occasion] = {}
    for event in events:
        OCCASION_FOLDS[event.type](found, event, event.decode())
    return found


def standing(*events: Received) -> dict[str, date]:
    return {key[0]: each.anchor_on for key, each in after(*events).items() if each.stands}


def broken(on: int) -> Received:
    return said(ledger.PromiseBroken(**JUDGED), date(2026, 3, on))


def test_a_promise_is_answered_as_it_was_judged_last() -> None:
    due_on = date(2026, 3, 9)
    opened: dict[str, Any] = {"promise-made": date(2026, 3, 3), "promise-due": due_on}
    assert standing(made()) == opened
    assert standing(made(), broken(12)) == {"promise-broken": date(2026, 3, 12)}
    kept = [made(), broken(12), rejudged("kept", 14)]
    assert standing(*kept) == {"promise-kept": date(2026, 3, 14)}
    assert standing(*kept, rejudged("open", 15)) == opened  # as if it had never ended
    again = standing(*kept, rejudged("broken", 16))
    assert again == {"promise-broken": date(2026, 3, 16)}  # the day of the last judgement


def test_a_payment_that_failed_and_comes_after_all_is_not_answered() -> None:
    at = said(made().decode()).time
    failed = ledger.PaymentFailed(
        payment_id="P1", account_id="C1", currency="EUR", amount_minor=100, failed_at=at
    )
    came = ledger.PaymentReceived(
        payment_id="P1", account_id="C1", currency="EUR", amount_minor=100, received_at=at,
        allocations=(), amounts=(),
    )  # fmt: skip
    assert list(standing(said(failed))) == ["payment-failed"]
    assert standing(said(failed), said(came)) == {}


# ------------------------------------------------------------------ what messages name of it

OF: dict[str, Any] = {"account_id": "C1", "currency": "EUR", "invoice_ids": ("I1",)}


def figures(*events: Received) -> dict[str, tuple[int | None, date | None]]:
    """Of what stands: the amount, and until when it is to be paid."""
    found = after(*events)
    return {key[0]: (o.amount_minor, o.due_on) for key, o in found.items() if o.stands}


def test_a_promise_has_its_amount_and_its_day() -> None:
    terms = (10_000, date(2026, 3, 9))
    assert figures(made()) == {"promise-made": terms, "promise-due": terms}
    assert figures(made(), broken(12)) == {"promise-broken": terms}
    assert figures(made(), broken(12), rejudged("kept", 14)) == {"promise-kept": terms}


def agreed() -> Received:
    parts = tuple(
        ledger.Instalment(n, date(2026, 3 + n, 1), date(2026, 3 + n, 4), 4_000) for n in (1, 2)
    )
    data = ledger.PlanAgreed(
        **OF, plan_id="L1", kind="equal", total_minor=8_000, instalments=parts,
        freeze=ledger.Freeze(fees=True, interest=True),
    )  # fmt: skip
    return said(data, date(2026, 3, 10))


def test_of_a_missed_instalment_what_is_missing_is_named_by_its_own_day() -> None:
    first = (4_000, date(2026, 4, 1))
    assert figures(agreed())["plan-agreed"] == (8_000, None)
    of: dict[str, Any] = {**OF, "plan_id": "L1", "n": 1, "due_on": date(2026, 4, 1)}
    soon = said(ledger.InstalmentDueSoon(**of, amount_minor=4_000), date(2026, 3, 25))
    assert after(agreed(), soon)["instalment-due", "L1/1"].amount_minor == first[0]
    missed = ledger.InstalmentMissed(**of, amount_minor=4_000, short_minor=1_500, missed_count=1)
    found = figures(agreed(), soon, said(missed, date(2026, 4, 5)))
    assert found["instalment-missed"] == (1_500, date(2026, 4, 1))
    ended = ledger.PlanDefaulted(
        **OF, plan_id="L1", because="missed", paid_minor=2_500, arrears_minor=5_500
    )
    assert figures(agreed(), said(ended, date(2026, 4, 9)))["plan-defaulted"] == (5_500, None)


def test_an_offer_has_its_last_day_and_what_was_owed() -> None:
    terms: dict[str, Any] = {
        **OF, "settlement_id": "T1", "kind": "offer", "base_minor": 9_000, "amount_minor": 6_000,
        "conceded_minor": 3_000,
        "instalments": (ledger.Instalment(1, date(2026, 5, 1), date(2026, 5, 4), 6_000),),
    }  # fmt: skip
    offer = said(ledger.SettlementOffered(**terms, valid_until_on=date(2026, 4, 1)))
    (found,) = after(offer).values()
    assert (found.amount_minor, found.base_minor, found.due_on) == (6_000, 9_000, date(2026, 4, 1))
    taken = said(ledger.SettlementAccepted(**terms, how="debtor"))
    assert figures(offer, taken) == {"settlement-due": (6_000, date(2026, 5, 1))}


def test_how_a_dispute_ended_and_what_was_credited() -> None:
    of: dict[str, Any] = {"dispute_id": "D1", "account_id": "C1", "invoice_id": "I1"}
    opened = said(ledger.DisputeOpened(**of, currency="EUR", amount_minor=7_000))
    ends = {
        outcome: said(ledger.DisputeResolved(**of, outcome=outcome, credited_minor=credited))  # type: ignore[arg-type]
        for outcome, credited in (("upheld", 7_000), ("partly", 2_000), ("rejected", None))
    }
    found = {name: after(opened, end)["dispute-resolved", "D1"] for name, end in ends.items()}
    assert {each.currency for each in found.values()} == {"EUR"}
    assert {name: (each.outcome, each.amount_minor) for name, each in found.items()} == {
        "upheld": ("upheld", 7_000), "partly": ("partly", 2_000), "rejected": ("rejected", 7_000),
    }  # fmt: skip


def test_who_has_paid_all_is_thanked_for_the_payment_that_did_it() -> None:
    at = said(made().decode()).time
    came = ledger.PaymentReceived(
        payment_id="P1", account_id="C1", currency="EUR", amount_minor=2_500, received_at=at,
        allocations=(), amounts=(),
    )  # fmt: skip
    owing = AccountMoney({"EUR": CurrencyAmounts(2_500, 2_500, 2_500)}, date(2026, 3, 3))
    nothing = (ledger.Amounts("EUR", 0, 0, 0, 0, 0, 0, None, 0),)
    day = date(2026, 3, 10)
    _, paid = with_amounts(owing, "C1", nothing, day, came)
    assert paid is not None
    assert (paid.amount_minor, paid.currency, paid.anchor_on) == (2_500, "EUR", day)
    _, otherwise = with_amounts(owing, "C1", nothing, day)  # a credit note, a write-off
    assert otherwise is not None
    assert otherwise.amount_minor is None
