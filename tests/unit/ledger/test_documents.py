"""Documents: texts in four languages, tables, and what stands on the pages."""

import csv
import io
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import date, timedelta
from string import Formatter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from pypdf import PdfReader

from services.ledger.api import models
from services.ledger.documents.invoice_pdf import invoice_pdf
from services.ledger.documents.lines import text_of
from services.ledger.documents.papers import (
    DiscountOffer,
    InvoicedItem,
    InvoicePaper,
    Party,
    Received,
    StatementPaper,
)
from services.ledger.documents.statement_pdf import statement_pdf
from services.ledger.documents.tables import COLUMNS, statement_csv, statement_json
from services.ledger.documents.words import LANGUAGES, Words, catalogue, language_of
from services.ledger.domain.movements import LINE_KINDS, TOTALS, ChargedDays, OpenCharge
from services.ledger.domain.statement import CurrencyStatement, Line, OpenItem
from shared.pdf.joining import joined

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
_encode = msgspec.msgpack.encode

CHARGES = (
    OpenCharge(
        "interest:I1",
        "interest",
        "EUR",
        "I1",
        date(2026, 3, 1),
        812,
        812,
        "§ 288 (2) BGB",
        (ChargedDays(date(2026, 2, 1), date(2026, 2, 28), 28, 100000, "10.27"),),
        "INV-1",
    ),
    OpenCharge("bounce-fee:R1", "fee", "EUR", None, date(2026, 3, 2), 300, 300, "Returned"),
)


def _line(count: int, kind: str = "invoice-issued", amount: int = 100, **more: Any) -> Line:
    on = FIRST + timedelta(days=count % 90)
    return Line(on, kind, f"X{count}", amount, 100 * count + amount, **more)


def _part(currency: str, *lines: Line, items: int = 1, **more: Any) -> CurrencyStatement:
    opened = tuple(
        OpenItem(f"I{n}", f"INV-{n}", FIRST, date(2026, 1, 31), 59, 1000, 10, 5)
        for n in range(items)
    )
    added = sum(line.amount_minor for line in lines)
    totals = dict.fromkeys(TOTALS, 0)
    for kind, minor in Counter({line.kind: line.amount_minor for line in lines}).items():
        totals[LINE_KINDS[kind]] += minor
    return CurrencyStatement(
        currency, FIRST, LAST, 0, lines, added, totals, opened, more.get("charges", ())
    )


def _paper(*parts: CurrencyStatement, **more: Any) -> bytes:
    paper = StatementPaper(
        language="en",
        country=None,
        made_on=LAST,
        creditor=Party("demo"),
        debtor=Party("Ada Example", ("1 Long Street", "Berlin")),
        account_id="C1",
        reference="RF41M6C6K2N7QSCM",
        from_on=FIRST,
        to_on=LAST,
        parts=parts,
    )
    return _encode(structs.replace(paper, **more))


def _pages(document: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(document)).pages]


def _one_line(text: str) -> str:
    return " ".join(text.split())


# ── Words ───────────────────────────────────────────────────────────────────────────────────────


