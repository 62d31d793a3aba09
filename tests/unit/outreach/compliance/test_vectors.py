"""The worked examples of the rule collection."""

from typing import Any

import msgspec
import pytest

from services.outreach.compliance import Guards, RuleSet, evaluate, read_question
from tests.unit.outreach.compliance.case_files import ask, faults
from tests.unit.outreach.compliance.questions import Json, question

_WEEK_OF_CALLS = "7x 2026-11-17T15:00Z voice no_answer"
_FOUR_AND_THREE = [
    "4x 2026-11-17T15:00Z voice no_answer",
    "3x 2026-11-17T20:00Z voice voicemail_no_message",
]
_LATE = {
    "debts.0.default_on": "2026-07-01",
    "debts.0.due_on": "2026-07-01",
    "debts.0.validation_notice_sent_on": None,
}
_IN_SPRING = {
    "debts.0.default_on": "2025-12-01",
    "debts.0.validation_notice_sent_on": "2026-01-05",
}
_EASTERN_MOBILE = {"debtor.phones.0.number": "+12125550123", "contact.to": "+12125550123"}


def _case(name: str, base: str, changes: Json, **expect: Any) -> Any:
    return pytest.param(base, changes, expect, id=name)


_AT_NYC_8 = {"at": "2026-11-24T13:00:00Z"}
_BY_EMAIL = {
    "contact.channel": "email",
    "contact.to": "a@example.com",
    "debtor.consents": [{"kind": "email", "given_to": "collector", "at": "2026-11-10T15:00:00Z"}],
}

VECTORS = [
    _case("T01", "us-nyc", _AT_NYC_8, verdict="allow", by=["US-REGF-TIME"]),
    _case(
        "T04",
        "us-nyc",
        {"at": "2026-11-25T02:00:00Z"},
        verdict="defer",
        until="2026-11-25T13:00:00Z",
        by=["US-REGF-TIME"],
    ),
    _case(
        "T05",
        "us-la",
        {"at": "2026-11-24T15:30:00Z", **_EASTERN_MOBILE},
        verdict="defer",
        until="2026-11-24T16:00:00Z",
        by=["US-REGF-TIME-MULTIZONE"],
    ),
    _case(
        "T09-winter",
        "us-il",
        {"at": "2026-03-07T13:30:00Z", **_IN_SPRING},
        verdict="defer",
        until="2026-03-07T14:00:00Z",
        by=["US-REGF-TIME"],
    ),
    _case(
        "T09-summer",
        "us-il",
        {"at": "2026-03-08T13:30:00Z", **_IN_SPRING},
        verdict="allow",
        by=["US-REGF-TIME"],
    ),
    _case(
        "T14-monday",
        "us-ny",
        {"at": "2026-11-23T15:00:00Z", "history": [_WEEK_OF_CALLS]},
        verdict="defer",
        until="2026-11-24T13:00:00Z",
        by=["US-REGF-7IN7"],
    ),
    _case(
        "T14-tuesday",
        "us-ny",
        {"at": "2026-11-24T15:00:00Z", "history": [_WEEK_OF_CALLS]},
        verdict="allow",
        by=["US-REGF-7IN7"],
    ),
    _case(
        "T16",
        "us-ny",
        {"at": "2026-11-23T15:00:00Z", "history": _FOUR_AND_THREE},
        verdict="defer",
        by=["US-REGF-7IN7"],
    ),
    _case(
        "T19-sunday",
        "us-ny",
        {
            "at": "2026-11-22T15:00:00Z",
            "history": ["2026-11-16T15:00Z voice conversation by=debtor"],
        },
        verdict="defer",
        until="2026-11-23T13:00:00Z",
        by=["US-REGF-7AFTER"],
    ),
    _case(
        "T19-monday",
        "us-ny",
        {
            "at": "2026-11-23T15:00:00Z",
            "history": ["2026-11-16T15:00Z voice conversation by=debtor"],
        },
        verdict="allow",
        by=["US-REGF-7AFTER"],
    ),
    _case(
        "T19-monday-without-notice",
        "us-ny",
        {
            "at": "2026-11-23T15:00:00Z",
            "debts.0.validation_notice_sent_on": None,
            "history": ["2026-11-16T15:00Z voice conversation by=debtor"],
        },
        verdict="allow",
        by=["US-REGF-7AFTER"],
    ),
    _case(
        "T19-monday-without-notice-after-our-own-call",
        "us-ny",
        {
            "at": "2026-11-23T15:00:00Z",
            "debts.0.validation_notice_sent_on": None,
            "history": ["2026-11-16T15:00Z voice conversation"],
        },
        verdict="block",
        by=["US-REGF-VAL"],
    ),
    _case(
        "T25",
        "us-ma-first",
        {
            "at": "2026-11-24T15:00:00Z",
            "history": ["2026-11-19T15:00Z voice no_answer", "2026-11-23T15:00Z sms delivered"],
        },
        verdict="defer",
        until="2026-11-26T13:00:00Z",
        by=["US-MA-2IN7"],
    ),
    _case(
        "T32",
        "us-wa",
        {"at": "2026-11-24T15:40:00Z"},
        verdict="defer",
        until="2026-11-24T16:00:00Z",
        by=["US-REGF-TIME"],
        also=["US-WA-HOURS"],
    ),
    _case(
        "T37-voice",
        "us-il",
        {"debtor.refused_channels": ["voice"]},
        verdict="block",
        by=["US-REGF-MEDIA"],
    ),
    _case(
        "T37-email",
        "us-il",
        {"debtor.refused_channels": ["voice"], **_BY_EMAIL},
        verdict="allow",
        by=["US-REGF-MEDIA"],
    ),
    _case(
        "T40",
        "us-il",
        {"contact.content.opt_out_line": False, **_BY_EMAIL},
        verdict="allow",
        adds=["US-REGF-EOPT"],
    ),
    _case(
        "T45",
        "us-ny",
        {"debts.0.validation_notice_sent_on": "2026-11-23"},
        record=[
            {
                "rule": "US-REGF-VAL",
                "assumed_received_on": "2026-12-01",
                "period_ends_on": "2026-12-31",
            }
        ],
    ),
    _case(
        "T59-10000",
        "uk-b2b",
        {"at": "2026-07-31T12:00:00Z", "debts.0.amount_minor": 1_000_000, **_LATE},
        record=[
            {"rule": "UK-LPA-INT", "interest_minor": 9658, "rate_percent": "11.75", "days": 30},
            {"rule": "UK-LPA-FIXED", "fixed_sum_minor": 10_000},
        ],
    ),
    _case(
        "T59-999.99",
        "uk-b2b",
        {"at": "2026-07-31T12:00:00Z", "debts.0.amount_minor": 99_999, **_LATE},
        record=[{"rule": "UK-LPA-FIXED", "fixed_sum_minor": 4_000}],
    ),
    _case(
        "T59-2400",
        "uk-b2b",
        {"at": "2026-08-15T12:00:00Z", "debts.0.amount_minor": 240_000, **_LATE},
        record=[
            {"rule": "UK-LPA-INT", "interest_minor": 3477, "days": 45},
            {"rule": "UK-LPA-FIXED", "fixed_sum_minor": 7_000},
        ],
    ),
    _case(
        "T66-rendered",
        "us-nyc",
        {"at": "2026-11-25T01:58:00Z"},
        verdict="allow",
        by=["US-REGF-TIME"],
    ),
    _case(
        "T66-sent",
        "us-nyc",
        {"at": "2026-11-25T02:01:00Z"},
        verdict="defer",
        until="2026-11-25T13:00:00Z",
        by=["US-REGF-TIME"],
    ),
    _case(
        "T67",
        "us-il",
        {
            "at": "2026-11-25T05:11:00Z",
            "contact.channel": "sms",
            "debtor.consents": [
                {"kind": "sms", "given_to": "collector", "at": "2026-11-10T15:00:00Z"}
            ],
            "history": ["2026-11-25T05:10Z sms delivered by=debtor"],
        },
        verdict="allow",
        by=["US-REGF-TIME-KNOWN"],
    ),
]


