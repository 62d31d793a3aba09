"""What is found out about a file that nobody has described."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.csv_events.amounts import NumberFormat
from shared.csv_events.finding import find_encoding, find_numbers
from shared.csv_events.mapping import parse_mapping
from shared.csv_events.rows import Refusal, read_events
from shared.csv_events.sniffing import Sniffed, sniff
from shared.errors import Invalid

GERMAN = (
    "Offene Posten;;;;\n\nKunde;Rechnungsnr;Betrag;Rechnungsdatum;Fälligkeit\n"
    "Müller;R1;1.234,56;31.12.2026;30.01.2027\nSchön & Söhne;R2;-20,00;5.1.2026;4.2.2026\n"
)


def sniffed(folder: Path, content: str | bytes) -> Sniffed:
    (folder / "f.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return sniff(folder / "f.csv")


def test_a_german_list(tmp_path: Path) -> None:
    found = sniffed(tmp_path, GERMAN.encode("cp1252"))
    assert found.file == {
        "format": "csv", "encoding": "windows-1252", "delimiter": ";", "header_row": 3,
    }  # fmt: skip
    assert (found.numbers, found.dates, found.zone) == (
        {"decimal": ",", "thousands": "."}, ["%d.%m.%Y"], None,
    )  # fmt: skip
    assert [(column.name, column.guess) for column in found.columns] == [
        ("Kunde", "account_id"), ("Rechnungsnr", "invoice_id"), ("Betrag", "amount"),
        ("Rechnungsdatum", "issued_on"), ("Fälligkeit", "due_on"),
    ]  # fmt: skip
    assert found.columns[2].samples == ["1.234,56", "-20,00"]
    asked = {question.about: question.found for question in found.questions}
    assert asked == {"encoding": "windows-1252", "currency": "EUR"}
    # The draft is a mapping, by which the file can be read.
    assert found.mapping is not None
    outcomes = list(read_events(tmp_path / "f.csv", parse_mapping(found.mapping), "demo"))
    assert not [row for row in outcomes if isinstance(row, Refusal)]
    data = [made.event["data"] for row in outcomes if isinstance(row, list) for made in row]
    assert data[1]["amount_minor"] == 123_456
    assert data[1]["due_on"] == "2027-01-30"


@pytest.mark.parametrize(
    ("days", "formats", "asked"),
    [
        (("03/31/2026", "01/02/2026"), ["%m/%d/%Y"], False),
        (("31/03/2026", "01/02/2026"), ["%d/%m/%Y"], False),
        (("01/02/2026", "03/04/2026"), ["%m/%d/%Y"], True),
        (("2026-03-31", "2026-01-02"), [], False),
        (("20260331", "20260102"), ["%Y%m%d"], False),
        (("45992", "46000"), ["excel"], False),
        (("31-Mar-2026", "2-Jan-2026"), ["%d-%b-%Y"], False),
        (("2026-03-31 09:30", "2026-01-02 10:00"), ["%Y-%m-%d %H:%M"], False),
        (("soon", "later"), [], False),
    ],
)
def test_days(tmp_path: Path, days: tuple[str, str], formats: list[str], asked: bool) -> None:
    rows = "".join(f"C1,V{n},1.50,{day}\n" for n, day in enumerate(days))
    found = sniffed(tmp_path, "Customer,Invoice,Amount,Date\n" + rows)
    told = [pattern for pattern in found.dates if pattern != "%Y-%m-%dT%H:%M"]
    assert told == formats or (not formats and found.dates == [])
    assert any(question.about.startswith("dates") for question in found.questions) is asked


def test_another_column_says_which_way_round_days_are(tmp_path: Path) -> None:
    found = sniffed(
        tmp_path, "Customer,Invoice,Amount,Date,Due\nC1,V1,1.50,01/02/2026,31/02/2026\n"
        "C1,V1,1.50,01/02/2026,28/02/2026\n".replace("31/02", "27/02"),
    )  # fmt: skip
    assert found.dates == ["%d/%m/%Y"]
    assert not [question for question in found.questions if question.about.startswith("dates")]


@pytest.mark.parametrize(
    ("texts", "numbers", "is_sure"),
    [
        (["1.234,56"], NumberFormat(",", "."), True),
        (["1,234.56", "7"], NumberFormat(".", ","), True),
        (["12,5"], NumberFormat(",", ""), True),
        (["1 234,50", "99"], NumberFormat(",", " "), True),
        (["1'234.50"], NumberFormat(".", "'"), True),
        (["1’234.50 CHF"], NumberFormat(".", "'"), True),
        (["12,34,567.80"], NumberFormat(".", ",", "indian"), True),
        (["1.234.567"], NumberFormat(",", "."), True),
        (["7", "8"], NumberFormat(), True),
        (["1.234"], NumberFormat(), False),
        (["12,5", "12.5"], NumberFormat(",", ""), False),
        (["€ 1.234,50-", "(7,10)"], NumberFormat(",", "."), True),
    ],
)
def test_numbers(texts: list[str], numbers: NumberFormat, is_sure: bool) -> None:
    found = find_numbers(texts)
    assert found.is_sure is is_sure
    if is_sure:
        assert found.value == numbers


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Müller, Größe, Café", "windows-1252"),
        ("Zażółć gęślą jaźń, ąćęł", "windows-1250"),
        ("Общество с ограниченной", "windows-1251"),
        ("Müller schöne Grüße", "cp850"),
        ("Müller", "utf-16-le"),
    ],
)
def test_encodings(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "f").write_bytes(text.encode(encoding))
    found = find_encoding(tmp_path / "f")
    assert found is not None
    assert found.value == encoding


def test_utf_8_is_no_question(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("Müller", encoding="utf-8")
    assert find_encoding(tmp_path / "f") is None


def test_a_workbook(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "f.xlsx") as book:
        page = book.add_worksheet()
        page.write(0, 0, "Open items")
        page.write_row(2, 0, ["Customer", "Invoice", "Amount", "Invoice Date", "Due Date"])
        page.write_row(3, 0, ["C1", 4711, 12.5, "2026-01-01", "2026-01-31"])
    found = sniff(tmp_path / "f.xlsx")
    assert found.file == {"format": "xlsx", "header_row": 3}
    assert found.mapping is not None
    (row,) = read_events(tmp_path / "f.xlsx", parse_mapping(found.mapping), "demo")
    assert isinstance(row, list)
    assert row[1].event["data"]["amount_minor"] == 1_250


def test_lines_of_json(tmp_path: Path) -> None:
    found = sniffed(tmp_path, '{"id": 1, "customer": {"id": "C1"}, "amount": 5}\n{"id": 2}\n')
    assert found.file == {"format": "ndjson"}
    assert [(c.name, c.samples, c.empty) for c in found.columns] == [
        ("id", ["1", "2"], 0), ("customer.id", ["C1"], 1), ("amount", ["5"], 1),
    ]  # fmt: skip
    found = sniffed(tmp_path, '{"specversion": "1.0", "type": "payment-received"}\n')
    assert found.mapping is None


STARTS = st.sampled_from(
    [b"", b"PK\x03\x04", b"{", b"\xff\xfe", b"\xef\xbb\xbf", b'a;b\n"', b"id,inv\n", b"\x1f\x8b"]
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=STARTS, rest=st.binary(max_size=400), repeat=st.integers(1, 50))
def test_whatever_the_bytes_there_are_rows_or_a_refusal(
    tmp_path: Path, start: bytes, rest: bytes, repeat: int
) -> None:
    (tmp_path / "f").write_bytes(start + rest * repeat)
    ends_well(lambda: sniff(tmp_path / "f"))
    mapping = parse_mapping(
        "events:\n  - type: invoice-voided\n    time: '2026-01-01T00:00:00Z'\n"
        "    data: {invoice_id: {column: '#1'}, account_id: {column: '#1', as: id}}\n"
    )
    ends_well(lambda: list(read_events(tmp_path / "f", mapping, "demo")))


def ends_well(reads: Callable[[], object]) -> None:
    with suppress(Invalid):
        reads()
