"""A visitor of the portal, and what the ledger says of him."""

from collections.abc import Mapping
from typing import Any

import httpx

from shared.events.billing import Address
from tests.integration.outreach.world import MORNING, World

RIGHT = {"answers": {"name": "Name of C1", "postcode": "10115"}}
WRONG = {"answers": {"name": "Nobody", "postcode": "10115"}}
KEY = {"Idempotency-Key": "k1"}


def browser(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def a_link(world: World, *, postcode: str | None = "10115", **details: Any) -> str:
    """The token of the link in the first message to C1."""
    addresses = () if postcode is None else (Address(postal_code=postcode),)
    await world.account(addresses=addresses, **details)
    await world.overdue("I1", "C1")
    await world.run(MORNING)
    return token_in(world)


def token_in(world: World, n: int = -1) -> str:
    text = world.mail.messages[n].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    return str(text).partition("/portal/")[2][:32]


async def signed_in(portal: httpx.AsyncClient, token: str, **more: Any) -> None:
    answer = await portal.post("/portal/api/identify", json={**RIGHT, "token": token, **more})
    assert answer.status_code == 200, answer.text


def the_ledger_says(world: World, account_id: str = "C1", **own: Any) -> None:
    """What the ledger's doors answer about an account."""
    path = f"/v1/accounts/{account_id}"
    invoice = {
        "invoice_id": "I1", "number": "INV-1", "issued_on": "2026-02-16", "due_on": "2026-03-02",
        "days_past_due": 1, "disputed_minor": 0, "taken_by": None,
        "parts": [
            {"kind": "principal", "charge_id": None, "amount_minor": 10_000, "text": "Invoice"},
            {"kind": "fee", "charge_id": "F1", "amount_minor": 500, "text": "Late fee"},
        ],
    }  # fmt: skip
    world.ledger.answers |= {
        path: (200, {"amounts": [{"currency": "EUR", "collectable_minor": 10_500}],
                     "holds": [], "promises": [], "plans": [], "settlements": [], **own}),
        f"{path}/payoff": (200, {"on": "2026-03-03", "currencies": [
            {"currency": "EUR", "total_minor": 10_500, "unapplied_minor": 0, "discount_minor": 0,
             "per_day_minor": 2, "invoices": [invoice], "charges": []}]}),
        f"{path}/options": (200, {"currencies": [
            {"currency": "EUR", "pay": {"most_minor": 10_500},
             "promise": {"most_minor": 10_500, "latest_on": "2026-03-17"},
             "plan": None, "because": {"plan": "below-min-instalment"}}]}),
        f"{path}/statement": (200, {"currencies": [{"currency": "EUR", "lines": [
            {"on": "2026-02-20", "kind": "payment-received", "id": "P1", "invoice_id": None,
             "number": None, "text": "Payment", "amount_minor": -700, "balance_minor": 0}]}]}),
        f"{path}/disputes": (200, {"items": []}),
        "/v1/invoices/I1": (200, {"payment_url": "https://pay.example.com/I1"}),
    }  # fmt: skip


def commands(world: World, noun: str) -> list[Mapping[str, Any]]:
    return [
        each for each in world.ledger.requests
        if each["method"] == "POST" and each["path"].endswith(noun)
    ]  # fmt: skip


def without_id(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = {n: v for n, v in answer.headers.items() if n not in ("x-request-id", "date")}
    return answer.status_code, answer.content, headers
