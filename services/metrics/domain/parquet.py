"""Tables in Parquet's form: days are date32, sums of money int64 in minor units."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

_FIGURES = pa.schema(
    [
        ("kpi", pa.string()),
        ("unit", pa.string()),
        ("currency", pa.string()),
        ("group", pa.string()),
        ("key", pa.map_(pa.string(), pa.string())),
        ("from", pa.date32()),
        ("to", pa.date32()),
        ("at", pa.date32()),
        ("is_complete", pa.bool_()),
        ("value", pa.float64()),
        ("value_minor", pa.int64()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
    ]
)
_FACTS = pa.schema(
    [
        ("account_id", pa.string()),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("number", pa.int32()),
        ("type", pa.string()),
        ("recorded_at", pa.timestamp("s", tz="UTC")),
        ("day", pa.date32()),
        ("currency", pa.string()),
        ("amount_minor", pa.int64()),
        ("data", pa.string()),
    ]
)


def figures_table(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """Lines of answers. `value_minor` is the value of a sum of money."""
    rows = [
        {
            **line,
            **{name: _real(line[name]) for name in ("value", "numerator", "denominator")},
            "key": list(line["key"].items()),
            "value_minor": None
            if line["unit"] != "minor" or line["value"] is None
            else round(line["value"]),
        }
        for line in lines
    ]
    return _written(rows, _FIGURES)


def _real(number: int | float | None) -> float | None:
    return None if number is None else float(number)


def facts_table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Facts of items, one a line."""
    return _written(rows, _FACTS)


def _written(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> bytes:
    out = io.BytesIO()
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
