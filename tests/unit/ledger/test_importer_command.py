"""The importer's command line: what it prints, writes and exits with."""

import csv
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import httpx
import pytest

from services.ledger.import_files.refusals import HEADER as COLUMNS
from services.ledger.importer import __main__ as importer
from shared.csv_events.mapping import (
    read_mapping,
)
from tests.unit.ledger.importer_rig import GOOD, HEADER, MAPPING, Ledger, Run, ordered


def test_all_goes_in_in_the_order_of_the_facts(run: Run, ledger: Ledger) -> None:
    code, said, _ = run(HEADER + GOOD)
    assert (code, said) == (0, "4 events accepted, 0 known already, 0 refused\n")
    assert [e["data"].get("invoice_id") for e in ledger.events] == [None, None, "V2", "V1"]


def test_some_is_refused_by_line_and_column(run: Run, ledger: Ledger, tmp_path: Path) -> None:
    report = tmp_path / "refused.csv"
    bad = 'C3,Three,V3,-1,2026-01-01\nC4,=Four,V4,x,2026-01-01\nC5,"Fü\nnf",V5,1,never\n'
    code, said, errors = run(HEADER + GOOD + bad, "--refusals", str(report))
    assert (code, said) == (1, "5 events accepted, 0 known already, 3 refused\n")
    lines = [line for line in errors.splitlines() if line.startswith("line")]
    assert lines == [
        "line 4, amount: must be at least 0",
        "line 5, amount: 'x' is not an amount like 1234.56",
        "lines 6 to 7, day: 'never' is not a day like 2026-03-31",
    ]
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == COLUMNS == ("line", "column", "reason", "cells")
    assert [(row[0], row[1], row[3]) for row in rows[1:]] == [
        ("4", "amount", "C3,Three,V3,-1,2026-01-01"),
        ("5", "amount", "C4,=Four,V4,x,2026-01-01"),
        ("6-7", "day", 'C5,"Fü\nnf",V5,1,never'),
    ]


def test_no_spreadsheet_runs_what_was_refused(run: Run, ledger: Ledger, tmp_path: Path) -> None:
    report = tmp_path / "refused.csv"
    run(HEADER + "=1+1,Three,V3,x,2026-01-01\n", "--refusals", str(report))
    assert "'=1+1,Three" in report.read_text("utf-8-sig")


def test_only_the_first_are_printed(run: Run, ledger: Ledger) -> None:
    bad = "".join(f"C{i},Name,V{i},x,2026-01-01\n" for i in range(250))
    code, said, errors = run(HEADER + bad)
    assert (code, said) == (1, "0 events accepted, 0 known already, 250 refused\n")
    assert sum(line.startswith("line") for line in errors.splitlines()) == importer.SHOWN
    assert "… and 150 more; --refusals FILE.csv writes all" in errors
    _, _, errors = run(HEADER + bad, "--show", "3")
    assert "… and 247 more" in errors


def test_a_dry_run_says_what_would_be_and_sends_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(importer, "ledger_client")
    bad = ",,,,\nC3,Three,V3,-1,2026-01-01\nC4,Four,V4,x,2026-01-01\nC5/6,Five,,,\n"
    bad += "C7,Seven,V7,1,1066-10-14\n"
    code, said, errors = run(HEADER + GOOD + bad, "--dry-run")
    assert code == 1
    assert said.splitlines() == [
        "file [1].csv: 7 rows, skipped: 1 blank; nothing was sent. Of it would become:",
        "  account-registered           4",
        "  invoice-issued               2  19.50 EUR",
        "  accounts                     4",
        "  days                 2026-01-15 to 2026-02-01",
        "  refused                      4",
        "  after, in EUR: balance 19.50, overdue 19.50, unapplied 0.00",
    ]
    lines = [line.partition(":")[0] for line in errors.splitlines() if line.startswith("line")]
    assert lines == ["line 5, amount", "line 6, amount", "line 7, id", "line 8, day"]


