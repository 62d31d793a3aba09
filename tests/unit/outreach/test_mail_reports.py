"""Bounces and complaints as servers write them, and as nobody should."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outreach.channels.domain.contract import Receipt
from services.outreach.channels.domain.mail_reports import MailReport, read_mail_report
from services.outreach.channels.domain.mail_status import bounce_class, soft_bounces
from services.outreach.channels.domain.tokens import LinkKey, address_token

KEY = LinkKey(1, b"\x01" * 32)
CONTACT = "6f1c1d9a-2b7e-5c3d-9e4f-0123456789ab"
TOKEN = address_token("b", CONTACT, KEY)
U_TOKEN = address_token("u", CONTACT, KEY)
AT = datetime(2027, 3, 3, 10, tzinfo=UTC)
NOW = AT + timedelta(minutes=5)

ORIGINAL = f"""Return-Path: <b+{TOKEN}@bounces.example>
Message-ID: <{CONTACT}@creditor.example>
List-Unsubscribe: <https://pay.example/u/{U_TOKEN}>
Subject: hello
"""


def bounce(
    status: str | None = "5.1.1",
    action: str = "failed",
    *,
    to: str = f"b+{TOKEN}@bounces.example",
    original: str = ORIGINAL,
    more: str = "",
    kind: str = "message/delivery-status",
) -> bytes:
    named = f"Status: {status}\n" if status is not None else ""
    return f"""From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Date: Wed, 03 Mar 2027 10:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
MIME-Version: 1.0

This is a MIME message.
--B
Content-Type: text/plain; charset=x-unheard-of

I'm sorry. <b@example.com>: no such user \xff
--B
Content-Type: {kind}

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; b@example.com
Action: {action}
{named}{more}
--B
Content-Type: text/rfc822-headers

{original}
--B--
""".encode("latin-1")


def read(raw: bytes, to: tuple[str, ...] = ()) -> MailReport | None:
    return read_mail_report(raw, to, NOW, [KEY])


def only(report: MailReport | None) -> Receipt:
    assert report is not None
    (receipt,) = report.receipts
    return receipt


@pytest.mark.parametrize(
    ("status", "is_dead", "klass"),
    [
        ("5.1.1", True, "hard"),
        ("5.1.10", True, "hard"),
        ("5.2.1", True, "hard"),
        ("5.2.2", False, "soft"),
        ("4.4.7", False, "soft"),
        ("4.1.1", False, "soft"),
        ("5.7.1", False, "block"),
        ("5.0.0", False, "block"),
        ("5.1.8", False, "block"),  # the sender's address: ours to mend
        ("5.1.7", False, "block"),
    ],
)
def test_what_a_status_says_of_the_address(status: str, is_dead: bool, klass: str) -> None:
    receipt = only(read(bounce(status)))
    assert receipt == Receipt(
        state="failed",
        at=AT,
        token=TOKEN,
        provider_id=f"<{CONTACT}@creditor.example>",
        code=status,
        is_address_dead=is_dead,
    )
    assert bounce_class(status) == klass


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "nonsense"])
def test_other_actions_change_nothing(action: str) -> None:
    assert read(bounce(action=action)) == MailReport("bounce", ())


def test_capitals_comments_and_blanks_are_what_servers_write() -> None:
    assert (
        only(read(bounce("5.1.1 (bad destination mailbox)", "  FAILED (really)"))).code == "5.1.1"
    )


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("Diagnostic-Code: smtp; 550 5.1.1 <b@example.com> unknown", "5.1.1"),
        ("Diagnostic-Code: smtp; 550 no such user", "5.0.0"),
        ("Diagnostic-Code: smtp; 452 try another day", "4.0.0"),
        ("", "5.0.0"),
    ],
)
def test_a_status_that_is_missing_is_taken_from_the_reply(more: str, code: str) -> None:
    assert only(read(bounce(None, more=more))).code == code
    assert only(read(bounce("what?", more=more))).code == code


def test_the_contact_is_known_by_the_return_path_first_and_by_what_came_back_else() -> None:
    other = address_token("b", "00000000-0000-4000-8000-000000000001", KEY)
    assert only(read(bounce(), (f"B+{other.upper()}@bounces.example",))).token == other
    assert only(read(bounce(to="<postmaster@bounces.example>"))).token == TOKEN
    bare = "Message-ID: <1@creditor.example>\n"
    receipt = only(read(bounce(to="postmaster@x.example", original=bare)))
    assert (receipt.token, receipt.provider_id) == (None, "<1@creditor.example>")
    assert read(bounce(to="x@x.example", original="Subject: x\n")) == MailReport("bounce", ())


def test_a_forged_token_is_nobodys() -> None:
    forged = TOKEN[:-1] + ("a" if TOKEN[-1] != "a" else "b")
    raw = bounce(to=f"b+{forged}@bounces.example", original="Subject: x\n")
    assert read(raw) == MailReport("bounce", ())


def test_an_address_that_leads_to_several_is_dead_when_all_of_them_are() -> None:
    second = "\n\nFinal-Recipient: rfc822; c@example.com\nAction: {}\nStatus: {}"
    both = only(read(bounce(more=second.format("failed", "5.1.1"))))
    assert both.is_address_dead
    one_full = only(read(bounce(more=second.format("failed", "5.2.2"))))
    assert (one_full.code, one_full.is_address_dead) == ("5.2.2", False)
    one_arrived = only(read(bounce(more=second.format("delivered", "2.0.0"))))
    assert not one_arrived.is_address_dead


def test_a_report_packed_in_base64_or_for_international_addresses_is_read() -> None:
    raw = bounce(kind="message/global-delivery-status")
    assert only(read(raw)).code == "5.1.1"
    groups = (
        b"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; b@x\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n"
    )
    packed = base64.b64encode(groups).decode()
    head = raw.decode("latin-1").replace(
        "Content-Type: message/global-delivery-status\n",
        "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n",
    )
    start, end = head.index("Reporting-MTA"), head.index("--B\nContent-Type: text/rfc822-headers")
    assert only(read((head[:start] + packed + "\n" + head[end:]).encode("latin-1"))).is_address_dead


def test_its_date_counts_unless_it_lies_ahead_or_is_none() -> None:
    ahead = bounce().replace(b"03 Mar 2027", b"03 Mar 2099")
    assert only(read(ahead)).at == NOW
    nonsense = bounce().replace(b"Wed, 03 Mar 2027 10:00:00 +0000", b"yesterday \xff")
    assert only(read(nonsense)).at == NOW


def complaint(kind: str = "abuse", mail_from: str = f"b+{TOKEN}@bounces.example") -> bytes:
    return f"""From: fbl@isp.example
