"""Files of four columns, and what became of them, for tests of the CSV reader."""

from pathlib import Path

from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Outcome, Refusal, read_events

EVENTS = """
events:
  - type: account-registered
    time: "2026-01-01T00:00:00Z"
    once_per: id
    data: {account_id: {column: id}, name: {column: name}}
  - type: invoice-issued
    data:
      invoice_id: {column: inv}
      account_id: {column: id}
      currency: EUR
      amount_minor: {column: amount, as: money, currency: EUR}
      issued_on: "2026-01-01"
      due_on: "2026-01-31"
"""
HEADER = "id,name,inv,amount"


def a_mapping(head: str = "", events: str = EVENTS) -> MappingFile:
    return parse_mapping(f"source: /import/test\n{head}\n{events}")


def read(folder: Path, content: str | bytes, mapping: MappingFile | None = None) -> list[Outcome]:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_events(path, mapping or a_mapping(), "demo"))


def invoices(rows: list[Outcome]) -> list[str]:
    made = [event.event for row in rows if isinstance(row, list) for event in row]
    return [event["data"]["invoice_id"] for event in made if event["type"] == "invoice-issued"]


def names(rows: list[Outcome]) -> list[str]:
    made = [event.event for row in rows if isinstance(row, list) for event in row]
    return [event["data"]["name"] for event in made if event["type"] == "account-registered"]


def told(rows: list[Outcome]) -> list[str]:
    return [str(row) for row in rows if isinstance(row, Refusal)]
