"""Texts of events: which ids, names, days, addresses and members are taken, and which are not."""

import json

import pytest

from shared.cloudevents import Incoming, Refused, parse_http
from tests.unit.shared.billing_events import ACCOUNT, a_payment, an_event, an_invoice, post

BAD_IDS = (
    " ", "  ", " C1", "C1 ", "C1\u00a0", "\u3000", ".", "..", "a\u200bb", "a\u202eb", "\ufeffa",
    "a\u00adb", "a\u2060b", "a\ufe0f", "a\U000e0100", "\u3164", "a\uffa0", "a\u2800b", "a\u034f",
    "a\u200d", "a\u2028b", "a\tb", "a\n", "\U000e0041",
)  # fmt: skip
GOOD_IDS = (
    "INV/2026/0001", "2026//7", "a#1", "50%", "x y", "a%2Fb", "?", "ä", "e\u0301", "日本", "...",
    ".a", "a.", "v1.2", "/", "a/", "/a", "a+b", "😀", "a&b=c", "a;b", "a:b", "~", "a\\b", '"',
)  # fmt: skip
BAD_URLS = (
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "ftp://a.example/",
    "//a.example", "/pay", "https:a.example", "https:///x", "https://", "https://u:p@a.example/",
    "https://u@a.example",
    "http://a.example\\@b.example/", "https://a.example/ x", "https://a.example/\n", "https://[::1",
    "https://a.example:99999/", "\u202ehttps://a.example", "https://a.example/" + "x" * 2000,
)  # fmt: skip


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def refusal(event: object) -> Refused:
    (item,) = post(event).items
    assert isinstance(item, Refused), item
    return item


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        *((an_invoice(account_id=bad), "/data/account_id") for bad in BAD_IDS),
        *((an_invoice(invoice_id=bad), "/data/invoice_id") for bad in BAD_IDS),
        *((a_payment(payment_id=bad), "/data/payment_id") for bad in BAD_IDS),
        *((an_invoice(payment_url=bad), "/data/payment_url") for bad in BAD_URLS),
        (an_invoice(invoice_id="2026/../7"), "/data/invoice_id"),
        (an_invoice(invoice_id="INV/."), "/data/invoice_id"),
        (an_invoice(issued_on="1899-12-31"), "/data/issued_on"),
        (an_invoice(due_on="3000-01-01"), "/data/due_on"),
        (an_invoice(attributes={"a": _nested(32)}), "/data/attributes"),
        (
            an_invoice(early_discount={"percent": 2, "until_on": "3000-01-01"}),
            "/data/early_discount/until_on",
        ),
        (
            an_event("account-registered", data={**ACCOUNT, "customer_since": "1066-10-14"}),
            "/data/customer_since",
        ),
        (
            an_event("account-registered", data={**ACCOUNT, "name": "Eve\u202egnp.exe"}),
            "/data/name",
        ),
        (
            an_event("account-registered", data={**ACCOUNT, "tags": ["a", "\u2066b"]}),
            "/data/tags/1",
        ),
        (
            a_payment(allocations=[{"invoice_id": "I1 ", "amount_minor": 1}]),
            "/data/allocations/0/invoice_id",
        ),
        (an_event("account-registered", data={**ACCOUNT, "name": "Eve\u0007"}), "/data/name"),
        (an_event("account-registered", data={**ACCOUNT, "debtor_id": " D1"}), "/data/debtor_id"),
    ],
)
def test_what_cannot_be_kept_or_told_apart_is_refused(event: object, pointer: str) -> None:
    assert [error.pointer for error in refusal(event).errors] == [pointer]


@pytest.mark.parametrize("good", GOOD_IDS)
def test_ids_of_every_look_are_taken(good: str) -> None:
    (item,) = post(an_invoice(invoice_id=good)).items
    assert isinstance(item, Incoming), item


@pytest.mark.parametrize("good", ["https://pay.example/i/1?x=2#a", "http://a", "HTTPS://A.example"])
def test_addresses_of_the_web_are_taken(good: str) -> None:
    (item,) = post(an_invoice(payment_url=good, attributes={"a": _nested(31)})).items
    assert isinstance(item, Incoming), item


def test_names_may_have_joiners() -> None:
    for name in ("نمی\u200cدانم", "क\u094d\u200dष", "רות\u200f", "Müller\nc/o Ada"):
        data = {**ACCOUNT, "name": name}
        (item,) = post(an_event("account-registered", data=data)).items
        assert isinstance(item, Incoming), item


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2026-03-20T23:59:60Z", "leap second"),
        ("2026-03-20T23:59Z", "seconds"),
        ("2026-03-20T23:59:59", "offset"),
        ("2026-03-20", "time of day"),
        ("2026-02-30T10:00:00Z", "of the calendar"),
        ("tomorrow", "like 2026-03-31T12:00:00Z"),
    ],
)
def test_what_an_instant_lacks_is_said(instant: str, words: str) -> None:
    for event, pointer in (
        (a_payment(received_at=instant), "/data/received_at"),
        (an_event(time=instant), "/time"),
    ):
        (error,) = refusal(event).errors
        assert error.pointer == pointer
        assert words in error.detail


@pytest.mark.parametrize(
    "doubled",
    [
        '"amount_minor": 1, "amount_minor": 2',
        '"attributes": {"a": 1, "\\u0061": 1}',
        '"number": "\\"x", "number": "y"',
        '"unknown": 1e400, "unknown": 2',
    ],
)
def test_a_member_that_stands_twice_is_refused_and_its_neighbours_are_not(doubled: str) -> None:
    good = json.dumps(an_invoice())
    bad = good.replace('"account_id"', f'{doubled}, "account_id"')
    headers = [(b"content-type", b"application/cloudevents-batch+json")]
    first, second, third = parse_http(headers, f"[{good},{bad},{good}]".encode()).items
    assert isinstance(first, Incoming)
    assert isinstance(third, Incoming)
    assert isinstance(second, Refused)
    assert "twice" in second.errors[0].detail