To: abuse@creditor.example
Date: Wed, 03 Mar 2027 10:00:00 +0000
Content-Type: multipart/report; report-type=feedback-report; boundary=B

--B
Content-Type: text/plain

A user complained.
--B
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <{mail_from}>

--B
Content-Type: message/rfc822

{ORIGINAL}
Text
--B--
""".encode()


@pytest.mark.parametrize("kind", ["abuse", "fraud", "other", "Opt-Out"])
def test_a_complaint_takes_consent_back_and_shows_that_it_arrived(kind: str) -> None:
    receipt = only(read(complaint(kind)))
    assert (receipt.state, receipt.token, receipt.code) == ("delivered", TOKEN, "complaint")
    assert receipt.is_consent_revoked
    assert not receipt.is_address_dead


def test_a_complaint_whose_sender_was_blotted_out_is_known_by_the_opt_out_link() -> None:
    raw = complaint(mail_from="redacted@x").replace(b"Return-Path", b"X-Old-Path")
    assert only(read(raw)).token == U_TOKEN


def test_a_report_that_it_was_no_spam_takes_nothing_back() -> None:
    assert read(complaint("not-spam")) == MailReport("complaint", ())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: hello\n\nJe paierai vendredi",
        b"Content-Type: multipart/report\n\nnothing",
        b"Content-Type: multipart/report; boundary=B\n\n--B\n\ntext\n--B--",
        b"\x00\xff" * 100,
        b"Content-Type: multipart/mixed; boundary=B\n\n--B\n"
        b"Content-Type: message/delivery-status\n\n"
        b"Action: failed\nStatus: 5.1.1\n--B--",
    ],
)
def test_what_is_no_report_is_none(raw: bytes) -> None:
    assert read(raw) is None


def nested(depth: int) -> bytes:
    lines = [b"Content-Type: multipart/report; boundary=b0"]
    for level in range(depth):
        lines += [
            b"",
            b"--b%d" % level,
            b"Content-Type: multipart/mixed; boundary=b%d" % (level + 1),
        ]
    return b"\n".join(lines)


@pytest.mark.parametrize("depth", [10, 100, 450, 20_000])
def test_nesting_is_bounded(depth: int) -> None:
    assert read(nested(depth)) is None


def test_a_storm_of_parts_and_recipients_is_bounded() -> None:
    group = "\n\nFinal-Recipient: rfc822; c@example.com\nAction: failed\nStatus: 5.2.2"
    report = read(bounce(more=group * 50_000))
    assert report is None or len(report.receipts) <= 1
    parts = b"\n--B\nContent-Type: text/plain\n\nx" * 100_000
    assert read(b"Content-Type: multipart/report; boundary=B\n" + parts) is None


@given(st.data())
def test_a_damaged_report_does_no_harm(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([bounce(), complaint()])))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    report = read(bytes(raw))
    assert report is None or all(r.token in (TOKEN, U_TOKEN, None) for r in report.receipts)


@given(st.binary(max_size=300))
def test_any_bytes_do_no_harm(raw: bytes) -> None:
    read(b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: " + raw)
    read(b"Content-Type: multipart/report; boundary=B\n" + raw)


def days(*numbers: int) -> list[datetime]:
    return [AT + timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("softs", "delivered", "until"),
    [
        ((0, 1), None, None),
        ((0, 1, 2), None, 32),
        ((0, 15, 30), None, 60),
        ((0, 15, 31), None, None),
        ((0, 1, 2), 1, None),
        ((0, 5, 6, 7), 0, 37),
        ((0, 0, 0), None, None),  # one, heard of three times
    ],
)
def test_three_soft_bounces_in_30_days_without_a_delivery_stop_e_mail_for_30(
    softs: tuple[int, ...], delivered: int | None, until: int | None
) -> None:
    at = None if delivered is None else days(delivered)[0]
    for order in (days(*softs), days(*reversed(softs))):
        found = soft_bounces(order, at).paused_until
        assert found == (None if until is None else days(until)[0])
