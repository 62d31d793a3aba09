"""A file as a demo's facts: in business time, an account before its first fact."""

from datetime import date
from pathlib import Path

import pytest

from deploy.demo.__main__ import main
from deploy.demo.replay import Replay
from deploy.demo.source import midnight
from shared.clock import ONE_DAY
from shared.errors import Invalid

MAPPING = """
source: /import/test
events:
  - type: account-registered
    once_per: customer
    time: {column: issued, as: instant, at: "00:00"}
    data: {account_id: {column: customer}, name: {column: customer}}
  - type: invoice-issued
    data:
      invoice_id: {column: number}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      issued_on: {column: issued, as: date}
      due_on: {column: due, as: date}
  - type: payment-received
    when: paid
    data:
      payment_id: {text: "pay:{number}"}
      account_id: {column: customer}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      received_at: {column: paid, as: instant, at: "12:00", zone: UTC}
"""
ROWS = """customer,number,amount,issued,due,paid
C2,I2,20.00,2026-03-10,2026-04-09,2026-03-20
C1,I1,10.00,2026-03-01,2026-03-31,2026-03-12
C1,I0,five,2026-03-01,2026-03-31,
C1,I3,30.00,2026-03-05,2026-04-04,
"""


def replay(folder: Path, rows: str = ROWS, days: int | None = None) -> Replay:
    data, mapping = folder / "d.csv", folder / "m.yaml"
    data.write_text(rows)
    mapping.write_text(MAPPING)
    return Replay(data, mapping, days)


def test_events_come_at_their_own_instants(tmp_path: Path) -> None:
    source = replay(tmp_path)
    assert (source.first_day, source.days, source.accounts) == (date(2026, 3, 1), 20, 2)
    days = [
        [
            event["data"].get("invoice_id") or event["data"].get("payment_id") or event["subject"]
            for event in source.until(midnight(source.first_day + (number + 1) * ONE_DAY))
        ]
        for number in range(20)
    ]
    assert {number + 1: day for number, day in enumerate(days) if day} == {
        1: ["C1", "I1"],
        5: ["I3"],
        10: ["C2", "I2"],
        12: ["pay:I1"],
        20: ["pay:I2"],
    }


def test_a_bad_row_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    (refused,) = replay(tmp_path).refused
    assert refused.startswith("line 4, amount: ")


def test_fewer_days_can_be_asked_for(tmp_path: Path) -> None:
    assert replay(tmp_path, days=5).days == 5
    assert replay(tmp_path, days=500).days == 20


def test_a_file_without_a_good_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="holds no row of which the mapping makes an event"):
        replay(tmp_path, ROWS.partition("\n")[0] + "\n")


def test_where_nothing_can_be_taken_the_reasons_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "".join(f"C{i},I{i},five,2026-03-01,2026-03-31,\n" for i in range(30))
    assert (
        told_by_the_demo(tmp_path, ROWS.partition("\n")[0] + "\n" + bad, MAPPING, monkeypatch) == 1
    )
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "demo: d.csv holds no row that could be taken:"
    assert said[1] == "  line 2, amount: 'five' is not an amount like 1234.56"
    assert (len(said), said[-1]) == (22, "  … and 10 more")


def test_a_mapping_s_faults_are_told_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = MAPPING.replace("{column: due, as: date}", "{column: due, az: date}")
    assert told_by_the_demo(tmp_path, ROWS, mapping, monkeypatch) == 1
    assert capsys.readouterr().err.splitlines() == [
        "demo: the mapping is not valid",
        "  /events/1/data/due_on/az: is not known here (line 15)",
    ]


def told_by_the_demo(folder: Path, rows: str, mapping: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of `make demo` with these files."""
    for variable, name, text in (("DATA", "d.csv", rows), ("MAPPING", "m.yaml", mapping)):
        (folder / name).write_text(text)
        monkeypatch.setenv(variable, str(folder / name))
    return main()
