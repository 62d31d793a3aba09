"""Files of JSON, an object on each line."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.csv_events.cloud_events import read_cloud_events
from shared.csv_events.mapping import parse_mapping
from shared.csv_events.rows import Outcome, Refusal, read_events
from shared.csv_events.watch import RowWatch
from shared.errors import Invalid

MAPPING = """
dates: ["%Y-%m-%d"]
events:
  - type: invoice-issued
    data:
      invoice_id: {column: id}
      account_id: {column: customer.id, as: id}
      currency: {column: currency, as: currency}
      amount_minor: {column: amount, as: money}
      issued_on: {column: dates.0, as: date}
      due_on: {column: dates.1, as: date}
      number: {column: number, optional: true}
"""


def read(folder: Path, *lines: str, watch: RowWatch | None = None) -> list[Outcome]:
    (folder / "f.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(read_events(folder / "f.ndjson", parse_mapping(MAPPING), "demo", None, watch))


def a_line(**more: Any) -> str:
    members = {
        "id": 7,
        "customer": {"id": "C1", "name": "One"},
        "currency": "eur",
        "amount": 12.5,
        "dates": ["2026-03-01", "2026-03-31"],
        **more,
    }
    return msgspec.json.encode(members).decode()


def test_members_are_columns(tmp_path: Path) -> None:
    watch = RowWatch(parse_mapping(MAPPING))
    (row,) = read(tmp_path, a_line(), watch=watch)
    assert isinstance(row, list)
    assert row[0].event["data"] == {
        "invoice_id": "7",
        "account_id": "C1",
        "currency": "EUR",
        "amount_minor": 1250,
        "issued_on": "2026-03-01",
        "due_on": "2026-03-31",
    }
    assert watch.warnings()["unused-column"].detail == "customer.name"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("{", "line 2, row: is no JSON: "),
        ("[1]", "line 2, row: is no JSON object"),
        ('{"id": NaN}', "line 2, row: is no JSON: NaN is no number of JSON"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "line 2, row: "),
        ('{"id": ' + "9" * 5000 + "}", "line 2, row: "),
        (a_line(id="\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")), ""),
        ('{"id": "\\ud83d"}', "line 2, id: "),
        (a_line(amount=1.005), "line 2, amount: '1.005' has more decimals than EUR (2)"),
        (a_line(amount=None), "line 2, amount: is empty"),
        ('{"customer": ' + str([1] * 3000) + "}", "line 2, row: cannot be read"),
    ],
)
def test_a_bad_line_is_refused_alone(tmp_path: Path, line: str, refusal: str) -> None:
    first, bad, last = read(tmp_path, a_line(id="a"), line, a_line(id="b"))
    assert isinstance(first, list)
    assert isinstance(last, list)
    if refusal:
        assert isinstance(bad, Refusal)
        assert str(bad).startswith(refusal), str(bad)


def test_a_json_list_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="one JSON list"):
        read(tmp_path, '[{"id": 1},', '{"id": 2}]')


def test_events_need_no_mapping(tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "payment-received",
             "time": "2026-03-01T00:00:00Z", "data": {"amount_minor": 5}}  # fmt: skip
    (tmp_path / "e.ndjson").write_bytes(
        msgspec.json.encode(event)
        + b"\n"
        + msgspec.json.encode({**event, "tenantid": "other"})
        + b'\n{"id": 1}\n'
    )
    good, other, none = read_cloud_events(tmp_path / "e.ndjson", "demo")
    assert isinstance(good, list)
    assert good[0].event == {**event, "tenantid": "demo"}
    assert str(other) == "line 2, row: is for tenant 'other'"
    assert str(none).startswith("line 3, row: is no CloudEvent: it has no specversion")


def test_a_csv_file_needs_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a,b\n1,2\n")
    with pytest.raises(Invalid, match="needs a mapping"):
        list(read_cloud_events(tmp_path / "f.csv", "demo"))
