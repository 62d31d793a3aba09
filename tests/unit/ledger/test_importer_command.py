"""The importer's command line: what it prints, writes and exits with."""

import csv
import re
import shlex
import sys
from collections.abc import Callable
from datetime import date
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.import_files.reading import read_file
from services.ledger.import_files.refusals import HEADER as COLUMNS
from services.ledger.import_files.store import FileEvents
from services.ledger.importer import __main__ as importer
from shared.csv_events.conditions import WORDS
from shared.csv_events.form import FILE_KEYS, GROUP_KEYS
from shared.csv_events.mapping import (
    EVENT_KEYS,
    MAPPING_KEYS,
    MappingFile,
    parse_mapping,
    read_mapping,
)
from shared.csv_events.rows import read_events
from shared.csv_events.rules import CELL_KEYS, KINDS
from tests.architecture.files import ROOT

SAMPLES = ROOT / "deploy" / "demo" / "mappings"
MAPPING = """
source: /import/test
events:
  - type: account-registered
    time: "2026-01-01T00:00:00Z"
    once_per: id
    data: {account_id: {column: id}, name: {column: name}}
  - type: invoice-issued
    when: inv
    data: {invoice_id: {column: inv}, account_id: {column: id}, currency: EUR,
           amount_minor: {column: amount, as: money, currency: EUR},
           issued_on: {column: day, as: date}, due_on: {column: day, as: date}}
"""
HEADER = "id,name,inv,amount,day\n"
GOOD = "C1,One,V1,12.50,2026-02-01\nC2,Two,V2,7,2026-01-15\n"

Run = Callable[..., tuple[int, str, str]]


class Ledger:
    """Takes everything but invoices of nothing below zero, as the real one does."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def client(self, url: str | None, tenant: str) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._take), base_url="http://ledger")

    def _take(self, request: httpx.Request) -> httpx.Response:
        rejected = []
        events = msgspec.json.decode(request.content)
        for index, event in enumerate(events):
            if event["data"].get("amount_minor", 0) < 0:
                error = {"pointer": "/data/amount_minor", "detail": "must be at least 0"}
                rejected.append({"index": index, "errors": [error]})
            else:
                self.events.append(event)
        accepted = len(events) - len(rejected)
        return httpx.Response(
            200, json={"accepted": accepted, "duplicates": 0, "rejected": rejected}
        )


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ledger:
    ledger = Ledger()
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(importer, "ledger_client", ledger.client)
    return ledger


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(content: str | bytes, *options: str, mapping: str = MAPPING) -> tuple[int, str, str]:
        file, rules = tmp_path / "file [1].csv", tmp_path / "m.yaml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        rules.write_text(mapping)
        code = importer.main([str(file), "--mapping", str(rules), *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


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


def ordered(file: Path, mapping: MappingFile) -> list[dict[str, Any]]:
    with FileEvents() as events:
        read_file(file, mapping, "demo", events, today=date(2026, 12, 31))
        return [made.event for batch in events.batches(mapping) for made in batch]


# ------------------------------------------------- what the mapping leaves open

GERMAN = HEADER.replace(",", ";") + "C1;Müller;V1;1.234,56;31.12.2026\n" * 3
FOUND = "windows-1252, semicolon, decimal comma (1.234,56), days 31.12.2026"


@pytest.fixture
def open_mapping() -> str:
    """Says nothing of how the file is written."""
    return MAPPING.replace("due_on: {column: day, as: date}", 'due_on: "2027-01-31"')


def test_without_a_terminal_nothing_is_believed(
    run: Run, ledger: Ledger, open_mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"")))
    code, _, errors = run(GERMAN.encode("cp1252"), mapping=open_mapping)
    assert code == 2
    assert f"seems to be {FOUND}; the mapping does not say so" in errors
    lines = errors.partition("\n\n")[2]
    assert not ledger.events
    # With these lines the mapping says it all, and nothing is asked.
    code, said, errors = run(GERMAN.encode("cp1252"), mapping=f"{open_mapping}\n{lines}")
    assert (code, said.splitlines()[-1]) == (0, "4 events accepted, 0 known already, 0 refused")
    assert ledger.events[1]["data"]["amount_minor"] == 123_456


def test_yes_agrees(run: Run, ledger: Ledger, open_mapping: str) -> None:
    code, said, _ = run(GERMAN.encode("cp1252"), "--yes", mapping=open_mapping)
    assert (code, said.splitlines()[-1]) == (0, "4 events accepted, 0 known already, 0 refused")
    assert ledger.events[0]["data"]["name"] == "Müller"


class Terminal(TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "expected"), [("\n", 0), ("y\n", 0), ("n\n", 2), ("", 2)])
def test_at_a_terminal_it_is_asked_once(
    run: Run,
    ledger: Ledger,
    open_mapping: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    expected: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(BytesIO(answer.encode())))
    code, _, errors = run(GERMAN.encode("cp1252"), mapping=open_mapping)
    assert code == expected
    assert errors.count(f"{FOUND}: right? [Y/n]") == 1


# ------------------------------------------------- killed, and again


class Killed(BaseException):
    """As if the process were gone."""


class KilledAfter(Ledger):
    """Knows what it has; dies after some batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches
        self.sizes: list[int] = []

    def _take(self, request: httpx.Request) -> httpx.Response:
        events = msgspec.json.decode(request.content)
        if not self.left:
            raise Killed
        self.left -= 1
        self.sizes.append(len(events))
        known = {event["id"] for event in self.events}
        new = [event for event in events if event["id"] not in known]
        self.events += new
        counts = {"accepted": len(new), "duplicates": len(events) - len(new), "rejected": []}
        return httpx.Response(200, json=counts)


