"""The importer's command line over a ledger that takes nearly everything, for tests."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.import_files.reading import read_file
from services.ledger.import_files.store import FileEvents
from services.ledger.importer import __main__ as importer
from shared.csv_events.mapping import MappingFile

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


def ordered(file: Path, mapping: MappingFile) -> list[dict[str, Any]]:
    with FileEvents() as events:
        read_file(file, mapping, "demo", events, today=date(2026, 12, 31))
        return [made.event for batch in events.batches(mapping) for made in batch]
