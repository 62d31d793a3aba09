"""Answers as tables: one line per KPI, part of the window and group."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_COLUMNS = ("kpi", "unit", "currency", "group", "from", "to", "value", "numerator", "denominator")


def csv_of(answers: Iterable[Mapping[str, Any]]) -> bytes:
    """The answers as CSV, with a line of headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for line in lines_of(answers):
        writer.writerow([line[name] for name in _COLUMNS])
    return out.getvalue().encode()


def lines_of(answers: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What each line has."""
    for answer in answers:
        for group in ({**answer, "key": {}}, *answer["groups"]):
            key = group["key"]
            whole = {"from": answer["from"], "to": answer["to"], "is_complete": None, **group}
            for part in group["series"] or (whole,):
                yield {
                    "kpi": answer["name"],
                    "unit": answer["unit"],
                    "currency": key.get("currency", answer["currency"]),
                    "group": " ".join(f"{name}={value or ''}" for name, value in key.items()),
                    "key": key,
                    "from": part["from"],
                    "to": part["to"],
                    "at": answer.get("at"),
                    "is_complete": part["is_complete"],
                    **{name: part[name] for name in ("value", "numerator", "denominator")},
                }
