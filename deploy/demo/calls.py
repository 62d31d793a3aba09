"""The HTTP calls of a demo: what a billing platform, a scheduler and a front-end would make."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import httpx

from deploy.demo import opening
from deploy.demo.acts import Answer, Request
from deploy.demo.platform import Platform
from deploy.demo.post import Post
from deploy.demo.source import BillingEvent, midnight, rfc3339
from shared.clock import ONE_DAY, monotonic
from shared.process.settings import PORTS

TENANT = "demo"
BATCH_EVENTS = 500
_SETTLED_IN_A_ROW = 2
_ASKING = {"kind": "collector", "id": "anna"}
_DECIDING = {"kind": "collector", "id": "bruno"}
_LAST = "metrics"  # reads what all others say
_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX = 0.004, 0.03
_SETTLE_SECONDS_MAX = 120.0
_ANSWER_SECONDS_MAX = 300.0


class Failed(Exception):
    """The platform did not do what it should have."""


class Calls:
    """One tenant's calls to the four services."""

    def __init__(self, platform: Platform) -> None:
        headers = {"Authorization": f"Bearer {platform.key}", "X-Tenant": TENANT}
        self._services = {
            name: httpx.AsyncClient(
                base_url=platform.address(name),
                headers=headers,
                timeout=_ANSWER_SECONDS_MAX,
                trust_env=False,
            )
            for name in PORTS
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self._services.values():
            await client.aclose()

    async def get(self, service: str, path: str, **query: str) -> Any:
        return checked(await self._services[service].get(path, params=query))

    async def listed(self, service: str, path: str, **query: str) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        while True:
            page = await self.get(service, path, limit="500", **query)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]

    async def act(
        self, service: str, method: str, path: str, body: dict[str, Any], person: str
    ) -> Any:
        """What a person sets or does."""
        headers = {"X-Actor": person}
        client = self._services[service]
        return checked(await client.request(method, path, json=body, headers=headers))

    async def journal(self) -> AsyncIterator[dict[str, Any]]:
        """The entries of the ledger's journal."""
        async with self._services["ledger"].stream("GET", "/v1/journal/export") as answer:
            if answer.is_error:
                raise Failed(f"GET {answer.request.url}: {answer.status_code}")
            async for line in answer.aiter_lines():
                if (entry := json.loads(line).get("entry")) is not None:
                    yield entry

    async def put_tenant(self, contact_from: date, reporting_currency: str) -> None:
        settings = {
            "timezone": "UTC",
            "contact_from": contact_from.isoformat(),
            "reporting_currency": reporting_currency,
        }
        checked(await self._services["ledger"].put(f"/v1/tenants/{TENANT}", json=settings))

    async def put_rates(self, to: str, on: date) -> None:
        """What other currencies are worth in it, from a day on."""
        rates = [
            {"currency": currency, "on": on.isoformat(), "rate": rate}
            for currency, rate in opening.RATES.items()
        ]
        checked(
            await self._services["segmentation"].put("/v1/rates", json={"to": to, "rates": rates})
        )

    async def record_costs(self, on: date) -> None:
        """Those of a month, which nobody but the creditor knows."""
        items = [
            {**cost, "cost_id": f"{cost['kind']}-{on:%Y-%m}", "incurred_on": on.isoformat()}
            for cost in opening.COSTS
        ]
        checked(await self._services["metrics"].post("/v1/costs", json={"items": items}))

    async def open_outreach(self, from_on: date) -> None:
        """Channels and prices, the tenant's own strategy, and whose accounts get which."""
        client = self._services["outreach"]
        await self.settle()
        await self.run_due(midnight(from_on - ONE_DAY))  # business time begins on the day before
        checked(await client.put("/v1/settings", json=opening.SETTINGS))
        path = f"/v1/strategies/{opening.TELEPHONE['name']}"
        for put_to, document in (
            (path, opening.TELEPHONE),
            ("/v1/strategy-assignments", opening.ASSIGNMENTS),
        ):
            checked(await client.put(put_to, json=document))
            activation = {"version": document["version"], "from": from_on.isoformat()}
            checked(await client.post(f"{put_to}/activate", json=activation))

    async def desk(
        self, person: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Somebody at the desk; the answer is the caller's to judge."""
        headers = {"X-Actor": person}
        return await self._services["outreach"].request(method, path, json=body, headers=headers)

    async def reject(self, account_id: str, dispute_id: str, at: datetime) -> None:
        """Somebody looked into a dispute: it was wrong."""
        path = f"/v1/accounts/{account_id}/disputes/{dispute_id}/resolve"
        body = {"outcome": "rejected", "reason": "looked into", "at": rfc3339(at), "by": _DECIDING}
        headers = {"Idempotency-Key": f"reject:{dispute_id}"}
        checked(await self._services["ledger"].post(path, json=body, headers=headers))

    async def contact_record(self, account_id: str) -> bytes:
        path = f"/v1/accounts/{account_id}/contact-record"
        answer = await self._services["outreach"].get(path)
        if answer.is_error:
            raise Failed(f"GET {answer.request.url}: {answer.text[:1000]}")
        return answer.content

    async def bring(self, answer: Answer) -> None:
        """What is said about a message, to where it is heard."""
        answered = await Post(self._services["outreach"]).bring(answer)
        if answered.is_error:
            raise Failed(f"{answer.kind} {answer.id}: {answered.text[:1000]}")

    async def put_policy(self, document: dict[str, Any], from_on: date) -> None:
        """In force from a day that has not begun."""
        client, path = self._services["ledger"], f"/v1/policies/{document['name']}"
        checked(await client.put(path, json=document))
        activation = {
            "version": document["version"],
            "from": from_on.isoformat(),
            "reason": "the demo begins",
        }
        checked(await client.post(f"{path}/activate", json=activation))

    async def post_events(self, events: Sequence[BillingEvent]) -> list[str]:
        """Tell the ledger; gives the reasons of those that it refused."""
        refused: list[str] = []
        for start in range(0, len(events), BATCH_EVENTS):
            batch = events[start : start + BATCH_EVENTS]
            answer = await self._services["ledger"].post(
                "/v1/events",
                content=json.dumps(batch),
                headers={"Content-Type": "application/cloudevents-batch+json"},
            )
            if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
                checked(answer)
            refused += [
                f"{item['id']}: {error['pointer']} {error['detail']}"
                for item in answer.json()["rejected"]
                for error in item["errors"]
            ]
        return refused

    async def ask(self, request: Request) -> dict[str, Any] | None:
        """What the ledger made of a command, once what it needs is decided; None: refused."""
        client, path = self._services["ledger"], f"/v1/accounts/{request.account_id}"
        answer = await client.post(
            f"{path}/{request.noun}s",
            json={**request.body, "by": _ASKING},
            headers={"Idempotency-Key": request.id},
        )
        if answer.status_code in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
            return None
        shown = checked(answer)
        if answer.status_code == httpx.codes.ACCEPTED:
            await self._decide(request, shown)
        found: dict[str, Any] = await self.get("ledger", f"{path}/{request.noun}s/{request.id}")
        return found

    async def _decide(self, request: Request, shown: dict[str, Any]) -> None:
        decision = {
            "decision": "approve" if request.is_approved else "refuse",
            "role": shown["role"],
            "reason": "looked at",
            "at": request.body["at"],
            "by": _DECIDING,
        }
        path = f"/v1/approvals/{shown['approval_id']}/decide"
        checked(await self._services["ledger"].post(path, json=decision))

    async def start_day(self, day: date) -> None:
        client = self._services["ledger"]
        checked(await client.post("/v1/jobs/start-day", json={"day": day.isoformat()}))

    async def run_due(self, at: datetime) -> tuple[dict[str, int], datetime | None]:
        """Make the contacts due at the instant; what came of it, and when the next is due."""
        client = self._services["outreach"]
        answer = checked(await client.post("/v1/jobs/run-due", json={"at": rfc3339(at)}))
        due = answer["next_due_at"]
        return answer["counts"], datetime.fromisoformat(due) if due else None

    async def settle(self) -> None:
        """Return when nothing is under way: every service has said so twice in a row."""
        end, in_a_row = monotonic() + _SETTLE_SECONDS_MAX, 0
        while in_a_row < _SETTLED_IN_A_ROW:
            # Asking costs the one who is to get on with it: so at first only the last in the row.
            await self._until_caught_up(_LAST, end)
            behind = await asyncio.gather(*(self._behind(name) for name in PORTS))
            in_a_row = 0 if any(behind) else in_a_row + 1
            if any(behind) and monotonic() > end:
                raise Failed(f"events are still under way: {dict(zip(PORTS, behind, strict=True))}")

    async def _until_caught_up(self, service: str, end: float) -> None:
        pause = _PAUSE_SECONDS_MIN
        while behind := await self._behind(service):
            if monotonic() > end:
                raise Failed(f"{service} is still {behind} events behind")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)

    async def _behind(self, service: str) -> int:
        answer = await self._services[service].get("/v1/lag")
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return 1  # it can't say at the moment: something may be
        lag = checked(answer)
        if any(item["parked_accounts"] for item in lag["items"]):
            raise Failed(f"accounts are parked in {service}: `make dead-letters` shows why")
        return int(lag["behind"])


def checked(answer: httpx.Response) -> Any:
    """The body of an answer that must be a good one."""
    if answer.is_error:
        raise Failed(f"{answer.request.method} {answer.request.url}: {answer.text[:1000]}")
    return answer.json()
