"""Reading a question: what is taken, and how every fault is named."""

import copy
import json
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from services.outreach.compliance import read_question
from shared.errors import Invalid, Unreadable

# The example of the published contract.
EXAMPLE: dict[str, Any] = {
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
    "history": [
        {
            "at": "2026-11-18T15:00:00Z",
            "channel": "voice",
            "about": ["A"],
            "outcome": "no_answer",
            "initiated_by": "collector",
        }
    ],
}
LEAST = {
    "at": "2026-11-24T15:30:00Z",
    "party": "first",
    "debtor": {"kind": "business"},
    "debts": [{"id": "A"}],
    "contact": {"channel": "email"},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The example with one member replaced (or added)."""
    whole = copy.deepcopy(EXAMPLE)
    at: Any = whole
    *way, last = path.split(".")
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return whole


def faults(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        read_question(data)
    return [(error.pointer, error.detail) for error in caught.value.errors]


def test_the_published_example_is_read() -> None:
    question = read_question(json.dumps(EXAMPLE).encode())
    assert question == read_question(EXAMPLE)
    assert question.debtor.bankruptcy_filed_at is None
    assert question.creditor is UNSET
    spans = question.debtor.inconvenient
    assert isinstance(spans, tuple)
    assert (spans[0].start, spans[0].end) == ("00:00", "12:00")


def test_only_five_members_are_required() -> None:
    question = read_question(LEAST)
    assert question.debtor.addresses is UNSET
    assert question.history is UNSET
    for path in ("at", "party", "debtor", "debts", "contact"):
        less = {key: value for key, value in LEAST.items() if key != path}
        assert faults(less) == [(f"/{path}", "is missing")]
    assert faults({**LEAST, "debtor": {}}) == [("/debtor/kind", "is missing")]
    assert faults({**LEAST, "debts": [{}]}) == [("/debts/0/id", "is missing")]
    assert faults({**LEAST, "contact": {}}) == [("/contact/channel", "is missing")]


def test_what_is_read_writes_the_same_again() -> None:
    question = read_question(EXAMPLE)
    assert read_question(msgspec.json.encode(question)) == question


@pytest.mark.parametrize(
    ("path", "value", "pointer", "reason"),
    [
        ("at", "2026-11-24T15:30:00", "/at", "an instant with its offset"),
        ("at", "tomorrow", "/at", "an instant with its offset"),
        ("at", "0001-01-01T00:00:00Z", "/at", "between the years 1950 and 2150"),
        ("at", "9999-12-31T23:59:59Z", "/at", "between the years 1950 and 2150"),
        ("history.0.at", "0001-01-01T00:00:00+14:00", "/history/0/at", "between the years"),
        ("debts.0.default_on", "0202-10-01", "/debts/0/default_on", "between the years"),
        ("party", "second", "/party", "not one of the values known here"),
        ("party", 3, "/party", "must be a text"),
        ("debts", [], "/debts", "must not be empty"),
        ("colour", "red", "/colour", "is not known here"),
        ("debtor.colour", "red", "/debtor/colour", "is not known here"),
        ("debtor.kind", "company", "/debtor/kind", "not one of the values known here"),
        ("debtor.deceased", "no", "/debtor/deceased", "must be true or false"),
        ("debtor.phones.0.number", "212 555 0123", "/debtor/phones/0/number", "E.164"),
        ("debtor.phones.0.number", "+1212555", None, None),
        ("debtor.phones.0.number", "+0212555012", "/debtor/phones/0/number", "E.164"),
        ("debtor.phones.0.number", "+" + "1" * 16, "/debtor/phones/0/number", "E.164"),
        ("debtor.addresses.0.country", "USA", None, None),
        ("debtor.addresses.0.country", "us", None, None),
        ("debtor.addresses.0.country", None, None, None),
        *[
            ("debtor.addresses.0.country", name, "/debtor/addresses/0/country", "ISO 3166")
            for name in ("United States", "U.S.A.", "Germany", "XX", "ZZ", "EU", " ", "California")
        ],
        *[
            (path, text, f"/{path.replace('.', '/')}", "NUL")
            for path in ("debtor.language", "debtor.addresses.0.city", "debts.0.product")
            for text in ("a\0b", "\0")
        ],
        ("debtor.attorney.debts.0", "B\0", "/debtor/attorney/debts/0", "NUL"),
        ("debtor.emails.0.address", "a@b.example\x1b[2J", "/debtor/emails/0/address", "control"),
        ("debtor.addresses.0.city", "Los\u00a0Angeles\n", None, None),
        ("debtor.phones.0.consent", None, None, None),
        ("debtor.phones.0.consent", "yes", "/debtor/phones/0/consent", "known here"),
        ("debtor.phones.0.type", None, "/debtor/phones/0/type", ""),
        ("debtor.timezone", "Mars/Olympus", "/debtor/timezone", "is not an IANA time zone"),
        ("debtor.timezone", "America/New_York", None, None),
        ("debtor.inconvenient.0.from", "25:00", "/debtor/inconvenient/0/from", ""),
        ("debtor.inconvenient.0.from", "12:00", "/debtor/inconvenient/0", "leave no time"),
        ("debtor.inconvenient.0.days", ["monday"], "/debtor/inconvenient/0/days/0", ""),
        ("debtor.bankruptcy_filed_at", "2026-11-01", "/debtor/bankruptcy_filed_at", "instant"),
        ("debtor.breathing_space_from", "2026-13-01", "/debtor/breathing_space_from", "a day"),
        ("debtor.consents.0.kind", "fax", "/debtor/consents/0/kind", "known here"),
        ("debtor.consents.0.at", "2026-11-24T15:30:01Z", None, None),
        ("debtor.consents.0.at", "2026-11-24T15:30:00Z", None, None),
        ("debtor.opt_outs.0.at", "2026-11-25T00:00:00Z", None, None),
        ("debts.0.amount_minor", -1, "/debts/0/amount_minor", "must be at least 0"),
        ("debts.0.amount_minor", 4.5, "/debts/0/amount_minor", "a fraction"),
        ("debts.0.currency", "dollars", "/debts/0/currency", ""),
        ("debts.0.days_past_due", "45", "/debts/0/days_past_due", "must be a whole number"),
        ("debts.0.days_past_due", None, "/debts/0/days_past_due", "must be a whole number"),
        (
            "debts.0.validation_notice_sent_on",
            "2026-11-26",
            "/debts/0/validation_notice_sent_on",
            "lies after",
        ),
        (
            "debts.0.notices",
            [{"kind": "medical", "sent_on": "2026-12-24"}],
            "/debts/0/notices/0/sent_on",
            "lies after",
        ),
        (
            "debts.0.dispute",
            {"at": "2026-12-01T00:00:00Z", "form": "written"},
            "/debts/0/dispute/at",
            "lies after",
        ),
        ("contact.channel", "fax", "/contact/channel", "known here"),
        ("contact.to", "555", "/contact/to", "E.164"),
        ("contact.about", ["A", "C"], "/contact/about/1", "names 'C', which is not among"),
        ("contact.content.colour", True, "/contact/content/colour", "is not known here"),
        ("history.0.outcome", "shrugged", "/history/0/outcome", "known here"),
        ("history.0.at", "2026-11-24T15:30:01Z", "/history/0/at", "lies after"),
        ("history.0.at", "2026-11-24T15:30:00Z", None, None),
        ("history.0.about", ["B"], None, None),
    ],
)
def test_each_fault_is_named_by_its_place(
    path: str, value: Any, pointer: str | None, reason: str | None
) -> None:
    asked = changed(path, value)
    if pointer is None or reason is None:
        read_question(asked)
        return
    found = faults(asked)
    assert found[0][0] == pointer, found
    assert reason in found[0][1], found


def test_the_creditors_country_is_a_code_too() -> None:
    asked = copy.deepcopy(EXAMPLE)
    asked["creditor"] = {"country": "Germany"}
    assert faults(asked)[0][0] == "/creditor/country"
    asked["creditor"] = {"country": "DE"}
    read_question(asked)


def test_a_debt_cannot_stand_there_twice() -> None:
    asked = copy.deepcopy(EXAMPLE)
    asked["debts"].append(dict(asked["debts"][0]))
    assert faults(asked) == [("/debts/1/id", "A is there twice")]


def test_the_history_has_a_limit() -> None:
    row = EXAMPLE["history"][0]
    assert len(read_question(changed("history", [row] * 1000)).history or ()) == 1000
    assert faults(changed("history", [row] * 1001)) == [
        ("/history", "must have at most 1000 items")
    ]


def test_several_contradictions_are_named_at_once() -> None:
    asked = changed("contact.about", ["Z"])
    asked["debtor"]["timezone"] = "Nowhere"
    asked["history"][0]["at"] = "2027-01-01T00:00:00Z"
    assert [pointer for pointer, _ in faults(asked)] == [
        "/debtor/timezone",
        "/contact/about/0",
        "/history/0/at",
    ]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"at": "\xff"}', b"[" * 100_000])
def test_what_is_no_json_is_unreadable(data: bytes) -> None:
    with pytest.raises((Unreadable, Invalid)):
        read_question(data)


@pytest.mark.parametrize("data", [b"null", b"[]", b"3", b'"text"'])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        read_question(data)


def test_a_consent_after_the_instant_asked_about_permits_nothing() -> None:
    asked = copy.deepcopy(EXAMPLE)
    assert len(read_question(asked).debtor.consents) == 1  # type: ignore[arg-type]
    asked["debtor"]["consents"][0]["at"] = "2026-11-24T15:30:01Z"
    assert read_question(asked).debtor.consents == ()
