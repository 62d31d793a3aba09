"""What may be answered, folded from events."""

from datetime import date
from typing import Any

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
