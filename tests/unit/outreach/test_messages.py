"""The words of a contact."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.outreach.channels.domain.amounts import notation
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.message_values import (
    CreditorDetails,
    MessageContent,
    MessageValues,
)
from services.outreach.channels.domain.messages import Envelope, email, message_id
from services.outreach.channels.domain.parts import EmailParts
from services.outreach.channels.domain.rendering import NotWritten
from services.outreach.channels.domain.templates import Templates
from services.outreach.dunning.domain.live_check import CheckedAccount
from services.outreach.dunning.domain.message_content import content
from shared.errors import Invalid
from shared.mail_addresses import deliverable
from tests.unit.outreach.builders import (
    MONDAY,
    RULEBOOKS,
    TEMPLATES,
    WORDS,
    a_check,
    an_item,
    at,
    checked_invoice,
)


def envelope(**fields: object) -> Envelope:
    base: dict[str, object] = {
        "sender": "accounts@creditor.example",
        "sender_name": "Creditor Ltd",
        "recipient": "ada@example.com",
        "recipient_name": "Ada Example",
        "message_id": "<c1@creditor.example>",
        "at": at("2026-03-03 08:00"),
    }
    return Envelope(**(base | fields))  # type: ignore[arg-type]


def said(account: CheckedAccount, step: str = "reminder", *invoice_ids: str) -> MessageContent:
    items = [an_item(step, invoice_id) for invoice_id in invoice_ids or ("I1",)]
    return content(items, {"C1": account})


CREDITOR = CreditorDetails("Creditor Ltd")


def as_email(
    template: str,
    lists: MessageContent,
    text_ids: tuple[str, ...] = (),
    *,
    creditor: CreditorDetails = CREDITOR,
    **fields: Any,
) -> bytes:
    """The bytes of a message, filled and put in an envelope."""
    to = envelope(**fields)
    values = MessageValues(to.recipient_name, creditor, lists, text_ids=text_ids)
    chosen = WORDS.in_force.templates[template]
    parts = WORDS.render(chosen, "email", language_chain(to.language), values)
    assert isinstance(parts, EmailParts)
    return email(to, parts.subject, parts.text, parts.html)


def written(template: str = "reminder", **fields: Any) -> EmailMessage:
    return parsed(as_email(template, said(a_check(checked_invoice())), **fields))


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


@pytest.mark.parametrize("template", ["upcoming", "reminder", "overdue", "firm", "final"])
def test_every_template_has_text_and_html_with_the_amounts(template: str) -> None:
    account = a_check(checked_invoice(stage=None if template == "upcoming" else 1))
    step = "upcoming" if template == "upcoming" else "reminder"
    raw = as_email(template, said(account, step))
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    for kind in ("plain", "html"):
        text = body(message, kind)
        assert "€100.00" in text
        assert "N-I1" in text
        assert "2 March 2026" in text
        assert "Ada Example" in text
    assert not re.search(r"\n{4,}", body(message, "plain").replace("\r\n", "\n"))


def test_the_headers_are_those_of_the_envelope() -> None:
    message = written()
    assert message["Message-ID"] == "<c1@creditor.example>"
    assert message["To"] == "Ada Example <ada@example.com>"
    assert message["From"] == "Creditor Ltd <accounts@creditor.example>"
    assert message["Date"] == "Tue, 03 Mar 2026 08:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_name_cannot_add_a_header() -> None:
    message = written(recipient_name="Ada\r\nBcc: eve@example.com\r\n\r\nPay Eve")
    assert message["Bcc"] is None
    assert message.get_all("To") == ['"Ada Bcc: eve@example.com Pay Eve" <ada@example.com>']


def test_an_invoice_number_cannot_add_a_header() -> None:
    account = a_check(checked_invoice(number="7\r\nBcc: eve@example.com"))
    message = message_from_bytes(as_email("reminder", said(account)), policy=default)
    assert message["Bcc"] is None
    assert message["To"] == "Ada Example <ada@example.com>"


_WORD = re.compile(rb"=\?utf-8\?[bq]\?[^?]*\?=")
_NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Cn")) | st.just(" "),
    max_size=130,
)


@settings(max_examples=150)
@given(_NAMES, _NAMES)
@example("Александра Константинопольская-Преображенская Вознесенская", "督促状" * 60)
@example("=?utf-8?q?Eve?=", "=?utf-8?b?RXZl?= owes")
@example("漢" * 120, "🦊" * 200)
@example("Ada " * 40, "x" * 900)
@example('O"Neil, (the) <ada@example.com>; a:b', "a, b; c")
@example("a  b", "")
def test_every_header_reads_back_as_it_was_meant(name: str, subject: str) -> None:
    raw = email(envelope(recipient_name=name, sender_name=name), subject, "text", "<p>text</p>")
    head, _, _ = raw.partition(b"\n\n")
    for line in head.split(b"\n"):
        assert len(line) <= 998
        words = _WORD.findall(line)
        assert all(len(word) <= 75 for word in words)
        assert len(line) <= 76 or not words
    shown = " ".join(name.split())[:120].strip()
    for header, address in (("To", "ada@example.com"), ("From", "accounts@creditor.example")):
        assert [each.addr_spec for each in parsed(raw)[header].addresses] == [address]
        # Blanks between encoded words do not count, which `addresses` of some Pythons forgets.
        said_name, said_address = parseaddr(message_from_bytes(raw)[header])
        assert (str(make_header(decode_header(said_name))), said_address) == (shown, address)
    assert parsed(raw)["Subject"] == " ".join(subject.split())[:200]


def test_an_address_that_is_none_is_never_written_into_a_header() -> None:
    with pytest.raises(ValueError, match="address"):
        written(recipient="ada@example.com\r\nBcc: eve@example.com")


def test_names_and_subjects_in_other_scripts_arrive_as_they_are() -> None:
    message = written(recipient_name="Żółć Ærøskøbing")
    assert message["To"] == "Żółć Ærøskøbing <ada@example.com>"
    assert "Dear Żółć Ærøskøbing" in body(message, "plain")


def test_no_line_is_too_long_for_smtp() -> None:
    account = a_check(checked_invoice(number="n" * 2000))
    raw = as_email("reminder", said(account))
    assert max(len(line) for line in raw.splitlines()) < 998


def test_a_name_is_escaped_in_html_and_never_run_as_a_template() -> None:
    message = written(recipient_name="<script>alert(1)</script> {{ 7 * 7 }}")
    assert "<script>" not in body(message, "html")
    assert "&lt;script&gt;" in body(message, "html")
    assert "{{ 7 * 7 }}" in body(message, "plain")


def test_a_strategy_that_names_a_missing_template_is_refused() -> None:
    sources = {name: text for name, text in TEMPLATES.items() if not name.startswith("firm/")}
    with pytest.raises(Invalid, match="there is no template firm"):
        Templates(sources).check([("consumer, step firm-notice", "firm")])


def test_a_changed_template_has_another_version() -> None:
    words = TEMPLATES["firm/en.yaml"].replace("reminders", "letters")
    changed = Templates({**TEMPLATES, "firm/en.yaml": words}).in_force.versions
    assert changed["firm"] != WORDS.in_force.versions["firm"]
    assert changed["final"] == WORDS.in_force.versions["final"]


def test_all_that_is_past_due_is_listed_and_the_total_is_what_is_collectable() -> None:
    account = a_check(
        checked_invoice("I1"),
        checked_invoice("I2", balance_minor=5_000, disputed_minor=2_000),
        checked_invoice("I3", stage=None),
        unapplied_minor=1_000,
    )
    found = said(account)
    assert [(line.subject_id, line.amount_minor) for line in found.overdue] == [
        ("I1", 10_000), ("I2", 3_000),
    ]  # fmt: skip
    (total,) = found.overdue_totals
    assert (total.open_minor, total.unapplied_minor, total.asked_minor) == (13_000, 1_000, 12_000)
    assert found.upcoming == ()


def test_a_reminder_lists_what_is_due_soon() -> None:
    account = a_check(checked_invoice("I1", stage=None), checked_invoice("I2", stage=None))
    found = said(account, "upcoming", "I2")
    assert [line.subject_id for line in found.upcoming] == ["I2"]
    assert found.upcoming_totals[0].asked_minor == 10_000
    assert found.overdue == ()


@pytest.mark.parametrize(
    ("amount", "currency", "language", "country", "text"),
    [
        (123_456_789, "EUR", "en", None, "€1,234,567.89"),
        (123_456_789, "EUR", "de", "AT", "€ 1.234.567,89"),
        (123_456_789, "EUR", "de-AT", None, "€ 1.234.567,89"),
        (123_456_789, "EUR", "es", "DE", "1.234.567,89 €"),
        (123_456_789, "EUR", "es", "MX", "EUR 1,234,567.89"),
        (5, "USD", "en", "US", "$0.05"),
        (1234, "JPY", "en", "GB", "JP¥1,234"),
        (1_234_567, "BHD", "en", None, "BHD 1,234.567"),
        (1234, "IQD", "en", None, "IQD 1.234"),
        (-1000, "EUR", "en", None, "-€10.00"),
        (0, "EUR", "de", "DE", "0,00 €"),
        (100, "EUR", "xx", "ZZ", "€1.00"),
    ],
)
def test_money_is_written_in_the_language_with_the_country_and_the_currencys_decimals(
    amount: int, currency: str, language: str, country: str | None, text: str
) -> None:
    written = str(notation(language, country).money(amount, currency))
    assert written.replace("\xa0", " ").replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("language", "country", "text"),
    [
        ("en", None, "2 March 2026"),
        ("en", "US", "March 2, 2026"),
        ("de", "AT", "2. März 2026"),
        ("fr", "DE", "2 mars 2026"),
        ("es", None, "2 de marzo de 2026"),
    ],
)
def test_a_day_is_written_out(language: str, country: str | None, text: str) -> None:
    assert str(notation(language, country).day(MONDAY)) == text


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("ada@example.com", "ada@example.com"),
        (" ada@example.com ", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@example.com\r\nBcc: eve@example.com", None),
        ("ada@example.com, eve@example.com", None),
        ("Ada <ada@example.com>", None),
        ("ada", None),
        ("ada@", None),
        ("@example.com", None),
        ("ada@exa mple.com", None),
        ("adä@example.com", None),
        (".ada@example.com", None),
        ("ada..a@example.com", None),
        ("ada@example..com", None),
        ("ada@-example.com", None),
        (f"{'a' * 65}@example.com", None),
        ("a.d+a@sub.example.co", "a.d+a@sub.example.co"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("ada@FAẞ.example", "ada@xn--fa-hia.example"),
        ("ada@straße.de", "ada@xn--strae-oqa.de"),
        ("ada@βόλος.com", "ada@xn--nxasmm1c.com"),
        ("ada@ΒΌΛΟΣ-1.gr", "ada@xn---1-e9b0buy4d.gr"),  # σ, as resolvers have it, and not ς
        ("ada@Bücher.Example", "ada@xn--bcher-kva.example"),
        ("ada@xn--fa-hia.example", "ada@xn--fa-hia.example"),
        ("ada@XN--FA-HIA.example", "ada@xn--fa-hia.example"),
        ("ada@xn--a.example", None),
        ("ada@xn--\u00df.example", None),
        ("ada@نامه\u200cای.com", "ada@xn--mgba3gch31f060k.com"),
        ("ada@a\u200cb.example", None),
        ("ada@☕.example", None),
        ("ada@💩.la", None),
        ("ada@例え。テスト", "ada@xn--r8jz45g.xn--zckzah"),
        ("ada@EXAMPLE.com", "ada@example.com"),
        ("ada@example.com.", None),
        ("ada@[192.0.2.1]", None),
        ("ada@192.0.2.1", None),
        ("ada@exa_mple.com", None),
        (f"ada@{'a' * 63}.example", f"ada@{'a' * 63}.example"),
        (f"ada@{'a' * 64}.example", None),
        (f"ada@{'ß' * 64}.example", None),
        (f"ada@{'ü' * 100_000}.example", None),
        (f"ada@{'a.' * 130}example", None),
        ("ада@example.com", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_plain_address_is_written_to(address: str | None, usable: str | None) -> None:
    assert deliverable(address) == usable


def test_the_message_id_is_the_contacts() -> None:
    assert message_id("c1", "accounts@creditor.example") == "<c1@creditor.example>"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (None, "attempt to collect a debt"),
        ("fr", "société de recouvrement"),
        ("pl", "attempt to collect a debt"),
        ("de-AT", "Inkassounternehmen"),
    ],
)
def test_what_must_be_said_stands_below_the_message_in_the_readers_language(
    language: str | None, words: str
) -> None:
    content_said = said(a_check(checked_invoice()))
    raw = as_email("firm", content_said, ("mini-miranda", "opt-out"), language=language)
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    for kind in ("plain", "html"):
        text = " ".join(body(message, kind).split())
        assert words in text
        assert "STOP" in text


def test_a_message_whose_words_are_missing_is_not_written() -> None:
    missing = WORDS.unworded(("opt-out", "no-such-text"), "de", CreditorDetails("Creditor Ltd"))
    assert missing == ["no-such-text"]
    with pytest.raises(NotWritten, match="no-words: no-such-text"):
        as_email("firm", said(a_check(checked_invoice())), ("no-such-text",))


# Texts that name what only the tenant knows, or that are for other media than ours: a message that
# needs one is not sent, and says so.
WORDLESS = {
    "advertisement", "callback-number", "caller-name-and-business", "identify-within-30-seconds",
    "opt-out-one-word", "verify-identity-first",
}  # fmt: skip


def test_a_text_that_names_what_is_not_known_of_the_creditor_is_not_said() -> None:
    text = ("creditor-name-address-tax-id",)
    known = CreditorDetails("Creditor Ltd", "1 High St", "12.345")
    assert WORDS.unworded(text, "pt", CreditorDetails("Creditor Ltd", "1 High St")) == list(text)
    assert WORDS.unworded(text, "pt", known) == []
    lists = said(a_check(checked_invoice()))
    raw = as_email("firm", lists, text, creditor=known, language="pt")
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert "CPF/CNPJ 12.345" in " ".join(body(message, "plain").split())


def test_every_text_that_the_rule_books_ask_for_has_words_or_is_known_to_have_none() -> None:
    asked = {
        each.text_id
        for shipped in RULEBOOKS
        for rule in shipped.content.rules
        if rule.kind.name == "disclosure"
        for each in rule.params.texts
    }
    assert asked
    assert set(WORDS.unworded(sorted(asked), "en", CreditorDetails("x", "x", "x"))) <= WORDLESS


def test_bad_words_are_refused_when_they_are_read() -> None:
    with pytest.raises(Invalid, match=r"_disclosures\.en\.yaml"):
        Templates({**TEMPLATES, "_disclosures.en.yaml": "- a list"})
    with pytest.raises(Invalid, match="opt-out in en"):
        Templates({**TEMPLATES, "_disclosures.en.yaml": "opt-out: '{{ unknown }}'"})
    with pytest.raises(Invalid, match=r"firm/de\.yaml"):
        Templates({**TEMPLATES, "firm/de.yaml": "subject: only"})


def test_other_words_are_another_version_of_the_template() -> None:
    other = Templates({**TEMPLATES, "_disclosures.en.yaml": "opt-out: Write STOP."})
    assert other.in_force.versions["firm"] != WORDS.in_force.versions["firm"]
