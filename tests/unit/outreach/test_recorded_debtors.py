"""Dry runs back: recorded facts come again, each from the instant on at which it was known."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from services.outreach.dunning.domain.recorded_debtors import RecordedDebtor, in_order
from services.outreach.dunning.domain.strategy_trial import StrategyTrial, TrialCounts
from shared.events import LEDGER, Received, ledger
from tests.unit.outreach.planning_world import BERLIN, local
from tests.unit.outreach.test_strategy_trial import RETAIL, CountingPost, terms

DUE = date(2027, 3, 2)


def event(type_: str, day: str, data: Struct, *, known: str | None = None) -> Received:
    """Something that happened on a day, and was known then, at 06:00, or later."""
    at = local(f"{day} 06:00")
    return Received(
        topic=LEDGER, tenant="demo", key="C1", type=type_, id="", source="", sequence=0, time=at,
        day=date.fromisoformat(day), recordedtime=at if known is None else local(known),
        data=msgspec.json.encode(data),
    )  # fmt: skip


def amounts(minor: int) -> tuple[ledger.Amounts, ...]:
    return (
        ledger.Amounts(
            currency="EUR", balance_minor=minor, overdue_minor=minor, disputed_minor=0,
            unapplied_minor=0, unapplied_credit_minor=0, collectable_minor=minor,
            oldest_due_on=None, days_past_due=0,
        ),
    )  # fmt: skip


def issued() -> Received:
    return event("invoice-issued", "2027-02-16", ledger.InvoiceIssued(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=12_000,
        issued_on=date(2027, 2, 16), due_on=DUE, balance_minor=12_000, amounts=(),
    ))  # fmt: skip


def overdue(stage: Any = 1) -> Received:
    since = DUE + timedelta(days=stage)
    return event("invoice-overdue", since.isoformat(), ledger.InvoiceOverdue(
        invoice_id="I1", account_id="C1", currency="EUR", due_on=DUE, stage=stage,
        days_past_due=stage, since_on=since, balance_minor=12_000, disputed_minor=0,
        amounts=amounts(12_000),
    ))  # fmt: skip


def paid(day: str, known: str | None = None) -> Received:
    return event("invoice-paid", day, ledger.InvoicePaid(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=12_000, due_on=DUE,
        days_late=1, amounts=amounts(0),
    ), known=known)  # fmt: skip


def told(*events: Received, from_on: str = "2027-03-01", days: int = 31) -> TrialCounts:
    account = Account("C1", "consumer", BERLIN, RETAIL, is_contacted=True, country="DE")
    facts = DebtorFacts("account/C1", None, date(2027, 1, 1), (account,), (), timezone=BERLIN)
    debtor = RecordedDebtor(facts, CountingPost(), events=in_order(events))
    return StrategyTrial(terms(from_on, days), [debtor]).run()


def days_of(counts: TrialCounts) -> list[str]:
    return [f"{day:%m-%d} {channel}" for day, channel in sorted(counts.contacts)]


ALL = ["03-03 email", "03-08 sms", "03-15 email", "03-22 email"]


def test_what_was_recorded_is_acted_on_day_by_day() -> None:
    """The days of OUT-G2's ladder: nobody pays."""
    assert days_of(told(issued(), overdue())) == ALL


def test_a_payment_ends_it_and_what_was_paid_anyway_is_counted() -> None:
    counts = told(issued(), overdue(), paid("2027-03-10"))
    thanks = "03-10 email"
    assert (days_of(counts), counts.paid_soon) == ([*ALL[:2], thanks], 1)  # that of the 8th


def test_a_fact_counts_from_when_it_was_known() -> None:
    """Paid on the 5th, recorded on the 9th: the text of the 8th left all the same."""
    counts = told(issued(), overdue(), paid("2027-03-05", known="2027-03-09 12:00"))
    assert (days_of(counts), counts.paid_soon) == (ALL[:2], 1)


def test_an_instant_is_exact() -> None:
    """Known at noon: what was due at 09:00 has left, what is due in the evening has not."""
    at_noon = paid("2027-03-08", known="2027-03-08 12:00")
    thanks = "03-08 email"
    assert days_of(told(issued(), overdue(), at_noon)) == [*ALL[:1], thanks]
    at_noon = paid("2027-03-15", known="2027-03-15 12:00")
    assert days_of(told(issued(), overdue(), at_noon))[:3] == ALL[:3]
    assert "03-22 email" not in days_of(told(issued(), overdue(), at_noon))


def test_days_before_the_first_are_known_and_not_told_again() -> None:
    counts = told(issued(), overdue(), from_on="2027-03-10", days=20)
    assert days_of(counts)[0] > "03-09"
    assert told(issued(), overdue(), paid("2027-03-05"), from_on="2027-03-10").contacts == Counter()


def test_an_order_of_coming_in_is_not_that_of_being_known() -> None:
    events = [issued(), overdue(), paid("2027-03-10")]
    assert days_of(told(*reversed(events))) == days_of(told(*events))


def _instants(events: Sequence[Received]) -> list[datetime]:
    return [each.recordedtime for each in in_order(events)]


def test_those_of_one_instant_stay_as_they_came() -> None:
    same = [replace_id(issued(), "1"), replace_id(issued(), "2")]
    assert [each.id for each in in_order(same)] == ["1", "2"]
    assert _instants([overdue(), issued()]) == sorted(_instants([overdue(), issued()]))


def replace_id(event_: Received, id_: str) -> Received:
    return msgspec.structs.replace(event_, id=id_)
