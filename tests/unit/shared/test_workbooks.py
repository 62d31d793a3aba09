"""Workbooks (.xlsx), read as files of rows."""

import random
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from shared.csv_events import workbook_reader
from shared.csv_events.mapping import parse_mapping
from shared.csv_events.rows import Outcome, Skipped, read_events
from shared.errors import Invalid

MAPPING = """
file: {%s}
numbers: {decimal: ",", thousands: "."}
dates: ["%%d.%%m.%%Y"]
events:
  - type: invoice-issued
    data:
      invoice_id: {column: Number}
      account_id: {column: Customer, as: id}
      currency: EUR
      amount_minor: {column: Amount, as: money}
      issued_on: {column: Issued, as: date}
      due_on: {column: Due, as: date}
"""
HEADER = ("Customer", "Number", "Amount", "Issued", "Due")

Fill = Callable[[Any, Any], None]


def a_workbook(path: Path, fill: Fill, **options: Any) -> Path:
    with xlsxwriter.Workbook(path / "file.xlsx", options) as book:
        fill(book, book.add_format({"num_format": "yyyy-mm-dd"}))
    return path / "file.xlsx"


def rows_of(book: Any, day: Any, *, first: int = 0, sheet: str = "Invoices") -> Any:
    page = book.add_worksheet(sheet)
    page.write_row(first, 0, HEADER)
    page.write_row(first + 1, 0, ["C1", 4711, 1234.56])
    page.write_datetime(first + 1, 3, datetime(2026, 3, 1), day)
    page.write_datetime(first + 1, 4, datetime(2026, 3, 31), day)
    page.write_row(first + 2, 0, ["C2", "A-2", "1.234,50", "01.04.2026", "30.04.2026"])
    return page


def data_of(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    return [made.event["data"] for row in outcomes if isinstance(row, list) for made in row]


def read(path: Path, form: str = "format: xlsx", mapping: str = MAPPING) -> list[Outcome]:
    return list(read_events(path, parse_mapping(mapping % form), "demo"))


@pytest.mark.parametrize("form", ["format: xlsx", "header_row: 1", "sheet: Invoices"])
@pytest.mark.parametrize("date_1904", [False, True])
def test_cells_of_a_workbook_keep_their_kind(tmp_path: Path, form: str, date_1904: bool) -> None:
    """Numbers and days are what they are, whatever the mapping says of texts."""
    file = a_workbook(tmp_path, rows_of, date_1904=date_1904)
    first, second = data_of(read(file, form))
    assert first == {
        "invoice_id": "4711",
        "account_id": "C1",
        "currency": "EUR",
        "amount_minor": 123_456,
        "issued_on": "2026-03-01",
        "due_on": "2026-03-31",
    }
    assert (second["amount_minor"], second["issued_on"]) == (123_450, "2026-04-01")


def test_what_floats_do_not_keep_is_no_fraction_of_a_cent(tmp_path: Path) -> None:
    def fill(book: Any, day: Any) -> None:
        page = rows_of(book, day)
        for row, amount in enumerate((0.1 + 0.2, 1.0000000049, 1.005), start=3):
            page.write_row(row, 0, ["C3", f"F-{row}", amount, "01.04.2026", "30.04.2026"])

    outcomes = read(a_workbook(tmp_path, fill))
    assert [data["amount_minor"] for data in data_of(outcomes)[2:]] == [30, 100]
    assert str(outcomes[-1]) == "line 6, Amount: '1.005' has more decimals than EUR (2)"


def test_the_header_stands_where_the_mapping_says(tmp_path: Path) -> None:
    def fill(book: Any, day: Any) -> None:
        rows_of(book, day, first=3).write(0, 0, "Open items of March")

    file = a_workbook(tmp_path, fill)
    assert len(data_of(read(file, "header_row: 4"))) == 2
    with pytest.raises(Invalid, match="has no column Amount"):
        read(file)
    with pytest.raises(Invalid, match="has no header in row 2"):
        read(file, "header_row: 2")


def test_columns_by_their_place(tmp_path: Path) -> None:
    def fill(book: Any, day: Any) -> None:
        page = book.add_worksheet()
        page.write_row(1, 1, ["C1", 7, 12, "01.04.2026", "30.04.2026"])

    mapping = MAPPING
    for place, name in enumerate(HEADER, start=2):
        mapping = mapping.replace(f"column: {name}", f'column: "#{place}"')
    (data,) = data_of(read(a_workbook(tmp_path, fill), "header_row: 0", mapping))
    assert (data["account_id"], data["amount_minor"]) == ("C1", 1_200)


def test_another_sheet_is_named(tmp_path: Path) -> None:
    def fill(book: Any, day: Any) -> None:
        book.add_worksheet("Cover").write(0, 0, "Our invoices")
        rows_of(book, day)

    file = a_workbook(tmp_path, fill)
    assert len(data_of(read(file, "sheet: Invoices"))) == 2
    with pytest.raises(Invalid, match="no sheet 'Bills'; it has Cover, Invoices"):
        read(file, "sheet: Bills")


def test_numbers_decide_which_rows_are_meant(tmp_path: Path) -> None:
    mapping = MAPPING.replace("    data:", "    where: {Amount: {above: 1234.55}}\n    data:")
    file = a_workbook(tmp_path, rows_of)
    assert [data["invoice_id"] for data in data_of(read(file, mapping=mapping))] == ["4711"]
    mapping = MAPPING.replace("    data:", '    where: {Number: "4711"}\n    data:')
    outcomes = read(file, mapping=mapping)
    assert len(data_of(outcomes)) == 1
    assert isinstance(outcomes[1], Skipped)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 and no more", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0 old", "an old Excel workbook"),
        (b"a,b\n1,2\n", "no workbook"),
    ],
)
def test_what_is_no_workbook_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f.xlsx").write_bytes(content)
    with pytest.raises(Invalid, match=said):
        read(tmp_path / "f.xlsx")


def test_another_zip_file_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(Invalid, match="no Excel workbook"):
        read(tmp_path / "f.zip")


def test_a_workbook_that_swells_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", " ")
        archive.filelist[0].file_size = workbook_reader.UNPACKED_MAX + 1  # as its directory says
    with pytest.raises(Invalid, match="more than 1 GiB unpacked"):
        read(tmp_path / "f.xlsx")


def test_two_cells_at_the_ends_of_a_sheet_cost_no_memory(tmp_path: Path) -> None:
    """Read as a rectangle, they would be 17 thousand million cells."""

    def fill(book: Any, day: Any) -> None:
        page = rows_of(book, day)
        page.write(1_048_575, 16_383, "far")

    with pytest.raises(Invalid, match=r"too much memory|no Excel workbook"):
        read(a_workbook(tmp_path, fill))


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_workbook_gives_rows_or_a_refusal(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(a_workbook(tmp_path, rows_of).read_bytes())
    for _ in range(1 + 10 * seed):
        content[chance.randrange(4, len(content))] = chance.randrange(256)
    (tmp_path / "file.xlsx").write_bytes(content[: len(content) - 40 * seed])
    with suppress(Invalid):
        read(tmp_path / "file.xlsx")
