"""Events of billing platforms for tests: good by default, changed where a test is about it."""

import json
from typing import Any

from shared.cloudevents import Incoming, ParsedRequest, Refused, parse_http

INVOICE: dict[str, Any] = {
    "invoice_id": "I1",
    "account_id": "C1",
    "currency": "EUR",
    "amount_minor": 10000,
    "issued_on": "2026-03-01",
    "due_on": "2026-03-15",
}
PAYMENT: dict[str, Any] = {
    "payment_id": "P1",
    "account_id": "C1",
    "currency": "EUR",
    "amount_minor": 4000,
    "received_at": "2026-03-20T10:00:00Z",
}
ACCOUNT: dict[str, Any] = {"account_id": "C1", "name": "Ada Example"}
SAMPLES = {"invoice-issued": INVOICE, "payment-received": PAYMENT, "account-registered": ACCOUNT}
NO_INVOICE_ID = {name: value for name, value in INVOICE.items() if name != "invoice_id"}


def an_event(kind: str = "invoice-issued", **changes: Any) -> dict[str, Any]:
    """A good event; a change to `...` leaves the attribute out."""
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/billing",
        "type": kind,
        "subject": "C1",
        "time": "2026-03-01T09:00:00Z",
        "data": SAMPLES.get(kind, {}),
    }
    return {name: value for name, value in {**event, **changes}.items() if value is not ...}


def an_invoice(**changes: Any) -> dict[str, Any]:
    return an_event(data={**INVOICE, **changes})


def a_payment(**changes: Any) -> dict[str, Any]:
    return an_event("payment-received", data={**PAYMENT, **changes})


def post(content: object, content_type: str = "application/cloudevents+json") -> ParsedRequest:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_http([(b"content-type", content_type.encode())], body)


def batch(*events: object) -> list[Incoming | Refused]:
    return post(list(events), "application/cloudevents-batch+json").items
