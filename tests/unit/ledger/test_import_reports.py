"""What a dry run says of a file: counts, warnings, and what its accounts would owe."""

from datetime import date
from pathlib import Path

import pytest

from tests.unit.ledger.imported_files import data_of, imported, warned

MAPPING = """
source: /import/test
dates: ["%d/%m/%Y"]
events:
  - type: account-registered
    where: {name: {empty: false}}
    once_per: id
    time: "2026-01-01T00:00:00Z"
    data: {account_id: {column: id}, name: {column: name}}
  - type: invoice-issued
    where: {kind: invoice}
    data:
      invoice_id: {column: nr}
      account_id: {column: id}
      currency: {column: cur}
      amount_minor: {column: amount, as: money}
      issued_on: {column: issued, as: date}
      due_on: {column: due, as: date}
  - type: payment-received
    where: {kind: payment}
    aim_by: clears
    data:
      payment_id: {column: nr}
      account_id: {column: id}
      currency: {column: cur}
      amount_minor: {column: amount, as: money}
      received_at: {column: issued, as: instant, at: "12:00", zone: UTC}
"""
HEADER = "id,name,kind,nr,cur,amount,issued,due,clears,remark\n"
GOOD = "C1,One,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,\n"


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        (GOOD, {}),
        ("C1,One,invoice,V1,EUR,10.00,05/01/2026,06/02/2026,,\n", {
            "day-month-ambiguous": (2, [2])}),
        ("C1,One,invoice,V1,EUR,10.00,05/01/2026,31/01/2026,,\n", {}),
        ("C1,One,invoice,V1,EUR,10.00,05/05/2026,31/05/2026,,\n", {}),
        ("C1,One,invoice,V1,EUR,10.00,13/02/2026,31/01/2026,,\n", {"due-before-issued": (1, [2])}),
        (GOOD + "C2,Two,payment,P1,EUR,5.00,20/01/2026,,,\n", {
            "payment-without-invoice": (1, [3])}),
        (GOOD + "C1,One,payment,P1,EUR,5.00,20/01/2026,,77,\n", {
            "payment-without-invoice": (1, [3])}),
        (GOOD + "C1,One,payment,P1,EUR,5.00,20/01/2026,,,\n", {}),
        ("C1,,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,\n", {
            "account-without-registration": (1, [2])}),
        ("C1,One,invoice,V1,EUR,10.00,13/07/2026,31/07/2026,,\n", {"future-day": (1, [2])}),
        ("C1,One,invoice,V1,EUR,10.00,30/06/2026,31/07/2026,,\n", {}),
        ("C1,MÃ¼ller,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,\n", {"damaged-text": (1, [2])}),
        ("C1,Müller Ä,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,\n", {}),
        ("C1,One,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,hello\n", {"unused-column": (1, [])}),
        (GOOD + "C1,,other,,,,,,,\n", {"no-event": (1, [3])}),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_warned_of(
    tmp_path: Path, rows: str, warning: dict[str, tuple[int, list[int]]]
) -> None:
    (tmp_path / "f.csv").write_text(HEADER + rows, encoding="utf-8")
    _, report = imported(tmp_path / "f.csv", MAPPING)
    assert not report.refusals
    assert warned(report) == warning


def test_a_currency_that_is_rare_is_warned_of(tmp_path: Path) -> None:
    rows = "".join(
        f"C1,One,invoice,V{n},{'HUF' if n == 7 else 'EUR'},10,13/01/2026,31/01/2026,,\n"
        for n in range(20)
    )
    (tmp_path / "f.csv").write_text(HEADER + rows, encoding="utf-8")
    _, report = imported(tmp_path / "f.csv", MAPPING)
    assert warned(report) == {"rare-currency": (1, [9])}
    assert report.warnings[0].detail == "HUF 1 of 20"


def test_payments_share_the_invoices_that_they_clear(tmp_path: Path) -> None:
    """Oldest due first, each up to its amount, whatever the order of the rows; of the same account
    and currency alone."""
    (tmp_path / "f.csv").write_text(
        HEADER
        + "C1,One,payment,P2,EUR,9.00,20/02/2026,,77,\n"
        + "C1,One,payment,P1,EUR,7.00,13/02/2026,,77,\n"
        + "C1,One,invoice,V2,EUR,6.00,13/01/2026,28/02/2026,77,\n"
        + "C1,One,invoice,V1,EUR,5.00,13/01/2026,31/01/2026,77,\n"
        + "C1,One,invoice,V3,USD,5.00,13/01/2026,30/01/2026,77,\n"
        + "C2,Two,invoice,V4,EUR,5.00,13/01/2026,29/01/2026,77,\n"
        + "C1,One,invoice,V5,EUR,5.00,13/01/2026,29/01/2026,78,\n",
        encoding="utf-8",
    )
    events, report = imported(tmp_path / "f.csv", MAPPING)
    targets = {d["payment_id"]: d["allocations"] for d in data_of(events, "payment-received")}
    assert targets == {
        "P1": [
            {"invoice_id": "V1", "amount_minor": 500},
            {"invoice_id": "V2", "amount_minor": 200},
        ],
        "P2": [{"invoice_id": "V2", "amount_minor": 400}],
    }
    assert not report.warnings
    # What no invoice of the value takes goes where the ledger puts money that has no target.
    assert report.after is not None
    assert (report.after["EUR"].balance, report.after["EUR"].unapplied) == (500, 0)


def test_duplicates_and_conflicts_within_a_file(tmp_path: Path) -> None:
    again = "C2,Two,invoice,V1,EUR,10.00,13/01/2026,31/01/2026,,\n"
    (tmp_path / "f.csv").write_text(
        HEADER + GOOD + GOOD + GOOD.replace("10.00", "11.00") + again, encoding="utf-8"
    )
    _, report = imported(tmp_path / "f.csv", MAPPING)
    assert (report.duplicates, report.conflicts) == (1, 2)
    assert report.after is not None
    assert report.after["EUR"].balance == 1_000
    assert (report.accounts.new, report.accounts.known) == (2, 0)


def test_what_is_overdue_is_counted_today_where_no_day_has_begun(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(HEADER + GOOD, encoding="utf-8")
    for today, overdue in ((date(2026, 1, 31), 0), (date(2026, 2, 1), 1_000)):
        _, report = imported(tmp_path / "f.csv", MAPPING, today)
        assert report.after is not None
        assert report.after["EUR"].overdue == overdue


def test_no_more_refusals_are_shown_than_a_thousand(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(HEADER + GOOD.replace("10.00", "x") * 1_200, encoding="utf-8")
    _, report = imported(tmp_path / "f.csv", MAPPING)
    assert (report.refused, len(report.refusals)) == (1_200, 1_000)
    assert report.refusals[0].column == "amount"
