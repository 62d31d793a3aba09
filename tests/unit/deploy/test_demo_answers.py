"""The demo's debtors are understood, and what its end looks for is found."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import services.outreach
from deploy.demo.outreach_figures import Announced, figures_of
from deploy.demo.promises_kept import violations
from deploy.demo.words import words
from services.outreach.inbound.domain.classes import read_words
from services.outreach.inbound.domain.word_lists import WordLists, parse_word_lists
from shared.events import LEDGER, OUTREACH

LISTS = Path(services.outreach.__file__).parent / "inbound" / "words"
WANTS = (
    "promise", "claim", "dispute", "hardship", "stop", "stop-unclear", "wrong-party", "legal",
    "other",
)  # fmt: skip
MORNING = datetime(2026, 3, 16, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def lists() -> WordLists:
    return parse_word_lists({path.name: path.read_text() for path in LISTS.glob("*.yaml")})


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja"])
@pytest.mark.parametrize("want", WANTS)
def test_every_reply_is_understood_as_it_is_meant(
    lists: WordLists, want: Any, language: str
) -> None:
    text = words(want, language, date(2026, 3, 19).isoformat())
    assert read_words(text, lists).reply_class == want


# ---------------------------------------------------------------------- what must never happen


def told(topic: str, type_: str, at: datetime, **data: Any) -> Announced:
    return Announced(topic, type_, at, {"account_id": "C1", **data})


def sent(contact_id: str, at: datetime, step: str = "reminder", **data: Any) -> Announced:
    members = {
        "contact_id": contact_id, "channel": "email", "debtor_id": None, "strategy": "s",
        "step": step, "purpose": "overdue", "sent_at": at.isoformat(),
        "covers": [{"account_id": "C1", "invoice_ids": ["I1"]}],
    }  # fmt: skip
    return told(OUTREACH, "contact-sent", at, **{**members, **data})


def broken(*events: Announced, **capacity: int) -> set[str]:
    return {name for name, found in violations(events, capacity).items() if found}


def promised(at: datetime) -> Announced:
    return told(LEDGER, "promise-made", at, promise_id="R1", invoice_ids=["I1"])


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    ends = told(LEDGER, "promise-broken", MORNING, promise_id="R1")
    begins = promised(MORNING - timedelta(days=9))
    later = MORNING + timedelta(days=1)
    assert broken(begins, ends, sent("K1", MORNING), sent("K2", later, "second"), email=1) == set()


def test_a_contact_inside_a_promise_is_found() -> None:
    begins = promised(MORNING - timedelta(days=1))
    assert broken(begins, sent("K1", MORNING)) == {"no contact inside a stop"}
    elsewhere = [{"account_id": "C1", "invoice_ids": ["I2"]}]
    assert broken(begins, sent("K1", MORNING, covers=elsewhere)) == set()
    assert broken(begins, sent("K1", MORNING, purpose="promise-due")) == set()


def test_a_contact_about_what_is_paid_is_found() -> None:
    paid = told(LEDGER, "invoice-paid", MORNING - timedelta(hours=1), invoice_id="I1")
    again = told(LEDGER, "invoice-reopened", MORNING - timedelta(minutes=1), invoice_id="I1")
    assert broken(paid, sent("K1", MORNING)) == {"no contact about what is known to be paid"}
    assert broken(paid, again, sent("K1", MORNING)) == set()


def test_a_step_made_again_is_found_unless_it_had_failed() -> None:
    later = MORNING + timedelta(days=3)
    failed = told(OUTREACH, "contact-failed", MORNING, contact_id="K1", reason_code="5.1.1")
    assert broken(sent("K1", MORNING), sent("K2", later)) == {"no step twice"}
    assert broken(sent("K1", MORNING), failed, sent("K2", later)) == set()


def test_a_second_message_on_a_day_is_found() -> None:
    later = MORNING + timedelta(hours=5)
    assert broken(sent("K1", MORNING), sent("K2", later, "second")) == {"at most one message a day"}
    at_night = MORNING + timedelta(hours=14, minutes=30)  # the next day in Berlin
    zone = told(LEDGER, "account-registered", MORNING, timezone="Europe/Berlin")
    assert broken(zone, sent("K1", MORNING), sent("K2", at_night, "second")) == set()


def test_more_than_there_are_slots_is_found() -> None:
    others = [{"account_id": "C2", "invoice_ids": ["I2"]}]
    second = sent("K2", MORNING, account_id="C2", covers=others)
    assert broken(sent("K1", MORNING), second, email=1) == {"no more than there are slots"}
    assert broken(sent("K1", MORNING), second, email=2) == set()


def test_the_last_that_is_said_of_a_contact_counts() -> None:
    arrived = told(OUTREACH, "contact-delivered", MORNING, contact_id="K1", channel="sms",
                   cost_micros=75_000, cost_currency="EUR")  # fmt: skip
    found = figures_of([sent("K1", MORNING, channel="sms"), arrived])
    assert found["contacts"] == {"sms": {"delivered": 1}}
    assert found["costs"] == {"sms": {"EUR": 75_000}}
