"""A creditor's way into the platform: what one tenant may do over HTTP, with its own token."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.platform import KEY, Platform

BATCH = "application/cloudevents-batch+json"
ONE = "application/cloudevents+json"

Json = dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """One tenant at one platform. `token` is the dev key unless a JWT is given."""

    platform: Platform
    tenant: str = field(default_factory=lambda: f"t-{uuid4().hex[:10]}")
    token: str = KEY

    def call(self, method: str, service: str, path: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **given.pop("headers", {})}
        if self.token == KEY:
            headers["X-Tenant"] = self.tenant
        return self.platform.client.request(
            method, f"{self.platform.url(service)}{path}", headers=headers, **given
        )

    def get(self, service: str, path: str, **query: Any) -> Any:
        """The answer's JSON; anything but success fails the test."""
        shown = {name.rstrip("_"): value for name, value in query.items()}
        answer = self.call("GET", service, path, params=shown)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, service: str, path: str, body: Any) -> Any:
        answer = self.call("POST", service, path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    # ------------------------------------------------------------------ ledger

    def settle_in(self, **settings: Any) -> "Desk":
        """Store the tenant's settings."""
        answer = self.call("PUT", "ledger", f"/v1/tenants/{self.tenant}", json=settings)
        assert answer.is_success, answer.text
        return self

    def offer(self, events: Sequence[Json]) -> httpx.Response:
        """Post a batch, whatever comes back."""
        return self.call(
            "POST", "ledger", "/v1/events",
            content=json.dumps(events), headers={"Content-Type": BATCH},
        )  # fmt: skip

    def offer_one(self, event: Json) -> httpx.Response:
        return self.call(
            "POST", "ledger", "/v1/events",
            content=json.dumps(event), headers={"Content-Type": ONE},
        )  # fmt: skip

    def send(self, *events: Json) -> Json:
        """Post a batch of good events."""
        answer = self.offer(events)
        assert answer.status_code == 200, answer.text
        receipt: Json = answer.json()
        assert receipt["rejected"] == [], receipt
        return receipt

    def start_day(self, day: str) -> dict[str, int]:
        """Begin a day (`2026-03-31`) or what an instant begins (`2026-03-31T12:00:00Z`)."""
        body = {"at": day} if "T" in day else {"day": day}
        counts: dict[str, int] = self.post("ledger", "/v1/jobs/start-day", body)["counts"]
        return counts

    def account(self, account_id: str, **query: Any) -> Json:
        found: Json = self.get("ledger", f"/v1/accounts/{account_id}", **query)
        return found

    def amounts(self, account_id: str, currency: str = "EUR") -> Json:
        found: list[Json] = self.account(account_id)["amounts"]
        (one,) = [amounts for amounts in found if amounts["currency"] == currency]
        return one

    def invoice(self, invoice_id: str) -> Json:
        found: Json = self.get("ledger", f"/v1/invoices/{invoice_id}")
        return found

    def every(self, path: str, **query: Any) -> Iterator[Json]:
        """All items of a list of the ledger, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            paging = {"cursor": cursor} if cursor else {}
            page = self.get("ledger", path, limit=1000, **query, **paging)
            yield from page["items"]
            cursor = page["next_cursor"]

    def integrity(self) -> dict[str, int]:
        """Violations by invariant: those that there are."""
        items = self.get("ledger", "/v1/integrity")["items"]
        assert len(items) > 5, "integrity checks something"
        return {item["name"]: item["violations"] for item in items if item["violations"]}

    # ------------------------------------------------------------------ the others

    def run_due(self, at: str) -> Json:
        found: Json = self.post("outreach", "/v1/jobs/run-due", {"at": at})
        return found

    def contacts(self, account_id: str) -> list[Json]:
        found: list[Json] = self.get("outreach", f"/v1/accounts/{account_id}/contacts")["items"]
        return found

    def kpi(self, name: str, from_: str, to: str, **query: Any) -> Json:
        found: Json = self.get("metrics", f"/v1/kpis/{name}", from_=from_, to=to, **query)
        return found

    def figure(self, name: str, from_: str, to: str, **query: Any) -> Json:
        """The same without when and after how many changes it is known: what is to be equal of two
        ways to one state."""
        found = self.kpi(name, from_, to, **query)
        return {key: found[key] for key in found if key not in ("revision", "known_until")}

    def minor(self, name: str, from_: str, to: str, currency: str = "EUR") -> int | None:
        """The value of a sum of money."""
        value: int | None = self.kpi(name, from_, to, currency=currency)["value"]
        return value
