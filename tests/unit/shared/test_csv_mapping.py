"""What a mapping can say, and how its faults are told."""

from pathlib import Path

import pytest

from shared.csv_events.document import read_text
from shared.csv_events.mapping import instant_field, parse_mapping
from shared.csv_events.rows import Made
from shared.errors import Invalid
from shared.events import billing
from tests.unit.shared.csv_mappings import HEAD, an_invoice, data_of, faults, outcomes

# ------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("{st: paid}", "A"),
        ("{st: [paid, open]}", "ABE"),
        ("{st: {in: [open, void]}}", "BCE"),
        ("{st: {in: finished}}", "AC"),
        ("{st: {not: paid}}", "BCDE"),
        ("{st: {not: [paid, void]}}", "BDE"),
        ("{st: {not: {starts: [pa, vo]}}}", "BDE"),
        ("{st: {empty: true}}", "D"),
        ("{st: {empty: false}}", "ABCE"),
        ("{st: {starts: o}}", "BE"),
        ("{n: {above: 10}}", "BE"),
        ("{n: {from: 10}}", "ABE"),
        ("{n: {from: 10, below: 1000}}", "AB"),
        ("{n: {below: 0}}", "C"),
        ("{st: open, n: {above: 100}}", "E"),
        ("{any: [{st: paid}, {n: {below: 0}}]}", "AC"),
        ("{n: 10}", "A"),
        ("{' st ': paid}", "A"),
    ],
)
def test_where_says_of_which_rows_an_event_is_made(tmp_path: Path, where: str, taken: str) -> None:
    content = "inv;st;n\nA;paid;10\nB;open;20,5 EUR\nC;void;(5)\nD;;\nE;open;1.000\n"
    mapping = (
        f'{HEAD}numbers: {{decimal: ",", thousands: "."}}\nlists: {{finished: [paid, void]}}\n'
    )
    mapping += "events:\n" + an_invoice() + f"    where: {where}\n"
    made = [row for row in outcomes(tmp_path, mapping, content) if isinstance(row, list)]
    assert "".join(row[0].event["data"]["invoice_id"] for row in made) == taken


def test_a_condition_on_a_number_that_is_none_refuses_the_row(tmp_path: Path) -> None:
    mapping = HEAD + "events:\n" + an_invoice() + "    where: {n: {above: 0}}\n"
    (refused,) = outcomes(tmp_path, mapping, "inv,n\nA,many\n")
    assert str(refused) == "line 2, n: 'many' is not a number like 1234.56"


@pytest.mark.parametrize(
    ("where", "pointer", "detail"),
    [
        ("{st: {abve: 5}}", "/st/abve", "did you mean above?"),
        ("{st: {above: many}}", "/st/above", "must be a number"),
        ("{st: No}", "/st", "in quotes"),
        ("{st: 1.50}", "/st", "in quotes"),
        ("{st: {in: finshed}}", "/st/in", "did you mean finished?"),
        ("{st: {empty: sure}}", "/st/empty", "true or false"),
        ("{any: {st: paid}}", "/any", "must list"),
        ("paid", "", "must be a mapping"),
        ("{No: paid}", "/False", "in quotes"),
        ("{st: {}}", "/st", "what the column is to be"),
    ],
)
def test_a_condition_s_faults_are_told(where: str, pointer: str, detail: str) -> None:
    told = faults(
        HEAD + "lists: {finished: [paid]}\nevents:\n" + an_invoice() + f"    where: {where}\n"
    )
    assert list(told) == [f"/events/0/where{pointer}"]
    assert detail in told[f"/events/0/where{pointer}"]


# ------------------------------------------------- what demands a time


@pytest.mark.parametrize("kind", list(billing.TYPES))
def test_only_kinds_whose_data_hold_the_instant_go_without_a_time(kind: str) -> None:
    mapping = f"{HEAD}events:\n  - type: {kind}\n    data: {{account_id: {{column: a}}}}\n"
    needs = kind.startswith(("account-", "dispute-")) or kind in (
        "invoice-voided",
        "invoice-amended",
    )
    assert (instant_field(kind) is None) == needs
    if needs:
        assert list(faults(mapping)) == ["/events/0/time"]
    else:
        assert parse_mapping(mapping).events[0].type == kind


