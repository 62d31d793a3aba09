"""Real traffic fines through the ledger's HTTP door and its database: totals equal pandas.

What a billing platform would send goes through the intake, what people decide through commands,
week by week. The data set is looked for next to the project (tests/datasets/traffic_fines.py).
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shared.database import Database
from tests.datasets.traffic_fines import (
    DAYS_TO_PAY,
    ZONE,
    Case,
    Happening,
    cases,
    figures,
    skip_without_data,
)
from tests.factories import a_payment, an_account, an_invoice

YEAR, LAST = 2007, date(2012, 4, 1)
WEEK = timedelta(days=7)
BATCH = 500
KINDS = ("fine", "postage", "penalty", "paid", "credited", "waived", "placed", "disputed", "open")
BOSS = {"kind": "collector", "id": "boss"}

Post = Callable[..., Awaitable[httpx.Response]]
Step = tuple[Case, Happening]


@pytest.fixture(autouse=True)
def _has_data() -> None:
    skip_without_data()


def some_cases(count: int) -> list[Case]:
    """A slice with all that there is: most of it of the longest histories, the rest as it comes."""
    of_year = cases(YEAR)
    longest = sorted(of_year, key=lambda case: -len(case.happenings))
    chosen = {case.case_id: case for case in longest[: count * 20 : 25]}
    for case in of_year[:: len(of_year) // count]:
        if len(chosen) < count:
            chosen[case.case_id] = case
    return list(chosen.values())


def weeks(chosen: list[Case]) -> Iterator[tuple[date, list[Step]]]:
    """What happened in each week, in order, and the week's last day."""
    steps = sorted(
        [(case, each) for case in chosen for each in case.happenings],
        key=lambda step: (step[1].at, step[0].case_id),
    )
    ends_on, inside = steps[0][1].day + WEEK, list[Step]()
    for step in steps:
        if step[1].day > ends_on:
            yield ends_on, inside
            inside = []
            ends_on += ((step[1].day - ends_on - timedelta(days=1)) // WEEK + 1) * WEEK
        inside.append(step)
    yield ends_on, inside


class Office:
    """Who sends events and gives commands."""

    def __init__(self, client: httpx.AsyncClient, post: Post) -> None:
        self.client, self._post = client, post
        client.headers["X-Tenant"] = "demo"

    async def week(self, ends_on: date, steps: list[Step]) -> None:
        """What comes in by itself first; then what people do."""
        await self.start(ends_on)
        events = [event for case, it in steps for event in _events(case, it)]
        for n in range(0, len(events), BATCH):
            answer = await self._post(*events[n : n + BATCH])
            assert (answer.status_code, answer.json()["rejected"]) == (200, []), answer.text
        for case, it in steps:
            for path, body in _commands(case, it):
                await self._say(f"/v1/accounts/{case.case_id}/{path}", it, body)

    async def start(self, day: date) -> None:
        answer = await self.client.post("/v1/jobs/start-day", json={"day": day.isoformat()})
        assert answer.status_code == 200, answer.text

    async def _say(self, path: str, it: Happening, body: dict[str, Any]) -> None:
        """A command; what waits for somebody is approved a minute later."""
        answer = await self.client.post(path, json={"at": it.at.isoformat(), **body})
        assert answer.status_code in (200, 201, 202), answer.text
        if answer.status_code == 202:
            waits = answer.json()
            decided = await self.client.post(
                f"/v1/approvals/{waits['approval_id']}/decide",
                json={
                    "at": (it.at + timedelta(minutes=1)).isoformat(),
                    "decision": "approve",
                    "role": waits.get("role") or "supervisor",
                    "reason": "as the office does",
                    "by": BOSS,
                },
            )
            assert decided.status_code == 200, decided.text

    async def see(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _events(case: Case, it: Happening) -> Iterator[dict[str, Any]]:
    account, at = case.case_id, it.at.isoformat()
    if it.kind == "fine":
        due_on = (it.day + DAYS_TO_PAY).isoformat()
        yield an_account(account, time=at, timezone=ZONE)
        yield an_invoice(account, account, it.minor, issued_on=it.day.isoformat(), due_on=due_on)
    elif it.kind == "payment":
        yield a_payment(it.id, account, it.minor, received_at=at)


def _commands(case: Case, it: Happening) -> Iterator[tuple[str, dict[str, Any]]]:
    account = case.case_id
    match it.kind:
        case "postage" | "penalty":
            yield (
                "charges",
                {
                    "charge_id": it.id,
                    "kind": "cost" if it.kind == "postage" else "fee",
                    "invoice_id": account,
                    "currency": "EUR",
                    "amount_minor": it.minor,
                    "charged_on": it.day.isoformat(),
                    "reason": it.kind,
                },
            )
        case "appeal":
            body = {"dispute_id": it.id, "invoice_id": account, "reason_code": "other"}
            yield "disputes", body
        case "upheld" | "rejected":
            yield f"disputes/{it.id}/resolve", {"outcome": it.kind, "reason": "the verdict"}
            for charge in case.charges if it.kind == "upheld" else ():
                body = {"waiver_id": f"{it.id}-{charge.kind}", "reason": "the fine is dismissed"}
                yield f"charges/{charge.id}/waive", body
        case "placed":
            yield (
                "placements",
                {
                    "placement_id": it.id,
                    "kind": "agency",
                    "to": "Collectors",
                    "currency": "EUR",
                    "commission_percent": "9",
                },
            )


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.full)])
async def test_fines_over_http_equal_pandas_to_the_cent(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, count: int
) -> None:
    """Billed, postage, penalties, paid, credited by appeals, placed, still open: fine by fine."""
    office, chosen = Office(client, post), some_cases(count)
    await client.put("/v1/tenants/demo", json={"timezone": ZONE})
    for ends_on, steps in weeks(chosen):
        await office.week(ends_on, steps)
    await office.start(LAST)

    expected = figures([case.case_id for case in chosen])
    for case in chosen:
        wanted = expected.loc[case.case_id]
        (known,) = (await office.see(f"/v1/accounts/{case.case_id}"))["amounts"]
        assert (
            known["balance_minor"],
            known.get("charges_minor", 0),
            known["disputed_minor"],
            known["unapplied_minor"],
        ) == (
            wanted["principal"],
            wanted["open"] - wanted["principal"],
            wanted["disputed"],
            wanted["unapplied"],
        ), case.case_id
    total = {name: int(expected[name].sum()) for name in expected.columns}
    assert all(total[name] for name in KINDS)
    assert await _placed(ledger_db) == (total["placed"], total["placed_minor"])
    assert await _journal(client) == _books(total)
    violations = (await office.see("/v1/integrity"))["items"]
    assert [item for item in violations if item["violations"]] == []


