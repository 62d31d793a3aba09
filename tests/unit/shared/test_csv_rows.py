"""Files as they come: quotation marks, lines, headers, delimiters."""

from pathlib import Path

import pytest

from shared.csv_events.files import LINE_MAX
from shared.csv_events.rows import Skipped
from shared.errors import Invalid
from tests.unit.shared.csv_files import EVENTS, HEADER, a_mapping, invoices, names, read, told


def forty(**changed: str) -> str:
    """Forty rows, some of them written otherwise (by number, from 1)."""
    rows = [changed.get(f"r{i}", f"C{i},Name {i},V{i},{i}.00") for i in range(1, 41)]
    return "\n".join([HEADER, *rows]) + "\n"


# ------------------------------------------------- quotation marks


def test_a_quote_that_nothing_closes_costs_its_own_row(tmp_path: Path) -> None:
    rows = read(tmp_path, forty(r9='C9,"Nine inch nails,V9,9.00'))
    assert invoices(rows) == [f"V{i}" for i in range(1, 41) if i != 9]
    assert told(rows) == ["line 10, name: begins with a quotation mark that nothing closes"]


def test_two_quotes_that_nothing_closes_cost_two_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, forty(r9='C9,"Nine,V9,9.00', r30='C30,"Thirty,V30,30.00'))
    assert invoices(rows) == [f"V{i}" for i in range(1, 41) if i not in (9, 30)]
    assert [line.split(",")[0] for line in told(rows)] == ["line 10", "line 31"]


def test_a_quote_that_another_row_closes_costs_no_row_between(tmp_path: Path) -> None:
    rows = read(tmp_path, forty(r9='C9,"Nine,V9,9.00', r30='C30,Thirty",V30,30.00'))
    assert set(invoices(rows)) == {f"V{i}" for i in range(1, 41) if i != 9}
    (line,) = told(rows)
    assert line.startswith("line 10, name: opens a quotation mark that takes in 21 more lines")


def test_a_quote_that_spoils_the_number_of_cells_costs_no_row_between(tmp_path: Path) -> None:
    rows = read(tmp_path, forty(r9='"C9,Nine,V9,9.00', r30='C30,Thirty,V30,30.00"'))
    assert set(invoices(rows)) >= {f"V{i}" for i in range(1, 41) if i not in (9, 30)}
    assert told(rows)[0].startswith("line 10, id: ")


def test_a_quote_that_the_next_row_closes_names_both(tmp_path: Path) -> None:
    rows = read(tmp_path, forty(r9='C9,"Nine,V9,9.00', r10='C10,Ten",V10,10.00'))
    assert invoices(rows) == [f"V{i}" for i in range(1, 41) if i not in (9, 10)]
    (line,) = told(rows)
    assert line.startswith("lines 10 to 11, name: opens a quotation mark")


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ('"Nine, inch"', "Nine, inch"),
        ('"Nine ""inch"" nails"', 'Nine "inch" nails'),
        ('""""', '"'),
        ('Nine "inch" nails', 'Nine "inch" nails'),
        ('5" pipe', '5" pipe'),
        (' "Nine, inch" ', "Nine, inch"),
        ('"Street 5,\nBerlin"', "Street 5,\nBerlin"),
        ('"a\r\nb\n\nc"', "a\r\nb\n\nc"),
    ],
)
def test_quotation_marks_as_they_are_written(tmp_path: Path, cell: str, name: str) -> None:
    rows = read(tmp_path, f"{HEADER}\nC1,{cell},V1,1\nC2,Two,V2,2\n")
    assert names(rows) == [name, "Two"]


def test_text_behind_a_closing_quote_costs_its_row(tmp_path: Path) -> None:
    rows = read(tmp_path, f'{HEADER}\nC1,"Nine" inch,V1,1\nC2,Two,V2,2\n')
    assert invoices(rows) == ["V2"]
    assert told(rows)[0].startswith("line 2, name: has text behind a closing quotation mark")


def test_an_address_over_lines_in_the_last_column_is_no_stray_quote(tmp_path: Path) -> None:
    content = 'id,inv,amount,name\nC1,V1,1,"Main St 1\nSpringfield, IL, US, 62701"\nC2,V2,2,Two\n'
    rows = read(tmp_path, content)
    assert invoices(rows) == ["V1", "V2"]
    assert names(rows)[0] == "Main St 1\nSpringfield, IL, US, 62701"


