"""The live check: what of a contact stands."""

from datetime import date, timedelta

import pytest

from services.outreach.dunning.domain.live_check import CheckedAccount, CollectableAnswer, still_due
from tests.unit.outreach.builders import (
    STRATEGIES,
    a_check,
    an_item,
    at,
    checked_invoice,
)


def verdict(account: CheckedAccount, *steps: str) -> tuple[bool, str]:
    found = still_due(
        [an_item(step) for step in steps or ("reminder",)], {"C1": account}, STRATEGIES
    )
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
        (a_check(checked_invoice(), holds=({"kind": "bankruptcy"},)), "hold"),
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
    assert still_due(items, {"C1": account}, STRATEGIES).items == tuple(items)


def test_only_the_paid_invoice_falls_out() -> None:
    items = [an_item("reminder", "I1"), an_item("firm-notice", "I2")]
    found = still_due(items, {"C1": a_check(checked_invoice("I1"))}, STRATEGIES)
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