def _books(total: dict[str, int]) -> dict[str, int]:
    books = {
        "receivable": total["principal"],
        "charges-receivable": total["open"] - total["principal"],
        "cash": total["paid"],
        "charges-waived": total["waived"],
        "unapplied-cash": -total["unapplied"],
        "revenue-clearing": total["credited"] - total["fine"],
        "cost-recovery": -total["postage"],
        "fee-income": -total["penalty"],
    }
    return {name: minor for name, minor in books.items() if minor}


async def _placed(ledger_db: Database) -> tuple[int, int]:
    """How many placements were published, and of how much."""
    rows = await ledger_db.fetch(
        "select payload from outbox where aggregatetype = 'ledger.events' and type = $1",
        "account-placed",
    )
    return len(rows), sum(msgspec.json.decode(row["payload"])["placed_minor"] for row in rows)


async def _journal(client: httpx.AsyncClient) -> dict[str, int]:
    """The sums of the exported journal, by ledger account."""
    sums: Counter[str] = Counter()
    answer = await client.get("/v1/journal/export")
    assert answer.status_code == 200, answer.text
    for line in answer.text.splitlines():
        entry = msgspec.json.decode(line).get("entry")
        for name, minor in entry["postings"] if entry is not None else ():
            sums[name] += int(minor)
    return {name: minor for name, minor in sums.items() if minor}