def test_a_time_that_is_empty_refuses_the_row(tmp_path: Path) -> None:
    mapping = f"""{HEAD}events:
  - type: invoice-voided
    time: {{column: at, optional: true}}
    data: {{invoice_id: {{column: inv}}, account_id: C1}}
"""
    (refused,) = outcomes(tmp_path, mapping, "inv,at\nV1,\n")
    assert str(refused).startswith("line 2, at: invoice-voided needs the time")


@pytest.mark.parametrize(
    ("kind", "data", "time"),
    [
        ("payment-failed", "failed_at: {column: at}", "2026-03-01T00:00:00Z"),
        ("payment-reversed", "reversed_at: {column: at}", "2026-03-01T00:00:00Z"),
        ("payment-received", "received_at: {column: at}", "2026-03-01T00:00:00Z"),
        ("credit-note-issued", "issued_on: {column: day}", "2026-03-01T00:00:00Z"),
    ],
)
def test_the_time_is_that_of_the_data(tmp_path: Path, kind: str, data: str, time: str) -> None:
    mapping = f"{HEAD}events:\n  - type: {kind}\n    data: {{account_id: C1, {data}}}\n"
    (made,) = outcomes(tmp_path, mapping, "at,day\n2026-03-01T00:00:00Z,2026-03-01\n")
    assert isinstance(made, list)
    assert made[0].event["time"] == time
    parsed = parse_mapping(mapping)
    assert parsed.column_of(parsed.events[0], "/time") == data.split()[-1].rstrip("}")


# ------------------------------------------------- faults of a mapping


@pytest.mark.parametrize(
    ("line", "pointer", "detail"),
    [
        ("evnts: []", "/evnts", "did you mean events?"),
        ("encodng: utf-8", "/encodng", "did you mean encoding?"),
        ("file: {delimeter: ';'}", "/file/delimeter", "did you mean delimiter?"),
        (
            "file: {format: xls}",
            "/file/format",
            "must be one of csv, xlsx, ndjson (did you mean xlsx?)",
        ),
        ("file: {header_row: -1}", "/file/header_row", "must be a line"),
        ("file: {header_row: true}", "/file/header_row", "must be a line"),
        ("file: {encoding: hex}", "/file/encoding", "not known"),
        ("file: {delimiter: ';;'}", "/file/delimiter", "one character"),
        ("file: {skip: {start: [x]}}", "/file/skip/start", "did you mean starts?"),
        ("numbers: {decimals: ','}", "/numbers/decimals", "did you mean decimal?"),
        ("numbers: '1.234,56'", "/numbers", "must say"),
        ("numbers: {decimal: ',', thousands: ','}", "/numbers/thousands", "too"),
        ("numbers: {grouping: chinese}", "/numbers/grouping", "western, indian"),
        ("dates: dd.mm.yyyy", "/dates", "no format"),
        ("dates: ['%d%m']", "/dates/0", "name the year"),
        ("year: 26", "/year", "a year like"),
        ("zone: Europe/Berlon", "/zone", "no IANA time zone"),
        ("currency: eur", "/currency", "did you mean EUR?"),
        ("currency: Euro", "/currency", "ISO 4217"),
        ("lists: {a: {b: c}}", "/lists/a", "must list texts"),
        ("source: [1]", "/source", "must be a text"),
        ('source: "a\\0b"', "/source", "no control characters"),
        ('source: "a\\u202eb"', "/source", "nothing invisible"),
        (f"source: {'x' * 513}", "/source", "at most 512"),
        (f"dates: '{'%Y-%m-%d' * 100_000}'", "/dates", "at most 100"),
    ],
)
def test_a_mapping_s_faults_are_told_with_the_nearest_key(
    line: str, pointer: str, detail: str
) -> None:
    told = faults(f"{line}\n{'' if 'source' in line else HEAD}events:\n" + an_invoice())
    assert list(told) == [pointer]
    assert detail in told[pointer]
    assert told[pointer].endswith("(line 1)")


