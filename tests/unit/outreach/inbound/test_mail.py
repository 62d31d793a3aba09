"""Mail of strangers: what its writer wrote himself, however it is packed, and nothing hangs."""

import base64
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.inbound.domain.html_text import html_to_text
from services.outreach.inbound.domain.mail import read_mail
from services.outreach.inbound.domain.quoting import own_words

QUOTED = """\
Ich zahle am Freitag.

--\u0020
Max Mustermann

Am Mo., 8. März 2027 um 10:00 Uhr schrieb Creditor Ltd
<accounts@creditor.example>:

> Please unsubscribe here
> Stop
"""


def a_mail(text: str = "I will pay", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ann Other <Ann@Example.COM>"
    message["To"] = "r+token@reply.example"
    message["Subject"] = "Re: Invoice 4711"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def test_who_wrote_what_to_whom() -> None:
    mail = read_mail(
        a_mail(
            In_Reply_To="<c1@creditor.example>", References="<a@x> <c1@creditor.example>"
        ).as_bytes()
    )
    assert mail.from_ == "ann@example.com"
    assert mail.to == ("r+token@reply.example",)
    assert mail.answers == ("c1@creditor.example", "a@x")
    assert (mail.text, mail.title, mail.subject) == ("I will pay", "", "Re: Invoice 4711")
    assert not mail.is_auto


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUOTED, "Ich zahle am Freitag."),
        ("> you wrote\n> this\nSTOP", "STOP"),
        ("Yes\n> q\nmore", "Yes"),
        ("STOP\n\nSent from my iPhone", "STOP"),
        ("STOP\nVon meinem iPhone gesendet", "STOP"),
        ("Hi\n\n-----Original Message-----\nFrom: a\nstop", "Hi"),
        ("Hi\n\n________________________________\nFrom: a\nstop", "Hi"),
        ("Hi\n\nVon: A\nGesendet: Montag\nAn: B\nBetreff: Rechnung\n\nunsubscribe", "Hi"),
        ("Hi\n\nDe : A\nEnvoyé : lundi\nÀ : B\nObjet : Facture\n\nunsubscribe", "Hi"),
        ("On Mon, Mar 8, 2027 at 10:00 A <a@b.c> wrote:\nunsubscribe", ""),
        ("On Friday I will pay.", "On Friday I will pay."),
        ("Le lundi 8 mars 2027 à 10:00, A <a@b.c> a écrit :\n> stop\nD'accord", "D'accord"),
        ("", ""),
    ],
)
def test_history_and_signatures_are_cut(text: str, expected: str) -> None:
    assert own_words(text) == expected


def test_html_alone_is_read_as_its_text() -> None:
    message = EmailMessage()
    message["From"] = "a@example.com"
    message.set_content(
        "<html><head><title>stop</title><style>p{color:red}</style></head><body>"
        "<!-- stop --><p>Je paierai&nbsp;vendredi</p><br>merci<script>stop()</script>"
        "<div>Le 8 mars 2027, A a écrit :<blockquote>unsubscribe</blockquote></div></body></html>",
        subtype="html",
    )
    assert read_mail(message.as_bytes()).text.split() == ["Je", "paierai", "vendredi", "merci"]


def test_the_plain_text_is_preferred_unless_it_is_empty() -> None:
    message = a_mail("plain words")
    message.add_alternative("<p>html words</p>", subtype="html")
    assert read_mail(message.as_bytes()).text == "plain words"
    message = a_mail(" ")
    message.add_alternative("<p>html words</p>", subtype="html")
    assert read_mail(message.as_bytes()).text == "html words"


@pytest.mark.parametrize(
    ("headers", "is_auto"),
    [
        ({"Auto_Submitted": "auto-replied"}, True),
        ({"Auto_Submitted": "auto-generated (vacation)"}, True),
        ({"Auto_Submitted": "NO"}, False),
        ({"Auto_Submitted": "no; x=y"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"Precedence": "auto_reply"}, True),
        ({"Precedence": "bulk"}, False),
        ({}, False),
    ],
)
def test_machines_that_answer(headers: dict[str, str], is_auto: bool) -> None:
    assert read_mail(a_mail(**headers).as_bytes()).is_auto is is_auto


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-8859-1", "prêt"), ("windows-1252", "€ payé"), ("utf-16", "später"), ("koi8-r", "да")],
)
def test_charsets(charset: str, text: str) -> None:
    body = base64.b64encode(text.encode(charset)).decode()
    raw = (
        f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
    )
    assert read_mail(raw.encode()).text == text


@pytest.mark.parametrize("charset", ["zlib", "punycode", "idna", "nonsense", "hex", "x" * 5000, ""])
def test_a_charset_that_is_none_is_not_used(charset: str) -> None:
    raw = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\nhélas"
    assert read_mail(raw.encode()).text == "hélas"


def test_hostile_mail_is_read_in_bounded_steps() -> None:
    deep = MIMEText("x")
    for _ in range(60):
        outer = MIMEMultipart()
        outer.attach(deep)
        deep = outer  # type: ignore[assignment]
    assert read_mail(deep.as_bytes()).text == ""
    nested = "".join(
        f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(900)
    )
    for raw in (
        b"",
        b"\x00" * 100_000,
        b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested.encode(),
        b"From: " + b"a@b," * 500_000,
        b"Subject: " + b"=?utf-8?q?x?=" * 100_000 + b"\r\n\r\nx",
        b"References: " + b"<a@b> " * 300_000 + b"\r\n\r\nx",
        b"To: " + b"(" * 100_000 + b"\r\n\r\nx",
        b"Content-Type: text/html\r\n\r\n" + b"<" * 400_000,
        b"Content-Type: text/html\r\n\r\n" + b"<style>" * 60_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
        b"Content-Type: text/plain\r\n\r\n" + b">" * 500_000 + b"\n" * 500_000,
        b"Content-Type: text/plain\r\n\r\n" + b"On 1\n" * 100_000,
    ):
        read_mail(raw)


@settings(max_examples=60)
@given(st.binary(max_size=400) | st.text("<>/ab-! \n&;", max_size=200).map(str.encode))
def test_any_bytes_are_a_mail_or_an_unreadable_one(raw: bytes) -> None:
    assert read_mail(raw) == read_mail(raw)
    html_to_text(raw.decode("latin-1"))


def test_attachments_are_counted_and_not_read() -> None:
    message = a_mail("see the attachment")
    message.add_attachment(b"stop", maintype="application", subtype="pdf", filename="stop.pdf")
    message.add_attachment("unsubscribe", filename="stop.txt")
    mail = read_mail(message.as_bytes())
    assert (mail.text, mail.attachments) == ("see the attachment", 2)
