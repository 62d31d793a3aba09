"""The live check: what of a contact stands."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from services.outreach.dunning.domain.live_check import (
    CheckedAccount,
    CheckedCharge,
    CheckedStop,
    CollectableAnswer,
    still_due,
)
from tests.unit.outreach.builders import (
    a_check,
    an_item,
    at,
    checked_invoice,
)


def _stop(kind: str, invoice_id: str = "I1", **more: Any) -> CheckedStop:
    return CheckedStop(kind, "X1", invoice_ids=(invoice_id,), **more)


def verdict(account: CheckedAccount, *steps: str) -> tuple[bool, str]:
    found = still_due([an_item(step) for step in steps or ("reminder",)], {"C1": account})
    return bool(found.items), found.because


@pytest.mark.parametrize(
    ("account", "because"),
    [
        (a_check(), "paid"),
        (a_check(checked_invoice(balance_minor=0)), "paid"),
        (a_check(checked_invoice(disputed_minor=10_000)), "disputed"),
        (a_check(checked_invoice(due_on=date(2026, 4, 1))), "corrected"),
        (a_check(checked_invoice(stage=None)), "corrected"),
        (a_check(checked_invoice(), collectable_minor=0), "paid"),
        (a_check(checked_invoice(), unapplied_minor=10_000), "paid"),
        (a_check(checked_invoice(), stops=(CheckedStop("hold", hold_kind="manual"),)), "hold"),
        (a_check(checked_invoice(), stops=(_stop("promise"),)), "promise"),
        (a_check(checked_invoice(), stops=(_stop("plan"),)), "plan"),
        (a_check(checked_invoice(), stops=(_stop("settlement"),)), "settlement"),
        (a_check(checked_invoice(), stops=(_stop("disputed"),)), "disputed"),
        (a_check(checked_invoice(), stops=(_stop("placed"),)), "placed"),
        (a_check(stops=(_stop("written-off"),)), "written-off"),
        (a_check(checked_invoice(), stops=(_stop("of-the-future"),)), "hold"),
        (a_check(checked_invoice(), stops=(CheckedStop("promise", currency="EUR"),)), "promise"),
        (a_check(checked_invoice(), stops=(_stop("hold", "I9", hold_kind="deceased"),)), "hold"),
        (a_check(checked_invoice(), stops=(_stop("hold"), _stop("promise"))), "promise"),
        (a_check(checked_invoice(taken_by="plan L1")), "plan"),
        (a_check(checked_invoice(taken_by="placement G1")), "placed"),
    ],
)
def test_an_overdue_step_falls(account: CheckedAccount, because: str) -> None:
    assert verdict(account) == (False, because)


@pytest.mark.parametrize(
    "account",
    [
        a_check(checked_invoice()),
        a_check(checked_invoice(), unapplied_minor=9_999),
        a_check(checked_invoice(disputed_minor=9_999)),
        a_check(checked_invoice(), stops=(_stop("hold", "I9", hold_kind="complaint"),)),
        a_check(checked_invoice(), stops=(CheckedStop("promise", currency="USD"),)),
        a_check(
            checked_invoice(),
            checked_invoice("I2"),
            stops=(_stop("promise", "I2"),),
            unapplied_minor=9_999,
        ),
    ],
)
def test_one_cent_that_is_collectable_lets_it_stand(account: CheckedAccount) -> None:
    assert verdict(account)[0]


@pytest.mark.parametrize(("unapplied", "stands"), [(9_999, True), (10_000, False)])
def test_a_reminder_asks_for_balance_less_disputed_less_unapplied(
    unapplied: int, stands: bool
) -> None:
    account = a_check(checked_invoice(stage=None), unapplied_minor=unapplied)
    assert verdict(account, "upcoming")[0] is stands


def test_a_reminder_whose_invoice_is_overdue_by_now_is_superseded() -> None:
    assert verdict(a_check(checked_invoice()), "upcoming") == (False, "superseded")


def test_the_reminders_of_an_account_stand_or_fall_by_their_sum() -> None:
    account = a_check(
        checked_invoice("I1", stage=None), checked_invoice("I2", stage=None), unapplied_minor=15_000
    )
    items = [an_item("upcoming", "I1"), an_item("upcoming", "I2")]
    assert still_due(items, {"C1": account}).items == tuple(items)


def test_only_the_paid_invoice_falls_out() -> None:
    items = [an_item("reminder", "I1"), an_item("firm-notice", "I2")]
    found = still_due(items, {"C1": a_check(checked_invoice("I1"))})
    assert found.items == (items[0],)
    assert found.refused == {items[1]: "paid"}


@pytest.mark.parametrize(
    ("seconds", "behind"), [(0, False), (30, False), (30.001, True), (3600, True)]
)
def test_a_ledger_more_than_thirty_seconds_behind_is_not_believed(
    seconds: float, behind: bool
) -> None:
    now = at("2026-03-03 09:00")
    answer = CollectableAnswer((), now - timedelta(seconds=seconds))
    assert answer.is_behind(now) is behind


def test_a_ledger_that_never_caught_up_is_not_believed() -> None:
    assert CollectableAnswer((), None).is_behind(at("2026-03-03 09:00"))


def test_money_that_waits_covers_what_is_not_stopped_first() -> None:
    """Of two invoices one is promised: 100 wait, which is all that may be asked for."""
    account = a_check(
        checked_invoice(),
        checked_invoice("I2"),
        stops=(_stop("promise", "I2"),),
        unapplied_minor=10_000,
    )
    assert account.amounts[0].collectable_minor == 10_000
    assert verdict(account) == (False, "paid")


def test_a_message_asks_for_what_it_lists_and_never_for_more_than_is_collectable() -> None:
    fee = CheckedCharge("late-fee:I1:31", "fee", "EUR", 500, 100, "I1")
    loose = CheckedCharge("bounce-fee:R1", "fee", "EUR", 300)
    both = checked_invoice(charges=(fee,)), checked_invoice("I2", balance_minor=2_000)
    whole = a_check(*both, charges=(fee, loose), collectable_minor=12_700)
    assert whole.asked_minor("EUR") == whole.listed_minor("EUR") == 12_700
    in_part = a_check(
        *both, charges=(fee, loose), collectable_minor=12_700, stops=(_stop("promise", "I2"),)
    )
    assert in_part.asked_minor("EUR") == 10_700
    held = a_check(*both, charges=(fee, loose), stops=(CheckedStop("hold", hold_kind="cease"),))
    assert (held.asked_minor("EUR"), held.listed_minor("EUR")) == (0, 0)


def test_the_arrears_of_an_arrangement_are_not_asked_for_with_other_invoices() -> None:
    account = a_check(
        checked_invoice("I1", taken_by="plan L1"),
        checked_invoice("I2", balance_minor=4_000),
        collectable_minor=3_334 + 4_000,
        stops=(_stop("plan"),),
    )
    assert account.asked_minor("EUR") == 4_000


def test_the_answer_of_the_contract_is_read_whole() -> None:
    answer = msgspec.json.decode(
        b"""{"accounts": [{"account_id": "C1", "sequence": 7,
          "holds": [{"hold_id": "H1", "kind": "complaint", "from_on": "2026-03-01",
                     "until_on": null, "invoice_ids": ["I1"]}],
          "stops": [{"kind": "hold", "hold_kind": "complaint", "id": "H1", "currency": null,
                     "until": null, "invoice_ids": ["I1"]},
                    {"kind": "promise", "id": "R1", "currency": "EUR", "until": "2026-03-19",
                     "invoice_ids": null}],
          "arrangements": [{"kind": "plan", "id": "L1", "state": "active", "arrears_minor": 5,
                            "next_due_on": "2026-04-01", "next_minor": 3333}],
          "amounts": [{"currency": "EUR", "collectable_minor": 1, "overdue_minor": 1,
                       "disputed_minor": 0, "unapplied_minor": 0, "charges_minor": 9}],
          "charges": [{"charge_id": "late-fee:I1:31", "kind": "fee", "currency": "EUR",
                       "balance_minor": 9, "disputed_minor": 0, "invoice_id": "I1"}],
          "disclose": ["late-fee"],
          "invoices": [{"invoice_id": "I1", "number": null, "due_on": "2026-03-02",
                        "currency": "EUR", "balance_minor": 1, "disputed_minor": 0, "stage": 1,
                        "taken_by": "plan L1", "charges": []}]}],
          "intake_caught_up_at": null}""",
        type=CollectableAnswer,
    )
    (account,) = answer.accounts
    assert [stop.because for stop in account.stops] == ["hold", "promise"]
    assert account.disclose == ("late-fee",)
    assert verdict(account) == (False, "promise")