def test_a_dry_run_refuses_what_the_ledger_would(run: Run) -> None:
    rows = "C5/6,Five,V5,1,2026-01-01\nC7,Seven,V7,1,1066-10-14\nC8,Eight,V8,-1,2026-01-01\n"
    _, _, errors = run(HEADER + rows, "--dry-run")
    told = [line for line in errors.splitlines() if line.startswith("line")]
    assert {line.partition(":")[0] for line in told} == {
        "line 2, id", "line 3, day", "line 4, amount",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "mapping", "said"),
    [
        (HEADER + GOOD, "events: []", "/events: must list at least one event (line 1)"),
        (HEADER + GOOD, "events: [", "not YAML: line 2"),
        ("id;name\nC1;x\n", MAPPING, "has no column amount"),
        ("", MAPPING, "is empty"),
        (HEADER, MAPPING, "there is no row of which an event is made (0 rows)"),
        (b"PK\x03\x04", MAPPING, "Excel"),
    ],
)
def test_what_can_not_be_tried_is_a_sentence(
    run: Run, ledger: Ledger, content: str | bytes, mapping: str, said: str
) -> None:
    for options in ((), ("--dry-run",)):
        code, _, errors = run(content, *options, mapping=mapping)
        assert code == 2
        assert said in errors


def test_a_file_that_is_not_there_is_a_sentence(
    tmp_path: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping = ["--mapping", str(tmp_path / "m.yaml")]
    for name, said in (("none.csv", "No such file"), (".", "is a folder")):
        assert importer.main([str(tmp_path / name), *mapping]) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "f.csv").write_text(HEADER + GOOD)
    unwritable = ["--refusals", str(tmp_path / "no" / "r.csv")]
    assert importer.main([str(tmp_path / "f.csv"), *mapping, *unwritable]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not ledger.events


def test_a_report_never_overwrites_what_is_read(run: Run, ledger: Ledger, tmp_path: Path) -> None:
    for name in ("file [1].csv", "m.yaml"):
        code, _, errors = run(HEADER + GOOD, "--refusals", str(tmp_path / name))
        assert (code, "is to be read" in errors) == (2, True)
        assert (tmp_path / name).stat().st_size > 20


@pytest.mark.parametrize(
    ("variables", "options", "said"),
    [
        ({"RECOUP_PORT_BASE": "x"}, (), "RECOUP_PORT_BASE"),
        ({}, (), "no token"),
        ({"RECOUP_DEV_KEY": "k"}, ("--url", "http://[::1"), "cannot be asked"),
    ],
)
def test_a_ledger_that_cannot_be_asked_is_a_sentence(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    options: tuple[str, ...],
    said: str,
) -> None:
    for name in ("RECOUP_SERVICE_TOKEN", "RECOUP_DEV_KEY", "RECOUP_PORT_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code, _, errors = run(HEADER + GOOD, *options)
    assert (code, said in errors) == (2, True), errors


def test_an_answer_that_is_not_the_ledger_s_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))
    monkeypatch.setattr(
        importer, "ledger_client", lambda *_: httpx.Client(transport=page, base_url="http://x")
    )
    code, _, errors = run(HEADER + GOOD)
    assert (code, "the ledger answers 200: <html>" in errors) == (2, True)


def test_standard_input_is_a_file_too(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO((HEADER + GOOD).encode())))
    assert importer.main(["-", "--mapping", str(tmp_path / "m.yaml")]) == 0
    assert len(ledger.events) == 4


def test_many_events_are_sorted_as_their_facts_act(tmp_path: Path) -> None:
    """By instants in UTC, whatever their offsets, and an account before its invoices."""
    mapping = tmp_path / "m.yaml"
    mapping.write_text("""
events:
  - type: payment-received
    data: {payment_id: {column: p}, account_id: C1, currency: EUR, amount_minor: 1,
           received_at: {column: at}}
  - {type: account-registered, once_per: a, time: {column: at},
     data: {account_id: {column: a}, name: x}}
""")
    file = tmp_path / "f.csv"
    file.write_text(
        "p,a,at\nP1,C1,2026-03-02T00:30:00+02:00\nP2,C1,2026-03-01T23:00:00Z\nP3,C1,2026-03-01T09:00:00Z\n"
    )
    assert [e["data"].get("payment_id") for e in ordered(file, read_mapping(mapping))] == [
        None, "P3", "P1", "P2",
    ]  # fmt: skip
