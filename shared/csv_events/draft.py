"""A mapping to begin with, drafted from what the columns of a file seem to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.csv_events.amounts import NumberFormat

DUE_DAYS = 30  # where no column says when an invoice is due


@dataclass
class Draft:
    """The mapping as plain data, and what is doubtful in it: (about, found, because)."""

    content: dict[str, Any]
    questions: list[tuple[str, str, str]] = field(default_factory=list)


def draft_mapping(
    form: Mapping[str, Any],
    numbers: NumberFormat,
    dates: Sequence[str],
    zone: str | None,
    guesses: Mapping[str, str],
    asked: frozenset[str],
) -> Draft:
    """What a person completes. Without an account, an id and an amount there are no events yet."""
    content: dict[str, Any] = {"source": "/import", "file": dict(form)}
    draft = Draft(content)
    rule = {"decimal": numbers.decimal}
    if numbers.thousands:
        rule["thousands"] = numbers.thousands
    if numbers.grouping != "western":
        rule["grouping"] = numbers.grouping
    if rule != {"decimal": "."}:
        content["numbers"] = rule
    if dates:
        content["dates"] = list(dates)
        if "%d%m" in dates:
            content["year"] = 2026
            draft.questions.append(("year", "2026", "the days have none"))
    if zone is not None:
        content["zone"] = zone
    columns = {role: name for name, role in reversed(list(guesses.items()))}
    missing = [role for role in ("account_id", "invoice_id", "amount") if role not in columns]
    if "issued_on" not in columns and "due_on" not in columns:
        missing.append("issued_on")
    if missing:
        because = "no column has a name that says so"
        draft.questions += [(f"the column of {role}", "", because) for role in missing]
        return draft
    content["events"] = _events(columns, draft)
    return draft


def _events(columns: Mapping[str, str], draft: Draft) -> list[dict[str, Any]]:
    day = columns.get("issued_on") or columns["due_on"]
    account = {"column": columns["account_id"], "as": "id"}
    time = {"column": day, "as": "instant", "at": "00:00"}
    data: dict[str, Any] = {
        "invoice_id": {"column": columns["invoice_id"]},
        "account_id": account,
        "currency": _currency(columns, draft),
        "amount_minor": {"column": columns["amount"], "as": "money"},
        "issued_on": {"column": day, "as": "date"},
        "due_on": _due(columns, day, draft),
    }
    events = [
        {
            "type": "account-registered",
            "once_per": columns["account_id"],
            "time": time,
            "data": {
                "account_id": account,
                "name": {"column": columns.get("name") or columns["account_id"]},
            },
        },
        {"type": "invoice-issued", "where": {columns["amount"]: {"above": 0}}, "data": data},
    ]
    if paid := columns.get("paid_on"):
        received = {"column": paid, "as": "instant", "at": "12:00"}
        payment = {
            "payment_id": {"text": f"paid:{{{columns['invoice_id']}}}"},
            "account_id": account,
            "currency": data["currency"],
            "amount_minor": data["amount_minor"],
            "received_at": received,
        }
        where = {columns["amount"]: {"above": 0}}
        events.append({"type": "payment-received", "when": paid, "where": where, "data": payment})
    return events


def _currency(columns: Mapping[str, str], draft: Draft) -> Any:
    if "currency" in columns:
        return {"column": columns["currency"], "as": "currency"}
    draft.questions.append(("currency", "EUR", "no column is named so"))
    return "EUR"


def _due(columns: Mapping[str, str], day: str, draft: Draft) -> dict[str, Any]:
    if "due_on" in columns:
        return {"column": columns["due_on"], "as": "date"}
    draft.questions.append(("due_on", f"{DUE_DAYS} days after {day}", "no column is named so"))
    return {"column": day, "as": "date", "plus_days": DUE_DAYS}