def _fields(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_fields(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert other.keys() == english.keys()
    assert {key: _fields(text) for key, text in other.items()} == {
        key: _fields(text) for key, text in english.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_line_and_every_total_has_a_text(language: str) -> None:
    texts = catalogue(language)
    assert {f"line.{kind}" for kind in LINE_KINDS} <= texts.keys()
    assert {f"total.{name}" for name in TOTALS} <= texts.keys()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (_line(1, invoice_id="I1", number="INV-1"), "Rechnung INV-1"),
        (_line(1, invoice_id="I1"), "Rechnung I1"),
        (_line(1, "payment-received", invoice_id="I1", number="INV-1"), "Zahlung X1"),
        (
            _line(1, "payment-reversed", variant="bounced", of_id="P1"),
            "Rücklastschrift der Zahlung P1",
        ),
        (_line(1, "payment-reversed", variant="new", of_id="P1"), "Zahlung P1 zurückgenommen"),
        (_line(1, "credit-note-issued"), "Gutschrift X1"),
        (_line(1, "fee"), "Gebühr"),
        (_line(1, "fee", invoice_id="I1"), "Gebühr, Rechnung I1"),
        (_line(1, "invoice-raised", invoice_id="I1"), "Buchung X1"),
    ],
)
def test_a_line_says_what_it_is(line: Line, text: str) -> None:
    assert text_of(line, Words("de")) == text


def test_amounts_and_days_are_written_as_readers_write_them() -> None:
    written = [
        Words(language, country).money(123450, "EUR")
        for language, country in (
            *(("en", "GB"), ("en", "DE"), ("de", None)),
            *(("fr", None), ("es", "DE")),
        )
    ]
    assert written == [
        "€1,234.50",
        "1.234,50\xa0€",
        "1.234,50\xa0€",
        "1\u202f234,50\xa0€",
        "1.234,50\xa0€",
    ]
    german = Words("de", "DE")
    assert (german.amount(1234, "JPY"), german.amount(-1234567, "BHD")) == ("1.234", "-1.234,567")
    assert german.money(12345, "MGA") == "123,45\xa0MGA"  # CLDR would round it to whole units
    assert german.amount(2**62, "EUR") == "46.116.860.184.273.879,04"
    assert (german.day(LAST), german.percent("9.12")) == ("31.03.2026", "9,12\xa0%")


@pytest.mark.parametrize(
    ("wishes", "language"),
    [(("de-AT",), "de"), ((None, "fr_CA"), "fr"), (("pt", "ES"), "es"), ((None, ""), "en")],
)
def test_the_first_language_that_we_have(wishes: tuple[str | None, ...], language: str) -> None:
    assert language_of(*wishes) == language


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────


def test_the_table_has_an_opening_the_lines_and_a_closing() -> None:
    lines = (_line(1, amount=1250), _line(2, "payment-received", -400))
    content = statement_csv(_paper(_part("EUR", *lines), _part("JPY")))
    head, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert tuple(head) == COLUMNS
    assert [row[1] for row in rows] == [
        *("opening", "invoice-issued", "payment-received", "closing"),
        *("opening", "closing"),
    ]
    assert [row[6:] for row in rows] == [
        ["EUR", "", "", "0.00"],
        ["EUR", "12.50", "", "13.50"],
        ["EUR", "", "4.00", "-2.00"],
        ["EUR", "", "", "8.50"],
        ["JPY", "", "", "0"],
        ["JPY", "", "", "0"],
    ]


def test_no_cell_of_the_table_is_a_formula() -> None:
    line = _line(1, invoice_id="=1+1", number="@x")
    content = statement_csv(_paper(_part("EUR", structs.replace(line, id="-2"))))
    row = list(csv.reader(io.StringIO(content.decode(), newline="")))[2]
    assert row[2:5] == ["'-2", "'=1+1", "'@x"]


def test_the_answer_has_the_shape_that_is_declared() -> None:
    content = statement_json(_paper(_part("EUR", _line(1, "fee", 100, invoice_id="I1"))))
    answer = models.Statement.model_validate_json(content)
    assert answer.currencies[0].lines[0].text == "Fee, invoice I1"
    assert answer.currencies[0].totals.charged == 100


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_has_a_run_of_pages_for_each_currency(language: str) -> None:
    lines = [
        _line(n, kind, -100 if n % 2 else 300, invoice_id="I1", number="INV-1")
        for n, kind in enumerate([*LINE_KINDS] * 4)
    ]
    parts = (_part("EUR", *lines, charges=CHARGES), _part("USD", lines[0]), _part("JPY", items=0))
    words = Words(language)
    pages = _pages(statement_pdf(_paper(*parts, language=language)))
    for number, page in enumerate(pages, start=1):
        assert words.text("page", page=number, pages=len(pages)) in page
    assert len(pages) == 5
    text = _one_line("\n".join(pages[:3]))
    for line in lines:
        assert _one_line(text_of(line, words)) in text
    for key in ("heading.open_items", "heading.charges", "heading.pay"):
        assert _one_line(words.text(key)) in text
        assert words.text(key) not in pages[-1]
    assert "§ 288 (2) BGB" in text
    assert _one_line(words.percent("10.27")) in text
    assert "RF41 M6C6 K2N7 QSCM" in text
    assert words.text("empty.lines") in pages[-1]


def test_the_same_data_is_the_same_bytes_in_another_process() -> None:
    paper = _paper(_part("EUR", *(_line(n, invoice_id="Ж") for n in range(3)), charges=CHARGES))
    code = (
        "import sys; from services.ledger.documents.statement_pdf import statement_pdf;"
        "sys.stdout.buffer.write(statement_pdf(sys.stdin.buffer.read()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", code], input=paper, capture_output=True, check=True, env=environment
    )
    assert other.stdout == statement_pdf(paper)
    assert b"20260331" in other.stdout


