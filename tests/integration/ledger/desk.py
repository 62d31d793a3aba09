"""Somebody at a desk who talks to the ledger over HTTP: commands about one account."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.keys import mint
from shared import clock
from tests.factories import a_payment, an_account, an_invoice

Body = dict[str, Any]
Post = Callable[..., Awaitable[httpx.Response]]


def instant(text: str) -> str:
    """`01-12 10:00` in 2027, UTC; without a time noon."""
    day, _, time = text.partition(" ")
    seconds = "" if time.count(":") == 2 else ":00"
    day = day if len(day) == 10 else f"2027-{day}"
    return f"{day}T{time or '12:00'}{seconds}Z"


class Desk:
    """One account, C1 of the tenant demo."""

    def __init__(self, client: httpx.AsyncClient, post: Post) -> None:
        self.client, self.post = client, post
        client.headers["X-Tenant"] = "demo"

    async def open(self, *invoices: tuple[str, int], day: str = "01-12") -> None:
        """Register the account; its invoices are due 2027-01-10."""
        await self.client.put("/v1/tenants/demo", json={"timezone": "Europe/Berlin"})
        await self.events(an_account("C1", time="2026-12-01T09:00:00Z"))
        for invoice_id, minor in invoices:
            await self.invoice(invoice_id, minor)
        await self.start(day)

    async def events(self, *events: dict[str, Any]) -> None:
        answer = await self.post(*events)
        assert answer.status_code == 200, answer.text
        assert answer.json()["rejected"] == [], answer.text

    async def invoice(self, invoice_id: str, minor: int, **more: Any) -> None:
        dates = {"issued_on": "2026-12-11", "due_on": "2027-01-10", **more}
        await self.events(an_invoice(invoice_id, "C1", amount_minor=minor, **dates))

    async def pay(self, payment_id: str, minor: int, when: str, **more: Any) -> None:
        at = instant(when)
        await self.events(a_payment(payment_id, "C1", amount_minor=minor, received_at=at, **more))

    async def start(self, day: str) -> None:
        answer = await self.client.post("/v1/jobs/start-day", json={"day": f"2027-{day}"})
        assert answer.status_code == 200, answer.text

    async def say(
        self,
        path: str,
        expected: int | None = None,
        at: str | None = None,
        *,
        key: str | None = None,
        preview: bool = False,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """POST under the account (or at a path of its own), and look at the status."""
        if at is not None:
            body["at"] = instant(at)
        more = {"Idempotency-Key": key} if key else {}
        answer = await self.client.post(
            path if path.startswith("/") else f"/v1/accounts/C1/{path}",
            json=body,
            headers={**more, **(headers or {})},
            params={"preview": "true"} if preview else {},
        )
        if expected is not None:
            assert answer.status_code == expected, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def see(self, path: str, expected: int = 200) -> dict[str, Any]:
        answer = await self.client.get(path if path.startswith("/") else f"/v1/accounts/C1/{path}")
        assert answer.status_code == expected, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def decide(self, approval_id: str, expected: int = 200, **more: Any) -> dict[str, Any]:
        body = {
            "decision": "approve",
            "role": "supervisor",
            "reason": "fine",
            "by": {"kind": "collector", "id": "boss"},
            **more,
        }
        return await self.say(f"/v1/approvals/{approval_id}/decide", expected, **body)

    async def money(self) -> dict[str, Any]:
        account = await self.see("/v1/accounts/C1")
        found: dict[str, Any] = account["amounts"][0]
        return found

    async def check(self) -> dict[str, Any]:
        """The live check."""
        answer = await self.client.post("/v1/accounts/collectable", json={"account_ids": ["C1"]})
        found: dict[str, Any] = answer.json()["accounts"][0]
        return found

    async def stops(self) -> set[tuple[str, str | None]]:
        return {(stop["kind"], stop["until"]) for stop in (await self.check())["stops"]}


def pointers(answer: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in answer["errors"]]


def token(folder: Path, scopes: list[str], *roles: str, subject: str = "ada") -> dict[str, str]:
    """What somebody of the tenant shows, outside local mode."""
    text = mint(
        folder,
        tenant="demo",
        scopes=scopes,
        subject=subject,
        ttl=timedelta(hours=1),
        now=clock.now(),
        roles=roles,
    )
    return {"Authorization": f"Bearer {text}"}
