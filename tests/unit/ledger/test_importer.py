"""CSV rows to billing events: what a mapping makes, and how a bad cell is told."""

from pathlib import Path

import pytest

from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Outcome, Refusal, read_events
from shared.errors import Invalid

MAPPING = """
source: /import/test
dates: ["%m/%d/%Y"]
events:
  - type: account-registered
    once_per: customer
    time: 2026-01-01T00:00:00Z
    data: {account_id: {column: customer}, name: {column: customer}}
  - type: invoice-issued
    data:
      invoice_id: {column: number}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      issued_on: {column: issued, as: date}
      due_on: {column: due, as: date}
      number: {column: note, optional: true}
  - type: payment-received
    when: paid
    data:
      payment_id: {text: "pay:{number}"}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      received_at: {column: paid, as: instant, at: "12:00", zone: Europe/Berlin}
"""
HEADER = "customer,number,amount,issued,due,paid,note\n"


@pytest.fixture
def mapping() -> MappingFile:
    return parse_mapping(MAPPING)


def read(path: Path, mapping: MappingFile, content: str | bytes) -> list[Outcome]:
    path /= "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else (HEADER + content).encode())
    return list(read_events(path, mapping, "demo"))


def test_a_row_becomes_its_events(tmp_path: Path, mapping: MappingFile) -> None:
    (row,) = read(tmp_path, mapping, "C1,0007,12.50,1/2/2026,2/1/2026,2/3/2026,\n")
    assert isinstance(row, list)
    assert [made.event["type"] for made in row] == [
        "account-registered",
        "invoice-issued",
        "payment-received",
    ]
    invoice, payment = row[1].event, row[2].event
    assert invoice["data"] == {
        "invoice_id": "0007",
        "account_id": "C1",
        "currency": "EUR",
        "amount_minor": 1250,
        "issued_on": "2026-01-02",
        "due_on": "2026-02-01",
    }
    assert payment["data"]["received_at"] == "2026-02-03T11:00:00Z"
    assert payment["data"]["payment_id"] == "pay:0007"


def test_the_same_row_makes_the_same_event_again(tmp_path: Path, mapping: MappingFile) -> None:
    row = "C1,1,1.00,1/2/2026,2/1/2026,,\n"
    first, second = read(tmp_path, mapping, row), read(tmp_path, mapping, row)
    assert first == second


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        ("C1,1,12.5x,1/2/2026,2/1/2026,,", "line 2, amount: '12.5x' is not an amount like 1234.56"),
        (
            "C1,1,1.005,1/2/2026,2/1/2026,,",
            "line 2, amount: '1.005' has more decimals than EUR (2)",
        ),
        ("C1,1,1,2/30/2026,3/1/2026,,", "line 2, issued: '2/30/2026' is not a day like %m/%d/%Y"),
        ("C1,,1,1/2/2026,2/1/2026,,", "line 2, number: is empty"),
        ("C1,1,1,1/2/2026,2/1/2026", "line 2, row: has 5 cells, the header has 7"),
    ],
)
def test_a_bad_cell_is_told_by_line_column_and_reason(
    tmp_path: Path, mapping: MappingFile, row: str, refusal: str
) -> None:
    bad, good = read(tmp_path, mapping, row + "\nC2,2,1,1/2/2026,2/1/2026,,\n")
    assert str(bad) == refusal
    assert isinstance(good, list)
    assert len(good) == 2


def test_bytes_of_another_encoding_spoil_their_own_row(
    tmp_path: Path, mapping: MappingFile
) -> None:
    content = (HEADER + "Zo\u00eb,1,1,1/2/2026,2/1/2026,,\n").encode("latin-1")
    content += b"C2,2,1,1/2/2026,2/1/2026,,\n"
    bad, good = read(tmp_path, mapping, content)
    assert str(bad) == (
        "line 2, customer: has bytes that are not utf-8"
        " (is the whole file of another encoding? `file: {encoding: windows-1252}`)"
    )
    assert isinstance(good, list)


def test_an_account_of_a_spoilt_row_is_made_by_the_next(
    tmp_path: Path, mapping: MappingFile
) -> None:
    _, good = read(tmp_path, mapping, "C1,1,x,1/2/2026,2/1/2026,,\nC1,2,1,1/2/2026,2/1/2026,,\n")
    assert isinstance(good, list)
    assert good[0].event["type"] == "account-registered"


def test_a_server_s_pointer_leads_back_to_the_column(mapping: MappingFile) -> None:
    invoice = mapping.events[1]
    assert mapping.column_of(invoice, "/data/due_on") == "due"
    assert mapping.column_of(mapping.events[2], "/data/payment_id") == "number"
    assert mapping.column_of(invoice, "/data/currency") == "/data/currency"


def test_a_file_without_the_columns_is_refused(tmp_path: Path, mapping: MappingFile) -> None:
    with pytest.raises(Invalid, match="has no column amount"):
        read(tmp_path, mapping, b"customer,number,issued,due,paid,note\n")


def test_every_fault_of_a_mapping_is_named_by_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        parse_mapping(
            "colour: red\nevents:\n  - type: invoice-lost\n    data: {a: {column: x, as: magic}}\n"
        )
    assert [error.pointer for error in refused.value.errors] == [
        "/colour",
        "/events/0/type",
        "/events/0/data/a/as",
    ]


def test_a_quote_that_never_ends_spoils_what_it_swallows(
    tmp_path: Path, mapping: MappingFile
) -> None:
    good = "C1,1,1,1/2/2026,2/1/2026,,\n"
    rows = read(tmp_path, mapping, good + 'C2,"2,' + "x" * 200_000)
    assert isinstance(rows[0], list)
    assert isinstance(rows[1], Refusal)
    assert "that nothing closes" in rows[1].reason


def test_a_mapping_s_file_settings_are_checked() -> None:
    with pytest.raises(Invalid) as refused:
        parse_mapping(
            "encoding: klingon\ndelimiter: ';;'\nevents:\n  - type: payment-received\n"
            "    data: {received_at: {column: x, as: instant, at: 12:00}}\n"
        )
    assert [error.pointer for error in refused.value.errors] == [
        "/events/0/data/received_at/at",
        "/encoding",
        "/delimiter",
    ]
