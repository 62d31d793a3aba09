"""Dry runs of policies over HTTP: what would come out otherwise, and nothing is kept."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import httpx
import pytest

from services.ledger.domain.policies.conditions import Situation
from services.ledger.domain.requests import PolicyRequest, PromiseAsked, SettlementAsked
from services.ledger.store.requests import delete_requests, keep_request
from shared import clock
from shared.database import Database
from tests.factories import a_billing_event, a_payment, an_account, an_invoice
from tests.integration.ledger.policies import URL, begin, make_demo, promises

Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    return await make_demo(client)


def a_promise(days: int, *, currency: str = "EUR", on: date = date(2027, 1, 10)) -> PolicyRequest:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    asked = PromiseAsked(days=days, open_promises=0, renewals=0, broken=0)
    situation = Situation(currency=currency, amount_minor=9000, segment="hardship")
    return PolicyRequest(
        account_id="C1",
        noun="promise",
        requested_at=at,
        requested_on=on,
        answer="accepted" if days <= 30 else "refused",
        amount_minor=1000,
        situation=situation,
        asked=asked,
    )


async def test_a_dry_run_asks_again(demo: httpx.AsyncClient, ledger_db: Database) -> None:
    await begin(demo, "2027-01-12")
    async with ledger_db.transaction() as session:
        for days in (10, 21, 22, 30):
            await keep_request(session, "demo", a_promise(days), now=clock.now())
        long_ago = a_promise(25, on=date(2026, 7, 15))  # 181 days before
        await keep_request(session, "demo", long_ago, now=clock.now())
        await keep_request(session, "other", a_promise(25), now=clock.now())
        in_dollars = a_promise(35, currency="USD")
        await keep_request(session, "demo", in_dollars, now=clock.now())
    rules = [
        {"when": {"segment": ["hardship"], "amount_from": {"USD": 90}}, "max_days": 40},
        {"max_days": 21},
    ]
    document = {"name": "promises", "version": "2027", "rules": rules}
    answer = (await demo.post(f"{URL}/dry-run", json=document)).json()
    examples = answer.pop("examples")
    assert answer == {
        "version": "2027",
        "against": "default",
        "cases": 5,
        "moved": [
            {"from": "accepted", "to": "refused", "count": 2, "amounts": {"EUR": 2000}},
            {"from": "refused", "to": "accepted", "count": 1, "amounts": {"USD": 1000}},
        ],
        "summary": "3 of 5 promise requests of the last 180 days would be answered otherwise",
    }
    assert len(examples) == 3
    assert (await demo.get(f"{URL}/versions")).json()["items"] == []  # nothing is kept
    bad = await demo.post(f"{URL}/dry-run", json=promises(max_days=-1))
    assert bad.status_code == 422


async def test_a_dry_run_of_settlements_moves_between_the_roles(
    demo: httpx.AsyncClient, ledger_db: Database
) -> None:
    await begin(demo, "2027-01-12")
    async with ledger_db.transaction() as session:
        for amount in (8000, 7999, 5000, 3000, 2999):
            request = PolicyRequest(
                account_id="C1",
                noun="settlement",
                requested_at=datetime(2027, 1, 12, 9, tzinfo=UTC),
                requested_on=date(2027, 1, 12),
                answer="accepted",
                amount_minor=amount,
                situation=Situation(currency="EUR"),
                asked=SettlementAsked(
                    kind="bid", base_minor=10000, amount_minor=amount, instalments=1, days=10
                ),
            )
            await keep_request(session, "demo", request, now=clock.now())
    rules = [{"auto_from_percent": 79, "supervisor_from_percent": 60, "finance_from_percent": 29}]
    document = {"name": "settlements", "version": "1", "rules": rules}
    await demo.put("/v1/policies/settlements", json=document)
    answer = (await demo.post("/v1/policies/settlements/dry-run?version=1")).json()
    moved = [(each["from"], each["to"], each["count"]) for each in answer["moved"]]
    assert moved == [
        ("refused", "finance", 1),
        ("supervisor", "accepted", 1),
        ("supervisor", "finance", 1),
    ]


async def test_a_dry_run_of_recovery_names_what_would_be_let_go_today(
    demo: httpx.AsyncClient, post: Post
) -> None:
    """I1 to I3 were paid but for 3.00, I4 for 3.01; I2 two days later, I3 is disputed."""
    events = [an_account("C1", timezone="Europe/Berlin")]
    for number, (rest, day) in enumerate(((300, 1), (300, 3), (300, 1), (301, 1)), 1):
        events.append(
            an_invoice(f"I{number}", issued_on="2027-01-01", due_on="2027-01-31", amount_minor=9000)
        )
        events.append(
            a_payment(
                f"P{number}",
                amount_minor=9000 - rest,
                received_at=f"2027-02-0{day}T12:00:00Z",
                allocations=[{"invoice_id": f"I{number}", "amount_minor": 9000 - rest}],
            )
        )
    dispute = {"dispute_id": "D3", "account_id": "C1", "invoice_id": "I3"}
    events.append(a_billing_event("dispute-opened", dispute, time="2027-02-02T12:00:00Z"))
    assert (await post(*events)).json()["rejected"] == []
    document = {"name": "recovery", "version": "1", "small_balance": {"EUR": 3}}
    url = "/v1/policies/recovery/dry-run"
    await begin(demo, "2027-02-14")
    answer = (await demo.post(url, json=document)).json()
    assert (answer["cases"], answer["moved"]) == (2, [])
    await begin(demo, "2027-02-15")
    answer = (await demo.post(url, json=document)).json()
    assert answer["moved"] == [
        {"from": "open", "to": "let-go", "count": 1, "amounts": {"EUR": 300}}
    ]
    assert [each["id"] for each in answer["examples"]] == ["I1"]
    assert answer["summary"] == "1 of 2 small balances would be let go today"


async def test_a_dry_run_of_retention_counts_who_would_be_erased_today(
    demo: httpx.AsyncClient, post: Post
) -> None:
    """C1 is settled, C2 owes, C3 is settled, and was heard of later."""
    for number, year in ((1, 2024), (2, 2024), (3, 2026)):
        account = f"C{number}"
        events = [
            an_account(account, time=f"{year}-01-01T12:00:00Z"),
            an_invoice(
                f"I{number}", account, 9000, issued_on=f"{year}-01-01", due_on=f"{year}-01-31"
            )
            | {"time": f"{year}-01-01T12:00:00Z"},
        ]
        if number != 2:
            events.append(
                a_payment(
                    f"P{number}",
                    account_id=account,
                    amount_minor=9000,
                    received_at=f"{year}-01-20T12:00:00Z",
                )
            )
        assert (await post(*events)).json()["rejected"] == []
    await begin(demo, "2026-11-01")
    url = "/v1/policies/retention/dry-run"
    for months, moved in ((33, 1), (34, 0)):
        document = {"name": "retention", "version": "1", "personal_data_months": months}
        answer = (await demo.post(url, json=document)).json()
        assert sum(each["count"] for each in answer["moved"]) == moved
        assert [each["account_id"] for each in answer["examples"]] == ["C1"] * moved


async def test_requests_of_an_account_are_forgotten(
    demo: httpx.AsyncClient, ledger_db: Database
) -> None:
    async with ledger_db.transaction() as session:
        await keep_request(session, "demo", a_promise(10), now=clock.now())
        assert await delete_requests(session, "demo", "C2") == 0
        assert await delete_requests(session, "demo", "C1") == 1