def test_an_empty_account_has_a_page_that_says_so() -> None:
    (page,) = _pages(statement_pdf(_paper(language="es")))
    assert "Todavía no hay nada en esta cuenta." in page


@settings(max_examples=10, deadline=None)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=40))
def test_any_name_and_number_can_be_drawn(texts: list[str]) -> None:
    lines = [_line(n, invoice_id=text, number=text) for n, text in enumerate(texts)]
    debtor = Party(texts[0], tuple(texts[:9]))
    document = statement_pdf(_paper(_part("EUR", *lines), debtor=debtor, account_id=texts[0]))
    assert document.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("محمد", "MEEM initial, HAH medial, MEEM medial, DAL final"),
        ("سلام", "SEEN initial, LAM WITH ALEF final, MEEM isolated"),
        ("مَد", "MEEM initial, FATHA, DAL final"),  # a mark between them
        ("بـ", "BEH initial, TATWEEL"),
        ("Ada", "A, D, A"),
    ],
)
def test_arabic_letters_join_their_neighbours(text: str, forms: str) -> None:
    shown = []
    for letter in joined(text):
        name = unicodedata.name(letter).removesuffix(" FORM").removeprefix("ARABIC ")
        *words, last = name.split()
        is_form = last in ("INITIAL", "MEDIAL", "FINAL", "ISOLATED")
        name = " ".join([*words, last.lower()] if is_form else [*words, last])
        for kind in ("LETTER ", "LIGATURE ", "LATIN CAPITAL LETTER ", "LATIN SMALL LETTER "):
            name = name.removeprefix(kind)
        shown.append(name)
    assert ", ".join(shown) == forms


def test_letters_of_many_scripts_and_very_long_words() -> None:
    name = "Ωμέγα «Пример» Łódź محمد 李小龙 " + "x" * 2000
    line = _line(1, invoice_id="I1", number="N" * 2000)
    (page,) = _pages(statement_pdf(_paper(_part("EUR", line), debtor=Party(name))))
    assert "Ωμέγα «Пример» Łódź" in page
    assert "□□□" in page


def _invoice(**more: Any) -> bytes:
    paper = InvoicePaper(
        language="de",
        country="DE",
        made_on=LAST,
        creditor=Party("demo"),
        debtor=Party("Ada Example"),
        account_id="C1",
        reference="RF41M6C6K2N7QSCM",
        invoice_id="I1",
        number="RE-17",
        currency="EUR",
        issued_on=FIRST,
        due_on=LAST,
        amount_minor=119000,
        balance_minor=59000,
        status="open",
        items=(InvoicedItem("Wartung", 100000), InvoicedItem(None, 19000)),
        discount=DiscountOffer("2", date(2026, 4, 11), 2380, 56620),
        received=(Received(FIRST, "payment", "P1", 50000), Received(LAST, "new", "K1", 10000)),
        charges=CHARGES,
        payment_url="https://pay.example.com/1",
    )
    return _encode(structs.replace(paper, **more))


def test_a_copy_shows_what_was_invoiced_what_was_paid_and_what_is_open() -> None:
    (page,) = _pages(invoice_pdf(_invoice()))
    page = page.replace("\xa0", " ")
    for text in (
        "Kopie der Rechnung RE-17",
        "Dies ist eine Kopie.",
        "Wartung",
        "Position",
        "1.190,00 €",
        "2 % Skonto (23,80 €), wenn der Rest von 566,20 € bis 11.04.2026 gezahlt ist.",
        "Zahlung P1",
        "-500,00",
        "Offen: 590,00 €",
        "Offen mit Nebenkosten: 601,12 €",
        "https://pay.example.com/1",
        "RF41 M6C6 K2N7 QSCM",
    ):
        assert text in page, text


def test_a_copy_of_a_void_or_paid_invoice_asks_for_nothing() -> None:
    (void,) = _pages(invoice_pdf(_invoice(status="void", balance_minor=0, discount=None)))
    assert "Diese Rechnung wurde storniert." in void
    assert "Offen" not in void
    offer = DiscountOffer("2.5", FIRST, 2380, None)
    (paid,) = _pages(
        invoice_pdf(_invoice(status="paid", balance_minor=0, charges=(), discount=offer))
    )
    assert "RF41" not in paid
    assert "2,5" in paid
    assert "angeboten" in paid