def test_an_endless_line_costs_its_row(tmp_path: Path) -> None:
    long = "x" * (3 * LINE_MAX)
    rows = read(tmp_path, f"{HEADER}\nC1,{long},V1,1\nC2,Two,V2,2\n")
    assert invoices(rows) == ["V2"]
    assert told(rows) == ["line 2, row: is too long for a row"]


def test_a_quote_that_is_open_for_a_hundred_thousand_lines_is_read_once(tmp_path: Path) -> None:
    lines = [f"C{i},Name,V{i},1.00" for i in range(20_000)]
    lines[5] = 'C5,"Name,V5,1.00'
    rows = read(tmp_path, "\n".join([HEADER, *lines]))
    assert len(invoices(rows)) == 19_999


# ------------------------------------------------- lines and cells


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(tmp_path: Path, end: str) -> None:
    rows = read(tmp_path, end.join([HEADER, "C1,One,V1,1", "C2,Two,V2,2"]))
    assert invoices(rows) == ["V1", "V2"]


def test_line_ends_may_be_mixed(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER}\r\nC1,One,V1,1\nC2,Two,V2,2\rC3,Three,V3,x\r\n")
    assert invoices(rows) == ["V1", "V2"]
    assert told(rows)[0].startswith("line 4, amount: ")


def test_rows_of_excel_that_are_empty_are_skipped(tmp_path: Path) -> None:
    content = "id;name;inv;amount\n;;;\nC1;One;V1;1\n ; ;;\n\n;;;;;;\n"
    rows = read(tmp_path, content)
    assert invoices(rows) == ["V1"]
    assert [row.why for row in rows if isinstance(row, Skipped)] == ["blank"] * 4
    assert not told(rows)


def test_rows_with_too_many_or_too_few_cells_are_told(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER}\nC1,One,V1,1,2\nC2,Two,V2\nC3,Three,V3,3,,\n")
    assert invoices(rows) == ["V3"]
    assert told(rows) == [
        "line 2, row: has 5 cells, the header has 4",
        "line 3, row: has 3 cells, the header has 4",
    ]


def test_a_nul_is_told_where_it_is_mapped(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER},note\nC1,O\0ne,V1,1,\nC2,Two,V2,2,\0\n")
    assert invoices(rows) == ["V2"]
    assert told(rows) == ["line 2, name: holds a NUL character"]


# ------------------------------------------------- headers


def test_a_name_that_stands_twice_is_refused_where_it_is_mapped(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"amount stands twice: map amount \(1\) or amount \(2\)"):
        read(tmp_path, "id,name,inv,amount,amount\nC1,One,V1,100.00,119.00\n")


def test_a_name_that_stands_twice_can_be_chosen_by_its_number(tmp_path: Path) -> None:
    content = "id,name,inv,amount, amount \nC1,One,V1,100.00,119.00\n"
    for column, minor in (("amount (1)", 10_000), ("amount (2)", 11_900), ("#5", 11_900)):
        events = EVENTS.replace("{column: amount,", f"{{column: '{column}',")
        (row,) = read(tmp_path, content, a_mapping(events=events))
        assert isinstance(row, list)
        assert row[1].event["data"]["amount_minor"] == minor


def test_a_name_that_stands_twice_and_is_not_mapped_does_no_harm(tmp_path: Path) -> None:
    assert invoices(read(tmp_path, "id,name,inv,amount,x,x,,\nC1,One,V1,1,,,,\n")) == ["V1"]


@pytest.mark.parametrize(
    "header",
    [
        " id , name,inv ,amount",
        "\ufeffid,name,inv,amount",
        '\ufeff"id","name","inv","amount"',
        '"id" , "name", "inv", "amount"',
        "id\u00a0,name,inv,amount",
        "sep=,\nid,name,inv,amount",
        "\n,,,\nid,name,inv,amount",
    ],
)
def test_what_stands_around_names_does_not_count(tmp_path: Path, header: str) -> None:
    assert invoices(read(tmp_path, f"{header}\nC1,One,V1,1\n")) == ["V1"]


def test_letters_of_names_are_compared_in_one_form(tmp_path: Path) -> None:
    events = EVENTS.replace("{column: name}", "{column: Empf\u00e4nger}")
    content = "id,Empfa\u0308nger,inv,amount\nC1,One,V1,1\n"
    assert invoices(read(tmp_path, content, a_mapping(events=events))) == ["V1"]