@pytest.mark.parametrize(
    ("rule", "pointer", "detail"),
    [
        ("{column: x, optionnal: true}", "/optionnal", "did you mean optional?"),
        ("{column: x, az: date}", "/az", "not known"),
        ("{column: x, as: dates}", "/as", "did you mean date?"),
        ("{column: x, sign: flip}", "/sign", "says nothing of text cells"),
        ("{column: x, as: money, sign: turn}", "/sign", "keep, flip, drop"),
        ("{column: x, as: date, plus_days: soon}", "/plus_days", "number of days"),
        ("{column: x, as: instant, at: 12:00}", "/at", "in quotes"),
        ("{column: x, as: instant, at: noon}", "/at", "in quotes"),
        ("{column: x, as: instant, zone: CEST}", "/zone", "no IANA time zone"),
        ("{column: x, optional: maybe}", "/optional", "true or false"),
        ("{column: x, else: y}", "/else", "without a map"),
        ("{column: x, map: []}", "/map", "which text"),
        ("{column: x, map: {Yes: y}}", "/map/True", "in quotes"),
        ("{column: }", "/column", "must name a column"),
        ("{column: [a]}", "/column", "must name a column"),
        ("{text: 'a{b'}", "/text", "without its other"),
        ("{text: 'a}b'}", "/text", "without its other"),
        ("{column: a, text: b}", "", "one is enough"),
        ("{first_of: []}", "/first_of", "must list cells"),
        ("{first_of: [{column: a}], as: date}", "/as", "cells of first_of"),
        (".nan", "", "is no number"),
        ("99999999999999999999", "", "is more than"),
        ("!!binary aGVsbG8=", "", "nothing that an event can hold"),
    ],
)
def test_a_cell_s_faults_are_told(rule: str, pointer: str, detail: str) -> None:
    told = faults(HEAD + "events:\n" + an_invoice(number=rule))
    place = f"/events/0/data/number{pointer}"
    assert place in told
    assert detail in told[place]


def test_a_field_that_no_event_has_is_told_with_the_nearest() -> None:
    told = faults(HEAD + "events:\n" + an_invoice(amount="5"))
    assert told["/events/0/data/amount"].startswith("is no field of invoice-issued (did you mean")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source: a\nevents: [\n", "line 3"),
        ("source: a\n\tevents: x\n", "line 2"),
        ("- a\n", "not a YAML mapping"),
        ("", "not a YAML mapping"),
        ("[" * 5000, "nested too deeply"),
        ("a: &a [*a]\n", "within itself"),
        ("? [a]\n: b\n", "not YAML"),
        ("dates: 2026-02-30\n", "not YAML"),
    ],
)
def test_what_is_no_mapping_is_a_sentence_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parse_mapping(text)


def test_keys_that_stand_twice_are_told_with_both_lines() -> None:
    told = faults(HEAD + "zone: UTC\nevents:\n" + an_invoice() + "zone: UTC\n")
    assert told == {"/zone": "stands twice, first on line 2"}


def test_parts_may_be_shared_by_anchors(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + "events:\n"
        + an_invoice(
            number="&cell {column: inv, optional: false}", product="{<<: *cell, optional: true}"
        )
    )
    assert data_of(tmp_path, mapping, "inv\nV1\n")["product"] == "V1"


def test_a_number_that_begins_with_a_zero_stays_as_it_is_written(tmp_path: Path) -> None:
    made = data_of(tmp_path, HEAD + "events:\n" + an_invoice(number="007"), "inv\nV1\n")
    assert made["number"] == "007"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a: \xe4\n", "not UTF-8: line 1 has the byte 0xE4"), (None, "cannot be read: No such file")],
)
def test_a_mapping_file_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "m.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Invalid, match=said):
        read_text(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_mapping_file_may_have_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(HEAD + "events:\n" + an_invoice(), encoding=encoding)
    assert parse_mapping(read_text(path)).source == "/import/test"


def test_made_events_know_their_lines(tmp_path: Path) -> None:
    mapping = HEAD + "events:\n" + an_invoice()
    (row,) = outcomes(tmp_path, mapping, 'inv,note\nV1,"two\nlines"\n')
    assert isinstance(row, list)
    assert isinstance(row[0], Made)
    assert (row[0].line, row[0].last) == (2, 3)
