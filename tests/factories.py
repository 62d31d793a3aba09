"""Billing events that are valid by default; say only what a test is about."""

from itertools import count
from typing import Any

_ids = count(1)


def a_billing_event(kind: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """A CloudEvent in structured JSON form."""
    return {
        "specversion": "1.0",
        "id": f"e{next(_ids)}",
        "source": "/billing",
        "type": kind,
        "subject": data.get("account_id"),
        "time": "2026-03-01T09:00:00Z",
        "data": data,
        **attributes,
    }


def an_account(account_id: str = "C1", *, time: str | None = None, **data: Any) -> dict[str, Any]:
    fields = {
        "account_id": account_id,
        "name": "Ada Example",
        "email": f"{account_id.lower()}@example.com",
        "timezone": "Europe/Berlin",
        **data,
    }
    return a_billing_event("account-registered", fields, **({"time": time} if time else {}))


def an_invoice(
    invoice_id: str = "I1",
    account_id: str = "C1",
    amount_minor: int = 10000,
    *,
    issued_on: str = "2026-03-01",
    due_on: str = "2026-03-15",
    currency: str = "EUR",
    **data: Any,
) -> dict[str, Any]:
    fields = {
        "invoice_id": invoice_id,
        "account_id": account_id,
        "currency": currency,
        "amount_minor": amount_minor,
        "issued_on": issued_on,
        "due_on": due_on,
        **data,
    }
    return a_billing_event("invoice-issued", fields)


def a_payment(
    payment_id: str = "P1",
    account_id: str = "C1",
    amount_minor: int = 4000,
    *,
    received_at: str = "2026-03-20T10:00:00Z",
    currency: str = "EUR",
    **data: Any,
) -> dict[str, Any]:
    fields = {
        "payment_id": payment_id,
        "account_id": account_id,
        "currency": currency,
        "amount_minor": amount_minor,
        "received_at": received_at,
        **data,
    }
    return a_billing_event("payment-received", fields, time=received_at)


def a_reversal(
    reversal_id: str = "R1",
    payment_id: str = "P1",
    account_id: str = "C1",
    *,
    reversed_at: str = "2026-05-02T12:00:00Z",
    currency: str = "EUR",
    kind: str = "chargeback",
    **data: Any,
) -> dict[str, Any]:
    fields = {
        "reversal_id": reversal_id,
        "payment_id": payment_id,
        "account_id": account_id,
        "currency": currency,
        "reversed_at": reversed_at,
        "kind": kind,
        **data,
    }
    return a_billing_event("payment-reversed", fields, time=reversed_at)