def test_names_are_told_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    content = HEADER.encode() + b',\x1b[2J\xff\nC1,One,V1,1,"open\n'
    (line,) = told(read(tmp_path, content))
    assert line.startswith("line 2, \ufffd[2J\ufffd: begins with a quotation mark")


def test_a_header_that_comes_again_is_skipped(tmp_path: Path) -> None:
    rows = read(tmp_path, f"{HEADER}\nC1,One,V1,1\n{HEADER}\nC2,Two,V2,2\n")
    assert invoices(rows) == ["V1", "V2"]
    assert [row.why for row in rows if isinstance(row, Skipped)] == ["header"]


def test_a_column_that_is_not_there_is_told_with_those_that_are_near(tmp_path: Path) -> None:
    with pytest.raises(
        Invalid, match=r"no column amount \(did you mean Amout\?\); it has id, name"
    ):
        read(tmp_path, "id,name,inv,Amout\nC1,One,V1,1\n")


def test_a_header_in_another_line_and_none_at_all(tmp_path: Path) -> None:
    content = f"A report\nof 2026;;;\n\n{HEADER}\nC1,One,V1,1\n"
    assert invoices(read(tmp_path, content, a_mapping("file: {header_row: 4}"))) == ["V1"]
    events = EVENTS
    for number, name in enumerate(HEADER.split(","), 1):
        events = events.replace(f"column: {name}", f"column: '#{number}'")
        events = events.replace(f"once_per: {name}", f"once_per: '#{number}'")
    mapping = a_mapping("file: {header_row: 0}", events)
    assert invoices(read(tmp_path, "C1,One,V1,1\nC2,Two,V2,2\n", mapping)) == ["V1", "V2"]
    with pytest.raises(Invalid, match="no column #4"):
        read(tmp_path, "C1,One,V1\n", mapping)


def test_rows_that_are_no_data_are_skipped(tmp_path: Path) -> None:
    mapping = a_mapping('file: {skip: {starts: ["*", Total], blank: inv}}')
    content = f"{HEADER}\n* made by X\nC1,One,V1,1\n,,,Total 5\nC2,Two,,2\nTotals\n"
    rows = read(tmp_path, content, mapping)
    assert invoices(rows) == ["V1"]
    whys = [row.why for row in rows if isinstance(row, Skipped)]
    assert whys == ["starts", "starts", "blank", "starts"]


# ------------------------------------------------- delimiters


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    content = f"{HEADER}\nC1,One,V1,1\nC2,Two,V2,2\n".replace(",", delimiter)
    assert invoices(read(tmp_path, content)) == ["V1", "V2"]


@pytest.mark.parametrize(
    "content",
    [
        "id;name;inv;amount\nC1;Ann, Bob, Co;V1;1\n",  # commas in texts
        "id;name;inv;amount\nC1;One;V1;1\nTotal\n",  # a ragged row
        'id;"name, whole";inv;amount;name\nC1;x;V1;1;y\n',
        "sep=;\nid;name;inv;amount\nC1;One;V1;1\n",
        '"sep=;"\nid;name;inv;amount\nC1;One;V1;1\n',
        "sep=;;;;\nid;name;inv;amount\nC1;One;V1;1\n",  # saved once more by a spreadsheet
        "id;name;inv;amount;;\nC1;One;V1;1\n",
        "id;name;inv;amount;;\nC1;One;V1;1;\nC2;Two;V2\n",
    ],
)
def test_a_delimiter_is_found_out_beside_others(tmp_path: Path, content: str) -> None:
    assert invoices(read(tmp_path, content)) == ["V1"]


def test_a_delimiter_that_is_said_is_taken(tmp_path: Path) -> None:
    content = "id:name:inv:amount\nC1:One:V1:1\n"
    assert invoices(read(tmp_path, content, a_mapping("delimiter: ':'"))) == ["V1"]
    spaced = 'id name inv amount\nC1 "One Two" V1 1\n'
    assert names(read(tmp_path, spaced, a_mapping("delimiter: ' '"))) == ["One Two"]
    content = content.replace(":", "\t")
    assert invoices(read(tmp_path, content, a_mapping("file: {delimiter: tab}"))) == ["V1"]
