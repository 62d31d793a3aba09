"""The features one by one, from stories; contacts and what answers them."""

from datetime import date
from decimal import Decimal
from typing import Any

from services.segmentation.domain.account import Account, Cash, Owed
from services.segmentation.domain.contacts import Response
from services.segmentation.domain.features import engagement, features_of
from services.segmentation.domain.recovery import Rate, convert, recoveries
from shared.events import OUTREACH, ledger, outreach
from tests.unit.segmentation.builders import ACCOUNT, Story, an_allocation, at, day, owed_now


def settled(lates: list[int], minors: list[int] | None = None) -> Story:
    story = Story().registered()
    for number, late in enumerate(lates):
        minor = minors[number] if minors else 10_000
        story.issued(f"I{number}", number * 30, due=number * 30 + 10, minor=minor)
        story.paid(f"P{number}", number * 30 + 10 + late, {f"I{number}": minor})
    return story


def test_delays_are_told_by_mean_by_amount_and_by_the_last() -> None:
    features = features_of(settled([0, 10, 20], [10_000, 10_000, 80_000]).folded())
    assert (features.mean_delay_days, features.last_delay_days) == (10.0, 20)
    assert features.weighted_delay_days == 17.0
    assert (features.late_percent, features.late_amount_percent) == (66, 90)
    assert features.late_in_a_row == 2


def test_the_season_is_the_quarter_of_the_due_day() -> None:
    # Due on 2026-01-11, 02-10, 03-12, 04-11: three in the first quarter, the last in the second.
    assert features_of(settled([0, 5, 5, 0]).folded()).season_late_percent == 0
    story = settled([0, 5, 5, 0]).registered(370)  # January again
    assert features_of(story.folded()).season_late_percent == 66


def test_money_received_and_taken_back_makes_the_lifetime_value() -> None:
    story = settled([0, 0])
    data: dict[str, Any] = {
        "payment_id": "P1",
        "account_id": ACCOUNT,
        "currency": "EUR",
        "reversed_at": at(80),
        "allocations": (an_allocation("P1", "I1", 10_000, 40, released=80),),
        "amounts": (owed_now(balance=10_000),),
    }
    bounced = ledger.PaymentReversed(reversal_id="R1", kind="bounced", amount_minor=4_000, **data)
    refund = ledger.PaymentReversed(reversal_id="R2", kind="refund", amount_minor=1_000, **data)
    story.say("payment-reversed", bounced, 80).say("payment-reversed", refund, 81)
    features = features_of(story.folded())
    assert (features.received_minor, features.bounced_minor) == (20_000, 4_000)
    assert (features.lifetime_minor, features.reversals) == (15_000, 1)


def test_disputes_end_with_an_outcome() -> None:
    story = Story().registered().issued("I1", 0, due=14)
    for number in (1, 2, 3):
        opened = ledger.DisputeOpened(dispute_id=f"D{number}", account_id=ACCOUNT, invoice_id="I1")
        story.say("dispute-opened", opened, number)
    for number, outcome in ((1, "upheld"), (2, "rejected")):
        ended = ledger.DisputeResolved(
            dispute_id=f"D{number}",
            account_id=ACCOUNT,
            invoice_id="I1",
            outcome=outcome,  # type: ignore[arg-type]
        )
        story.say("dispute-resolved", ended, 10 + number)
    features = features_of(story.folded())
    assert (features.disputes, features.open_disputes, features.disputes_upheld) == (3, 1, 1)


def test_what_an_insurer_owes_is_told_apart() -> None:
    story = Story().registered()
    story.issued("I1", 0, due=14, minor=7_000)
    insured = ledger.InvoiceIssued(
        invoice_id="I2",
        account_id=ACCOUNT,
        currency="EUR",
        amount_minor=3_000,
        issued_on=day(1),
        due_on=day(20),
        payer="insurance",
        balance_minor=3_000,
        amounts=(owed_now(balance=10_000),),
    )
    story.say("invoice-issued", insured, 1)
    assert features_of(story.folded()).insurance_minor == 3_000


def test_terms_limit_and_country_come_with_the_account() -> None:
    story = Story().registered(
        0,
        country="DE",
        payment_terms_days=30,
        credit_limit_minor=50_000,
        customer_since=date(2020, 1, 1),
    )
    features = features_of(story.issued("I1", 1, due=31, balance=10_000).folded())
    assert (features.country, features.terms_days) == ("DE", 30)
    assert (features.credit_limit_minor, features.tenure_days) == (50_000, 2193)
    account = story.folded()
    account.owed = {"USD": Owed(1, 1, 0, 0, 1)}
    assert features_of(account).credit_limit_minor is None, "the limit is in another currency"


def contacted(story: Story, number: int, channel: str, cost: int = 0) -> None:
    sent = outreach.ContactSent(
        contact_id=f"{channel} {number}",
        account_id=ACCOUNT,
        channel=channel,
        strategy="s",
        strategy_version="1",
        step="one",
        tone="friendly",
        cost_minor=cost,
        cost_currency="EUR" if cost else None,
        covers=(
            outreach.Cover(account_id=ACCOUNT, checked_sequence=1, invoice_ids=()),
            outreach.Cover(account_id="C2", checked_sequence=1, invoice_ids=()),
        ),
        sent_at=at(number),
        message_id="m",
    )
    story.say("contact-sent", sent, number, OUTREACH)


def test_the_response_to_each_channel_is_a_payment_within_a_week() -> None:
    story = Story().registered().issued("I1", 0, due=5, balance=10_000)
    for number, channel in ((10, "email"), (20, "sms"), (30, "email"), (40, "voice")):
        contacted(story, number, channel, cost=90 if channel == "voice" else 0)
    story.paid("P1", 22, {"I1": 100}).paid("P2", 38, {"I1": 100})
    account = story.folded()
    found = engagement(account, features_of(account))
    assert found.channels == {
        "email": Response(contacts=2, answered=0),  # the payment came a day too late
        "sms": Response(contacts=1, answered=1),
        "voice": Response(contacts=1, answered=0),
    }
    assert (found.contacts, found.since_payment, found.cost_minor) == (4, 1, 45)
    assert found.days_since_contact == 0


def test_recovery_is_told_by_currency_and_added_up_through_dated_rates_alone() -> None:
    account = Account(
        owed={
            "EUR": Owed(10_000, 10_000, 0, 0, 10_000),
            "JPY": Owed(5_000, 5_000, 0, 0, 5_000),
            "USD": Owed(1_000, 0, 0, 0, 0),
        },
        issued={"EUR": (1, 10_000), "JPY": (1, 5_000)},
        cash={"JPY": Cash(received_minor=5_000, bounced_minor=3_000)},
    )
    each = recoveries(account, 0.5, {"EUR": 5})
    assert [(one.currency, one.expected_minor, one.cost_minor) for one in each] == [
        ("EUR", 5_000, 5),
        ("JPY", 2_250, 0),
    ]
    rates = {("JPY", "EUR"): [Rate(day(0), Decimal("0.006")), Rate(day(10), Decimal("0.007"))]}
    early = convert(each, "EUR", rates, day(9))
    late = convert(each, "EUR", rates, day(10))
    assert early is not None
    assert late is not None
    assert (early.expected_minor, late.expected_minor) == (5_000 + 1_350, 5_000 + 1_575)
    assert late.rates == {"JPY": Rate(day(10), Decimal("0.007"))}
    assert convert(each, "EUR", rates, date(2025, 1, 1)) is None
    assert convert(each, "USD", rates, day(10)) is None
