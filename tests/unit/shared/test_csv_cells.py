"""What becomes of a cell, and of money and its currency."""

from pathlib import Path

import pytest

from tests.unit.shared.csv_mappings import HEAD, an_invoice, data_of, faults, outcomes


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
