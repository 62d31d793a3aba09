"""Encodings, files that are no CSV, and whatever may stand in one: no line is lost silently."""

import codecs
import contextlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.csv_events.files import regular_file
from shared.csv_events.mapping import parse_mapping
from shared.csv_events.rows import Made, Outcome, Refusal, Skipped, read_events
from shared.errors import Invalid
from tests.unit.shared.csv_files import EVENTS, HEADER, a_mapping, invoices, names, read, told

# ------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    rows = read(tmp_path, f"{HEADER}\nC1,Zoë,V1,1\n".encode(encoding))
    assert names(rows) == ["Zoë"]


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16-le", "cp850", "shift_jis"])
def test_an_encoding_that_is_said_is_taken(tmp_path: Path, encoding: str) -> None:
    name = "ゾーイ" if encoding == "shift_jis" else "Zoé"
    mapping = a_mapping(f"file: {{encoding: {encoding}}}")
    assert names(read(tmp_path, f"{HEADER}\nC1,{name},V1,1\n".encode(encoding), mapping)) == [name]


def test_a_bad_byte_in_a_column_that_nobody_maps_does_no_harm(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER},note\nC1,One,V1,1,\nC2,Two,V2,2,".encode() + b"\xe4\n")
    assert invoices(rows) == ["V1", "V2"]


@pytest.mark.parametrize("head", ["", "encoding: utf-8"])
def test_a_bad_byte_costs_its_own_row(tmp_path: Path, head: str) -> None:
    content = f"{HEADER}\nC1,One,V1,1\n".encode() + b"C2,Zo\xeb,V2,2\nC3,Three,V3,3\n"
    rows = read(tmp_path, content, a_mapping(head))
    assert invoices(rows) == ["V1", "V3"]
    assert told(rows)[0].startswith("line 3, name: has bytes that are not utf-8")


def test_a_byte_that_the_encoding_lacks_costs_its_own_row(tmp_path: Path) -> None:
    content = (
        f"{HEADER}\nC1,One,V1,1\n".encode("utf-16") + "C2,T\0wo,V2,2\n".encode("utf-16-le")[:-1]
    )
    assert invoices(read(tmp_path, content))[:1] == ["V1"]
    rows = read(tmp_path, f"{HEADER}\n".encode() + b"C1,\x81,V1,1\n", a_mapping("encoding: cp1252"))
    assert told(rows) == ["line 2, name: has bytes that are not cp1252"]


def test_a_file_of_another_encoding_is_refused_with_what_to_say(tmp_path: Path) -> None:
    rows = "".join(f"C{i},Müller {i},V{i},1\n" for i in range(5))
    with pytest.raises(Invalid, match=r"not utf-8; say what it is.*5 rows.*line 2, name"):
        read(tmp_path, f"{HEADER}\n{rows}".encode("cp1252"))
    events = EVENTS.replace("{column: name}", "{column: Empfänger}")
    with pytest.raises(Invalid, match=r"no column Empf.*Empf\ufffdnger.*not utf-8; say what"):
        read(tmp_path, "id,Empfänger,inv,amount\n".encode("cp1252"), a_mapping(events=events))
    with pytest.raises(Invalid, match="utf-16-le"):
        read(tmp_path, f"{HEADER}\nC1,One,V1,1\n".encode("utf-16-le"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no header"),
        (codecs.BOM_UTF8, "has no header"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\x1f\x8brest", "compressed"),
        (b'"never closed\n', "first row, line 1, begins with a quotation mark"),
    ],
)
def test_what_is_no_csv_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read(tmp_path, content)


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER) == []


def test_a_folder_and_nothing_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is a folder"), regular_file(tmp_path):
        pass
    with pytest.raises(Invalid, match="No such file"), regular_file(tmp_path / "none"):
        pass


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{HEADER}\nC1,One,V1,1\n",))
    writer.start()
    with regular_file(pipe) as path:
        rows = list(read_events(path, a_mapping(), "demo", "pipe"))
    writer.join()
    assert invoices(rows) == ["V1"]


# ------------------------------------------------- whatever stands in it


def test_what_no_calendar_holds_costs_its_row(tmp_path: Path) -> None:
    events = """
events:
  - type: payment-received
    data:
      payment_id: {column: pid}
      account_id: C1
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      received_at: {column: paid, as: instant, at: "23:00", zone: America/New_York}
"""
    content = "pid,amount,paid\nP1,1,2026-01-05\nP2,2,9999-12-31\nP3,3,2026-01-06\n"
    rows = read(tmp_path, content, a_mapping(events=events))
    assert [isinstance(row, list) for row in rows] == [True, False, True]
    assert told(rows) == ["line 3, paid: '9999-12-31' is beyond the calendar"]
    mapping = a_mapping(events=events)
    assert mapping.column_of(mapping.events[0], "/time") == "paid"


EVERYTHING = parse_mapping("""
numbers: {decimal: ",", thousands: "."}
zone: America/New_York
currency: EUR
events:
  - type: payment-received
    where: {any: [{e: {above: 5}}, {e: {not: x}}]}
    time: {column: b, as: instant, at: "12:00"}
    data:
      payment_id: {text: "{a}{{{b}"}
      account_id: {column: a, as: id}
      currency: {column: c, optional: true}
      amount_minor: {column: d, as: money, currency: {column: c, optional: true}, sign: flip}
      received_at:
        first_of: [{column: b, as: instant}, {column: a, as: instant, dates: excel, at: "00:00"}]
      method: {column: e, map: {A: B}, else: C}
""")
PIECES = st.sampled_from(
    ["a", "b", ",", ";", "\n", "\r", "\r\n", '"', '""', "a,b,c,d,e\n", "1", "-", "2026-01-05", "\0",
     "9999-12-31", "0001-01-01", "1.234,56", " ", "\t", "sep=;\n", "EUR", "\ufeff", "ä", "€", "'",
     "A,2026-01-05,EUR,5,x\n", 'A,"2026-01-05,EUR,5,x\n', "9" * 30, "#1", "\u2028", "\x1a", "\x85"]
)  # fmt: skip


def lines_of(content: bytes) -> int:
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return text.count("\n") + (not text.endswith("\n") and text != "")


def covered(outcome: Outcome) -> tuple[int, int]:
    """The lines that an outcome is of."""
    one = outcome[0] if isinstance(outcome, list) else outcome
    assert isinstance(one, Made | Refusal | Skipped)
    return one.line, max(one.line, one.last)


@settings(max_examples=300)
@given(
    content=st.lists(PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode())
    | st.binary(max_size=300)
)
@example(content=b'A,"\nA,"\nA,""\n"')
@example(content=b"\xff\xfe\x00")
def test_every_line_of_any_file_is_taken_skipped_or_told(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"a,b,c,d,e\n" + content)
    rows = list(read_events(path, EVERYTHING, "demo"))
    expected = 2
    for outcome in rows:
        first, last = covered(outcome)
        assert first == expected, "every line has its outcome, in order"
        expected = last + 1
    assert expected == lines_of(path.read_bytes()) + 1


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_no_file_whatsoever_raises_anything_but_a_sentence(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "whatsoever.csv"
    path.write_bytes(content)
    for encoding in (None, "utf-16", "cp1252", "utf-7", "gb18030"):
        head = f"file: {{encoding: {encoding}, header_row: 0}}" if encoding else ""
        mapping = a_mapping(head, EVENTS.replace("column: name", "column: '#1'"))
        with contextlib.suppress(Invalid):
            list(read_events(path, mapping, "demo"))
