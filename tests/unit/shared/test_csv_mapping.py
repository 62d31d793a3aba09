"""What a mapping can say, what becomes of it, and how its faults are told."""

from pathlib import Path
from typing import Any

import pytest

from shared.csv_events.document import read_text
from shared.csv_events.mapping import instant_field, parse_mapping
from shared.csv_events.rows import Made, Outcome, read_events
from shared.errors import Invalid
from shared.events import billing

HEAD = "source: /import/test\n"


def an_invoice(**fields: str) -> str:
    """An event of a mapping, by its parts as YAML."""
    parts = {
        "invoice_id": "{column: inv}",
        "account_id": "C1",
        "currency": "EUR",
        "amount_minor": "100",
        "issued_on": '"2026-01-01"',
        "due_on": '"2026-01-31"',
        **fields,
    }
    data = "".join(f"      {name}: {rule}\n" for name, rule in parts.items() if rule)
    return f"  - type: invoice-issued\n    data:\n{data}"


def outcomes(folder: Path, mapping: str, content: str) -> list[Outcome]:
    file = folder / "file.csv"
    file.write_text(content, encoding="utf-8")
    return list(read_events(file, parse_mapping(mapping), "demo"))


def data_of(folder: Path, mapping: str, content: str) -> dict[str, Any]:
    (outcome,) = outcomes(folder, mapping, content)
    assert isinstance(outcome, list), outcome
    data = outcome[-1].event["data"]
    assert isinstance(data, dict)
    return data


def faults(mapping: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        parse_mapping(mapping)
    return {error.pointer: error.detail for error in refused.value.errors}


# ------------------------------------------------- cells


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        ("{column: x}", " a ", "a"),
        ("{column: x, as: id}", "a/b\tc", "a_b_c"),
        ("{column: x, optional: true}", "", None),
        ("{column: x, map: {A: Alpha}, else: Other}", "A", "Alpha"),
        ("{column: x, map: {A: Alpha}, else: Other}", "B", "Other"),
        ("{column: x, map: {A: Alpha}, else: null}", "B", None),
        ('{column: x, map: {"": none}}', "", "none"),
        ("{column: x, as: date, plus_days: 14}", "2026-01-20", "2026-02-03"),
        ('{column: x, as: date, dates: ["%d.%m.%Y"]}', "20.01.2026", "2026-01-20"),
        ("{column: x, as: date, dates: excel}", "45992", "2025-12-01"),
        ("{first_of: [{column: x, optional: true}, {text: none}]}", "", "none"),
        ("{first_of: [{column: x}, {text: none}]}", "", "none"),
        ("{first_of: [{column: x}, {text: none}]}", "a", "a"),
        ('{text: "n{x}{{0}}"}', "1", "n1{0}"),
        ('{text: "n{x}", optional: true}', "", None),
        (
            '{text: "{x}T10:00", as: instant, zone: Europe/Berlin}',
            "2026-01-05",
            "2026-01-05T09:00:00Z",
        ),
    ],
)
def test_a_cell_becomes_its_value(tmp_path: Path, rule: str, cell: str, value: object) -> None:
    content = f'inv,x\nV1,"{cell}"\n'
    made = data_of(tmp_path, HEAD + "events:\n" + an_invoice(number=rule), content)
    assert made.get("number") == value


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        ("{column: x, as: integer}", "12", 12),
        ('{column: x, as: integer, numbers: {thousands: ".", decimal: ","}}', "1.200,00", 1200),
        ("{column: x, as: integer, sign: flip}", "-12", 12),
        ("{column: x, as: decimal}", "2.50", 2.5),
        ('{column: x, as: decimal, numbers: {decimal: ","}}', "2,5", 2.5),
        ("{column: x, as: decimal}", "3", 3),
        ("{column: x, as: boolean}", "Yes", True),
        ("{column: x, as: boolean, map: {ja: yes, nein: no}}", "nein", False),
        ("{column: x, map: {one: 1}}", "one", 1),
    ],
)
def test_a_cell_becomes_a_number_or_a_truth(
    tmp_path: Path, rule: str, cell: str, value: object
) -> None:
    mapping = HEAD + "events:\n" + an_invoice(attributes=f"{{it: {rule}}}")
    assert data_of(tmp_path, mapping, f"inv;x\nV1;{cell}\n")["attributes"] == {"it": value}


@pytest.mark.parametrize(
    ("rule", "cell", "reason"),
    [
        ("{column: x}", "", "x: is empty"),
        ("{column: x, map: {A: B}}", "C", "x: 'C' is not in the map"),
        ("{column: x, as: integer}", "1.5", "x: '1.5' is not a whole number"),
        ("{column: x, as: integer}", "9" * 25, "x: is more than"),
        ("{column: x, as: decimal}", "0.1234567890123456789", "x: '0.1234567890123456789' has too"),
        ("{column: x, as: decimal}", "5%", "x: '5%' is not a number like 1234.56"),
        ("{column: x, as: boolean}", "perhaps", "x: 'perhaps' is neither yes nor no"),
        ("{column: x, as: currency}", "DM", "x: 'DM' is no ISO 4217 code"),
        ("{column: x, as: date, plus_days: 30}", "9999-12-31", "x: 9999-12-31 and 30 days"),
        ('{text: "{x}"}', "", "x: is empty"),
        ("{first_of: [{column: x}, {column: x}]}", "", "x: is empty"),
    ],
)
def test_a_cell_that_can_t_is_told(tmp_path: Path, rule: str, cell: str, reason: str) -> None:
    mapping = HEAD + "events:\n" + an_invoice(attributes=f"{{it: {rule}}}")
    (refused,) = outcomes(tmp_path, mapping, f"inv;x\nV1;{cell}\n")
    assert str(refused).startswith(f"line 2, {reason}")


