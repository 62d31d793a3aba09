"""Whether a record begins on its day: a case in which it speaks, moved in time as a whole.

The record is asked alone, so that no other speaks for it. Every day and instant of the question is
moved by the same number of days, so that it is asked on the record's first day, and on the day
before, in the debtor's own calendar.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import yaml

from services.outreach.compliance import RuleSet
from shared.errors import Invalid
from tests.unit.outreach.compliance.case_files import FOLDER, Case, Plain, ask, load, mentioned

# Whose first day no answer shows, each with the reason.
NO_FIRST_DAY = {
    "US-FDCPA-SCOPE": "extends only how long evidence is kept, and that names the extended record",
}

_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(T.*)?")


@lru_cache(maxsize=1)
def _days() -> Mapping[str, date]:
    text = (FOLDER / "law" / "begins.yaml").read_text(encoding="utf-8")
    rows = yaml.load(text, Loader=Plain)  # noqa: S506 - a safe one
    return {name: date.fromisoformat(day) for name, day in rows.items()}


def first_day(record: Mapping[str, Any]) -> date | None:
    """From which day a record binds, as the rule collection has it; None: it names none."""
    name, part = record["id"], record.get("part")
    return _days().get(f"{name}/{part}") or _days().get(name)


def late_or_early(record: Mapping[str, Any], alone: RuleSet) -> str | None:
    """What is wrong with a record's first day in books that hold it alone; None if it is right."""
    first = first_day(record)
    assert first is not None
    rule = record["id"]
    for case in speaking(rule):
        if _speaks(rule, case, first, alone):
            early = _speaks(rule, case, first - timedelta(days=1), alone)
            return f"{case.id}: it speaks the day before {first}" if early else None
    return f"it speaks in no case on {first}"


@lru_cache(maxsize=256)
def speaking(rule: str) -> tuple[Case, ...]:
    """The cases about a rule, those first in which it can be expected to speak."""
    return tuple(
        sorted(
            (case for case in load() if rule in case.names and _same_day(case)),
            key=lambda case: (case.rule != rule, rule in case.expect.get("silent", ())),
        )
    )


def _speaks(rule: str, case: Case, day: date, books: RuleSet) -> bool:
    moved = _moved(case.question, (day - _at(case).date()).days)
    moved.pop("packs", None)
    try:
        return rule in mentioned(ask(books, moved))
    except Invalid:
        return False


def _at(case: Case) -> datetime:
    return datetime.fromisoformat(case.question["at"].replace("Z", "+00:00"))


def _same_day(case: Case) -> bool:
    """Whether it is surely the same day where the debtor is as in UTC."""
    countries = {
        str(address.get("country")).upper()
        for address in case.question["debtor"].get("addresses") or ()
    }
    hour = _at(case).hour
    if "AU" in countries:
        return hour < 12
    return 11 <= hour < 22 if countries & {"US", "CA", "BR"} else hour < 18


def _moved(node: Any, days: int) -> Any:
    if isinstance(node, dict):
        return {key: _moved(value, days) for key, value in node.items()}
    if isinstance(node, list):
        return [_moved(value, days) for value in node]
    found = _DATED.fullmatch(node) if isinstance(node, str) else None
    if found is None:
        return node
    return f"{date.fromisoformat(found[1]) + timedelta(days=days)}{found[2] or ''}"