def test_the_same_command_goes_on_behind_the_last_part_known(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "data"))
    ledger = KilledAfter(2)
    monkeypatch.setattr(importer, "ledger_client", ledger.client)
    rows = HEADER + "".join(f"C1,One,V{n},1,2026-02-01\n" for n in range(2_499))
    with pytest.raises(Killed):
        run(rows)
    assert [path.suffix for path in (tmp_path / "data" / "imports").iterdir()] == [".jsonl"]
    ledger.left, ledger.sizes = 99, []
    code, said, _ = run(rows)
    assert (code, said) == (0, "2500 events accepted, 0 known already, 0 refused\n")
    # The last part once more, to see that it is the same ledger; then what is left.
    assert ledger.sizes == [500, 500, 500, 500]
    assert len(ledger.events) == 2_500
    assert not list((tmp_path / "data" / "imports").iterdir())


def test_another_ledger_gets_all_of_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RECOUP_DATA_DIR", str(tmp_path / "data"))
    rows = HEADER + "".join(f"C1,One,V{n},1,2026-02-01\n" for n in range(1_499))
    ledger = KilledAfter(2)
    monkeypatch.setattr(importer, "ledger_client", ledger.client)
    with pytest.raises(Killed):
        run(rows)
    empty = KilledAfter(99)
    monkeypatch.setattr(importer, "ledger_client", empty.client)
    code, said, _ = run(rows)
    assert code == 0
    assert len(empty.events) == 1_500
    assert "1000 events accepted, 500 known already" in said


def test_a_dry_run_as_json(run: Run) -> None:
    code, said, _ = run(HEADER + GOOD, "--dry-run", "--json")
    report = msgspec.json.decode(said)
    assert code == 0
    assert report["events"]["invoice-issued"] == {"count": 2, "sums": {"EUR": 1_950}}
    assert report["after"]["EUR"]["balance"] == 1_950


# ------------------------------------------------- the samples


