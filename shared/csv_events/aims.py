"""Payments aimed at the invoices of their file that have the same value in a column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shared.csv_events.rows import Made, content_id

TARGETS_MAX = 1000  # of one payment

AimKey = tuple[str, str, str, str]  # account, currency, column, value


@dataclass(slots=True)
class Aimable:
    """An invoice, and what of it no payment of the file is aimed at yet."""

    due_on: str
    invoice_id: str
    left_minor: int


def aim_key(made: Made, column: str, value: str) -> AimKey:
    data = made.event["data"]
    return (data["account_id"], data["currency"], column, value)


def aimed(event: dict[str, Any], invoices: Iterable[Aimable]) -> dict[str, Any]:
    """The payment with its targets, in the order given, each up to its amount; what is aimed at is
    taken from the invoices."""
    data = dict(event["data"])
    left, targets = data["amount_minor"], list[dict[str, Any]]()
    for invoice in invoices:
        part = min(left, invoice.left_minor)
        if part > 0 and len(targets) < TARGETS_MAX:
            targets.append({"invoice_id": invoice.invoice_id, "amount_minor": part})
            invoice.left_minor -= part
            left -= part
    if not targets:
        return event
    data["allocations"] = targets
    return {**event, "id": content_id(event["source"], event["type"], data), "data": data}


def aim_all(events: Sequence[Made]) -> list[Made]:
    """The events of a file, in its order, with its payments aimed; for files that fit in memory."""
    invoices: dict[AimKey, dict[str, Aimable]] = {}
    for made in events:
        if made.rule.aim_by is None:
            data = made.event["data"]
            for column, value in made.aims:
                known = invoices.setdefault(aim_key(made, column, value), {})
                invoice = Aimable(data["due_on"], data["invoice_id"], data["amount_minor"])
                known.setdefault(invoice.invoice_id, invoice)
    payments = [made for made in events if made.rule.aim_by is not None and made.aims]
    done: dict[int, Made] = {}
    for made in sorted(payments, key=lambda payment: str(payment.event["data"]["received_at"])):
        ((column, value),) = made.aims
        found = invoices.get(aim_key(made, column, value), {})
        oldest = sorted(found.values(), key=lambda invoice: (invoice.due_on, invoice.invoice_id))
        done[id(made)] = replace(made, event=aimed(made.event, oldest))
    return [done.get(id(made), made) for made in events]
