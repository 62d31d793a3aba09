"""The mappings that are shipped and documented, and the files that they are for."""

import csv
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from services.ledger.importer import __main__ as importer
from shared.csv_events.conditions import WORDS
from shared.csv_events.form import FILE_KEYS, GROUP_KEYS
from shared.csv_events.mapping import EVENT_KEYS, MAPPING_KEYS, parse_mapping, read_mapping
from shared.csv_events.rows import read_events
from shared.csv_events.rules import CELL_KEYS, KINDS
from tests.architecture.files import ROOT
from tests.unit.ledger.importer_rig import Ledger, ordered

SAMPLES = ROOT / "deploy" / "demo" / "mappings"


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
