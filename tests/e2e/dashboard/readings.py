"""What the dashboard reads beside figures, in the shapes of docs/contracts.md."""

import json
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
READINGS: dict[str, Answer] = json.loads(
    Path(__file__).with_name("readings.json").read_text("utf-8")
)
BUCKETS = ["current", "1-30", "31-60", "61-90", "91-120", "121+"]


def reading(path: str) -> Answer | list[Answer] | None:
    """The answer to a GET; None: there is no such thing."""
    if path in READINGS:
        return READINGS[path]
    if path == "/v1/matrices/roll-rate":
        return _roll()
    if path.endswith("/explain"):
        return _explained()
    if path.endswith("/restatements"):
        return [
            {"known_on": "2026-12-20", "value": 0.38439},
            {"known_on": "2026-12-24", "value": 0.40},
            {"known_on": "2026-12-31", "value": 0.4271},
        ]
    return None


def _roll() -> Answer:
    columns = [*BUCKETS, "paid", "credited", "written_off"]
    rows = []
    for at, bucket in enumerate(BUCKETS):
        base = 0 if bucket == "121+" else 4_000_000 // (at + 1)
        shares = [0.0] * len(columns)
        shares[at], shares[min(at + 1, 5)], shares[6] = 0.2, 0.3 + (0.1 if at == 5 else 0), 0.4
        shares[7] = 1 - sum(shares)
        cells = [
            {"to": to, "value": round(base * part), "share": part if base else None}
            for to, part in zip(columns, shares, strict=True)
        ]
        rows.append({"bucket": bucket, "base": base, "cells": cells})
    return {"month": "2026-11", "currency": "EUR", "by": "amount", "complete": True, "rows": rows}


def _explained() -> Answer:
    fact = {
        "type": "payment-received", "at": "2026-11-12T11:00:00Z", "day": "2026-11-12",
        "recorded_at": "2026-11-12T11:00:04Z", "source_id": "P-77", "amount_minor": 120_00,
        "detail": None,
    }  # fmt: skip
    items: list[Answer] = [
        {"account_id": f"C{n}", "kind": "invoice", "id": f"INV-10{n}", "day": "2026-11-12",
         "amount": 1_200_00 // n, "count": 1, "facts": [fact],
         "more_facts": 0}
        for n in range(1, 8)
    ]  # fmt: skip
    total = sum(each["amount"] for each in items)
    head = {"unit": "minor", "currency": "EUR", "total": total}
    return {**head, "items": items, "next_cursor": None}


def explained_as_csv() -> str:
    rows = [f"{each['account_id']},{each['amount']}" for each in _explained()["items"]]
    return "\r\n".join(["account_id,amount", *rows, ""])