@pytest.mark.parametrize(("base", "changes", "expect"), VECTORS)
def test_the_worked_examples_come_out(
    base: str, changes: Json, expect: Json, books: RuleSet
) -> None:
    answer = ask(books, question(base, changes))
    assert not faults(expect, answer), answer


def test_the_guards_keep_a_contact_away_from_the_edges(books: RuleSet) -> None:
    """T66: what is sent is checked again at the instant of sending, with room at both edges."""
    guards = Guards(start_minutes=1, end_minutes=5)

    def at(instant: str) -> tuple[str, str | None]:
        asked = read_question(question("us-nyc", {"at": instant}))
        answer = msgspec.to_builtins(evaluate(asked, books, guards=guards))
        return answer["verdict"], answer.get("until")

    assert at("2026-11-25T01:54:59Z") == ("allow", None)
    assert at("2026-11-25T01:55:00Z") == ("defer", "2026-11-25T13:01:00Z")
    assert at("2026-11-25T13:00:59Z") == ("defer", "2026-11-25T13:01:00Z")
    assert at("2026-11-25T13:01:00Z") == ("allow", None)


@pytest.mark.parametrize(
    ("base", "changes", "expect"),
    [each for each in VECTORS if each.id in {"T04", "T05", "T14-monday", "T19-sunday", "T25"}],
)
def test_the_worked_examples_need_no_number_to_dial(
    base: str, changes: Json, expect: Json, books: RuleSet
) -> None:
    less = {**changes, "contact.to": "__drop__", "contact.person": "__drop__"}
    answer = ask(books, question(base, less))
    assert not faults(expect, answer), answer