@pytest.mark.parametrize(
    "name",
    ["Invoice No.", "Inv.No", "Amount: net", "Net [EUR]", "Nr#", "a!r", "100%", "x y", "ß", "0"],
)
def test_a_text_names_columns_whatever_stands_in_them(tmp_path: Path, name: str) -> None:
    mapping = HEAD + "events:\n" + an_invoice(number=f'{{text: "pay:{{{name}}}"}}')
    assert data_of(tmp_path, mapping, f"inv;{name}\nV1; 7 \n")["number"] == "pay:7"


# ------------------------------------------------- money and its currency

MONEY = "{column: amount, as: money, currency: {column: cur}}"


@pytest.mark.parametrize("money", [MONEY, "{column: amount, as: money}"])
def test_money_has_the_decimals_of_the_event_s_currency(tmp_path: Path, money: str) -> None:
    mapping = HEAD + "events:\n" + an_invoice(currency="{column: cur}", amount_minor=money)
    content = (
        "inv,amount,cur\nV1,1000,JPY\nV2,12.50,eur\nV3,1.23,KWD\nV4,5,\nV5,1,XXX\nV6,0.5,jpy\n"
    )
    made = outcomes(tmp_path, mapping, content)
    data = [row[0].event["data"] for row in made if isinstance(row, list)]
    assert [(d["amount_minor"], d["currency"]) for d in data] == [
        (1000, "JPY"), (1250, "EUR"), (1230, "KWD"),
    ]  # fmt: skip
    assert [str(row) for row in made if not isinstance(row, list)] == [
        "line 5, cur: is empty",
        "line 6, cur: 'XXX' is no ISO 4217 code in use",
        "line 7, amount: '0.5' has more decimals than JPY (0)",
    ]


def test_a_constant_beside_another_currency_refuses_the_row(tmp_path: Path) -> None:
    money = "{column: amount, as: money, currency: EUR}"
    mapping = HEAD + "events:\n" + an_invoice(currency="{column: cur}", amount_minor=money)
    yen, euro = outcomes(tmp_path, mapping, "inv,amount,cur\nV1,1000,JPY\nV2,1,EUR\n")
    assert str(yen) == "line 2, amount: '1000' is read as EUR, but the row is in JPY"
    assert isinstance(euro, list)


def test_two_constants_of_two_currencies_refuse_the_mapping() -> None:
    told = faults(
        HEAD + "events:\n" + an_invoice(amount_minor="{column: a, as: money, currency: JPY}")
    )
    assert told == {
        "/events/0/data/amount_minor/currency": "is JPY, but the event's currency is EUR (line 8)"
    }
    lines = "[{amount_minor: {column: a, as: money, currency: USD}}]"
    assert list(faults(HEAD + "events:\n" + an_invoice(lines=lines))) == [
        "/events/0/data/lines/0/amount_minor/currency"
    ]


def test_a_default_currency_is_that_of_cells_that_name_none(tmp_path: Path) -> None:
    event = an_invoice(currency="{column: cur, as: currency}", amount_minor=MONEY)
    content = "inv,amount,cur\nV1,12,\nV2,12,JPY\n"
    made = outcomes(tmp_path, HEAD + "currency: EUR\nevents:\n" + event, content)
    data = [row[0].event["data"] for row in made if isinstance(row, list)]
    assert [(d["amount_minor"], d["currency"]) for d in data] == [(1200, "EUR"), (12, "JPY")]


def test_minor_units_and_signs(tmp_path: Path) -> None:
    for rule, minor in (
        ("{column: amount, as: minor}", -1250),
        ("{column: amount, as: minor, sign: flip}", 1250),
        ("{column: amount, as: money, sign: drop}", 125_000),
    ):
        mapping = HEAD + "events:\n" + an_invoice(amount_minor=rule)
        assert data_of(tmp_path, mapping, "inv,amount\nV1,-1250\n")["amount_minor"] == minor


def test_a_currency_beside_the_number_must_be_the_row_s(tmp_path: Path) -> None:
    mapping = HEAD + "events:\n" + an_invoice(amount_minor="{column: amount, as: money}")
    good, bad = outcomes(tmp_path, mapping, "inv,amount\nV1,€ 5\nV2,$5\n")
    assert isinstance(good, list)
    assert str(bad) == "line 3, amount: '$5' is not in EUR, as the row is"


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
        ("file: {format: xlsx}", "/file/format", "must be csv"),
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
