"""Mappings and files for tests of the CSV reader."""

from pathlib import Path
from typing import Any

import pytest

from shared.csv_events.mapping import parse_mapping
from shared.csv_events.rows import Outcome, read_events
from shared.errors import Invalid

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