def test_the_german_sample_goes_in_to_the_cent(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    file, mapping = SAMPLES / "german_erp.csv", SAMPLES / "german_erp.yaml"
    assert importer.main([str(file), "--mapping", str(mapping)]) == 0
    assert "66 events accepted, 0 known already, 0 refused" in capsys.readouterr().out

    # The same file, read here by hand.
    text = file.read_bytes().decode("cp1252").splitlines()[3:]
    rows = [row for row in csv.DictReader(text, delimiter=";") if row["Beleg"]]
    expected: dict[str, tuple[str, int]] = {}
    for row in rows:
        digits = row["Betrag"].replace(".", "").replace(",", "").replace("-", "")
        expected[row["Beleg"]] = (row["Währung"], int(digits))
    assert len(expected) == 40

    by_type: dict[str, list[dict[str, Any]]] = {}
    for event in ledger.events:
        by_type.setdefault(event["type"], []).append(event["data"])
    made = {
        data.get("invoice_id") if kind == "invoice-issued" else data["credit_note_id"]: (
            data["currency"],
            data["amount_minor"],
        )
        for kind in ("invoice-issued", "credit-note-issued")
        for data in by_type[kind]
    }
    assert made == expected
    assert [data["account_id"] for data in by_type["payment-received"]]
    assert {data["name"] for data in by_type["account-registered"]} >= {
        "Müller & Söhne GmbH", 'Café "Zur Mühle"',
    }  # fmt: skip
    first = next(data for data in by_type["invoice-issued"] if data["invoice_id"] == "RE-2026000")
    assert first == {
        "invoice_id": "RE-2026000",
        "account_id": "10007",
        "number": "RE-2026000",
        "currency": "EUR",
        "amount_minor": 282_610,
        "issued_on": "2026-01-05",
        "due_on": "2026-02-04",
    }
    without_due = next(d for d in by_type["invoice-issued"] if d["invoice_id"] == "RE-2026008")
    assert (without_due["issued_on"], without_due["due_on"]) == ("2026-02-06", "2026-02-20")
    yen = next(d for d in by_type["invoice-issued"] if d["currency"] == "JPY")
    assert yen["amount_minor"] == 128_000


@pytest.mark.parametrize("mapping", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_mapping_that_is_shipped_is_valid(mapping: Path) -> None:
    assert read_mapping(mapping).events


def test_made_is_what_the_order_gives_back() -> None:
    file, mapping = SAMPLES / "german_erp.csv", read_mapping(SAMPLES / "german_erp.yaml")
    rows = list(read_events(file, mapping, "demo"))
    made = [event.event for row in rows if isinstance(row, list) for event in row]
    again = ordered(file, mapping)
    assert sorted(again, key=lambda event: event["id"]) == sorted(made, key=lambda e: e["id"])


# ------------------------------------------------- the documentation

PAGE = (ROOT / "docs" / "import.md").read_text("utf-8")


def test_the_documented_command_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = re.findall(
        r"^    \.venv/bin/python -m services\.ledger\.importer (.*--dry-run)$", PAGE, re.M
    )
    monkeypatch.chdir(ROOT)
    assert importer.main(shlex.split(command)) == 0
    assert "invoice-issued              37" in capsys.readouterr().out


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, re.S))
def test_every_documented_mapping_is_valid(text: str) -> None:
    assert parse_mapping(text).events


def test_every_key_and_kind_is_documented() -> None:
    names = {
        *MAPPING_KEYS,
        *FILE_KEYS,
        *GROUP_KEYS,
        *EVENT_KEYS,
        *KINDS,
        *CELL_KEYS,
        *WORDS,
        "any",
        "first_of",
    }
    assert not [
        name for name in sorted(names) if f"`{name}" not in PAGE and f"{{{name}:" not in PAGE
    ]


def test_the_documented_provider_export_goes_in(tmp_path: Path) -> None:
    text = next(t for t in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "/import/provider" in t)
    file = tmp_path / "f.csv"
    file.write_text(
        "id,Customer,Currency,Amount Due,Amount Paid,"
        "Created (UTC),Due Date (UTC),Paid At (UTC),Status\n"
        "in_1,cus/1,jpy,1000,0,2026-03-01 09:30,,,open\n"
        "in_2,cus/1,eur,1250,1250,2026-03-02 09:30,2026-03-30 00:00,2026-03-05 10:00,paid\n"
    )
    rows = [row for row in read_events(file, parse_mapping(text), "demo") if isinstance(row, list)]
    made = [made.event for row in rows for made in row]
    assert [(e["type"], e["data"]["amount_minor"], e["data"]["currency"]) for e in made] == [
        ("invoice-issued", 1000, "JPY"),
        ("invoice-issued", 1250, "EUR"),
        ("payment-received", 1250, "EUR"),
    ]  # fmt: skip
    assert made[2]["data"]["received_at"] == "2026-03-05T10:00:00Z"
