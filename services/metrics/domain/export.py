"""Answers as a table: one line per KPI, part of the window and group."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_COLUMNS = ("kpi", "unit", "currency", "group", "from", "to", "value", "numerator", "denominator")


def table(answers: Iterable[Mapping[str, Any]]) -> str:
    """The answers as CSV, with a line of headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for answer in answers:
        writer.writerows(_lines(answer))
    return out.getvalue()


def _lines(answer: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for group in ({**answer, "key": {}}, *answer["groups"]):
        key = group["key"]
        label = " ".join(f"{name}={value or ''}" for name, value in key.items())
        currency = key.get("currency", answer["currency"])
        for part in group["series"] or ({"from": answer["from"], "to": answer["to"], **group},):
            yield (
                answer["name"],
                answer["unit"],
                currency,
                label,
                part["from"],
                part["to"],
                *(part[name] for name in ("value", "numerator", "denominator")),
            )
