"""The published contract's own example to the letter, and questions in its members alone."""

import pytest

from services.outreach.compliance import RuleSet
from tests.unit.outreach.compliance.case_files import ask
from tests.unit.outreach.compliance.questions import Json, entries, override, question

CONTRACT_QUESTION: Json = {
    "at": "2026-11-24T15:30:00Z",
    "party": "third",
    "debtor": {
        "kind": "consumer",
        "language": "en",
        "deceased": False,
        "vulnerable": False,
        "military": False,
        "addresses": [
            {"country": "US", "region": "CA", "city": "Los Angeles", "postal_code": "90001"}
        ],
        "phones": [
            {"number": "+12125550123", "type": "mobile", "use": "home", "consent": "express"}
        ],
        "emails": [{"address": "a@example.com", "employer_provided": False}],
        "bankruptcy_filed_at": None,
        "breathing_space_from": None,
        "attorney": {"since": "2026-11-01T00:00:00Z", "debts": ["B"]},
        "cease_requested_at": None,
        "refused_channels": ["sms"],
        "inconvenient": [{"days": ["mon"], "from": "00:00", "to": "12:00"}],
        "consents": [
            {"kind": "extra_calls", "given_to": "collector", "at": "2026-11-10T15:00:00Z"}
        ],
        "opt_outs": [{"channel": "sms", "at": "2026-11-05T09:00:00Z"}],
    },
    "debts": [
        {
            "id": "A",
            "purpose": "consumer",
            "product": "medical",
            "days_past_due": 45,
            "amount_minor": 45000,
            "currency": "USD",
            "disputed": False,
            "default_on": "2026-10-01",
            "accelerated": True,
            "validation_notice_sent_on": None,
        }
    ],
    "contact": {
        "channel": "voice",
        "to": "+12125550123",
        "about": ["A"],
        "purpose": "collect",
        "mode": "live",
        "initiated_by": "collector",
        "content": {"opt_out_line": True, "threatens_suit": False},
    },
    "history": entries("2026-11-18T15:00:00Z voice no_answer"),
}

CONTRACT_ANSWER: Json = {
    "verdict": "defer",
    "until": "2026-11-24T16:00:00Z",
    "decided_by": [
        {
            "rule": "US-REGF-TIME-MULTIZONE",
            "effect": "defer",
            "until": "2026-11-24T16:00:00Z",
            "citation": "12 CFR 1006.6(b)(1)(i)",
            "because": "07:30 in America/Los_Angeles, window opens at 08:00",
        }
    ],
    "disclosures": [{"rule": "US-REGF-MM", "text_id": "mini-miranda"}],
    "record": [{"rule": "US-REGF-VAL", "period_ends_on": None}],
    "also": [],
    "unverified": False,
}


def test_the_contracts_example_comes_out_as_printed(books: RuleSet) -> None:
    answer = ask(books, CONTRACT_QUESTION)
    said = {member: answer[member] for member in CONTRACT_ANSWER}
    assert said == CONTRACT_ANSWER
    assert set(answer) - set(said) <= {"rulebook_version", "tzdata_version", "notice"}
    assert answer["tzdata_version"] >= "2026c"


def test_at_the_hour_it_names_the_contracts_example_may_be_called(books: RuleSet) -> None:
    answer = ask(books, {**CONTRACT_QUESTION, "at": "2026-11-24T16:00:00Z"})
    assert answer["verdict"] == "allow", answer


@pytest.mark.parametrize(
    ("channel", "to"),
    [
        ("voice", "+13125550123"),
        ("letter", None),
        ("email", "a@example.com"),
        ("sms", "+13125550123"),
    ],
)
def test_a_question_in_public_members_only_can_be_allowed(
    channel: str, to: str | None, books: RuleSet
) -> None:
    changes: Json = {
        "contact.channel": channel,
        "contact.person": "__drop__",
        "contact.to": to if to else "__drop__",
        "debtor.emails": [{"address": "a@example.com", "employer_provided": False}],
        "debtor.consents": [
            {"kind": kind, "given_to": "collector", "at": "2026-11-10T15:00:00Z"}
            for kind in ("email", "sms")
        ],
    }
    answer = ask(books, question("us-il", changes))
    assert answer["verdict"] == "allow", answer


@pytest.mark.parametrize("channel", ["voice", "voicemail", "sms", "email", "letter", "portal"])
def test_who_names_no_address_means_those_on_file(channel: str, books: RuleSet) -> None:
    """The addresses on file are the debtor's own: leaving out `to` and `person` changes nothing."""
    changes: Json = {
        "contact.channel": channel,
        "contact.content.limited_content": channel == "voicemail",
        "debtor.consents": [
            {"kind": kind, "given_to": "collector", "at": "2026-11-10T15:00:00Z"}
            for kind in ("email", "sms")
        ],
    }
    whole = question("us-il", changes)
    whole["contact"]["to"] = {"email": "a@example.com"}.get(channel, "+13125550123")
    less = override(whole, {"contact.to": "__drop__", "contact.person": "__drop__"})
    assert ask(books, less)["verdict"] == ask(books, whole)["verdict"] == "allow"
