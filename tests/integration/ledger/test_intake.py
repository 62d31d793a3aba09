"""What the intake takes, refuses and repeats."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from shared.database import Database
from tests.factories import a_billing_event, a_payment, a_reversal, an_account, an_invoice

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]


async def test_seven_bad_events_do_not_hurt_their_neighbours(
    client: httpx.AsyncClient, post: Post
) -> None:
    known = an_invoice("known")
    assert (await post(known)).status_code == 200
    bad: list[tuple[dict[str, Any], str]] = [
        (an_invoice("b1", amount_minor=-1), "/data/amount_minor"),
        (an_invoice("b2", amount_minor=2**53), "/data/amount_minor"),
        (an_invoice("b3", currency="EURO"), "/data/currency"),
        (an_invoice("b4", due_on="2026-02-30"), "/data/due_on"),
        (a_billing_event("invoice-forgotten", {"account_id": "C1"}), "/type"),
        (a_billing_event("invoice-issued", {"account_id": "C1"}), "/data/invoice_id"),
        ({**known, "data": {**known["data"], "amount_minor": 9}}, "/data/amount_minor"),
    ]
    events = [an_invoice(f"I{n}") for n in range(493)]
    for place, (event, _) in enumerate(bad):
        events.insert(place * 60, event)
    answer = (await post(*events)).json()
    assert (answer["accepted"], answer["duplicates"]) == (493, 0)
    found = {item["index"]: item["errors"][0]["pointer"] for item in answer["rejected"]}
    assert found == {place * 60: pointer for place, (_, pointer) in enumerate(bad)}
    listed = (await client.get("/v1/rejections?limit=1000")).json()["items"]
    assert sorted(item["errors"][0]["pointer"] for item in listed) == sorted(p for _, p in bad)
    for event, pointer in bad:
        alone = await post(event)
        assert alone.status_code == 422, pointer
        assert alone.json()["rejected"][0]["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"[" + b" " * 10_000_000 + b"]", "application/cloudevents-batch+json", 413),
        (b'[{"id": "\xff"}]', "application/cloudevents-batch+json", 400),
        (b"[{", "application/cloudevents-batch+json", 400),
        (b"[]", "text/plain", 415),
        (b"{}", "application/cloudevents-batch+json", 422),
    ],
)
async def test_a_request_that_is_none_is_refused_whole(
    client: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    answer = await client.post(
        "/v1/events", content=content, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert (await client.get("/v1/rejections")).json()["items"] == []


async def test_without_a_token_401_and_without_the_scope_403(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/events", headers={"Authorization": ""}, content=b"[]")
    assert answer.status_code == 401


async def test_a_fact_in_a_batch_twice_counts_once(post: Post, client: httpx.AsyncClient) -> None:
    invoice = an_invoice()
    answer = await post(an_account(), invoice, invoice, a_payment(), a_payment())
    assert answer.json()["accepted"] == 3
    assert answer.json()["duplicates"] == 2
    account = (await client.get("/v1/accounts/C1")).json()
    assert account["amounts"][0]["balance_minor"] == 6000


async def test_an_invoice_id_under_another_account_is_a_conflict(post: Post) -> None:
    await post(an_account(), an_invoice())
    answer = await post(an_invoice("I1", "C2"))
    assert answer.status_code == 422
    assert answer.json()["rejected"][0]["errors"][0]["pointer"] == "/data/account_id"


async def test_what_a_reversal_takes_too_much_is_listed(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account(), an_invoice(), a_payment(amount_minor=4000))
    await post(a_reversal(amount_minor=5000))
    (listed,) = (await client.get("/v1/rejections?account_id=C1")).json()["items"]
    assert listed["event_id"]
    assert listed["errors"][0]["pointer"] == "/data/amount_minor"
    account = (await client.get("/v1/accounts/C1")).json()
    assert account["amounts"][0]["balance_minor"] == 10000


async def test_facts_wait_for_their_account(
    client: httpx.AsyncClient, post: Post, said: Said
) -> None:
    await post(an_invoice(), a_payment())
    account = (await client.get("/v1/accounts/C1")).json()
    assert (account["registered"], account["amounts"][0]["unapplied_minor"]) == (False, 4000)
    assert await said() == []
    await post(an_account())
    assert [event["type"] for event in await said()] == [
        "account-registered",
        "invoice-issued",
        "payment-received",
    ]


async def test_an_event_that_names_another_tenant_is_kept_apart(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post({**an_account(), "tenantid": "other"})
    assert (await client.get("/v1/accounts/C1")).status_code == 404
    other = await client.get("/v1/accounts/C1", headers={"X-Tenant": "other"})
    assert other.status_code == 200


async def test_eight_writers_over_the_same_accounts_number_without_gaps(
    post: Post, ledger_db: Database
) -> None:
    accounts = [f"C{n}" for n in range(20)]
    await post(*(an_account(a) for a in accounts))

    async def write(writer: int) -> None:
        for batch in range(4):
            answer = await post(
                *(
                    an_invoice(f"{writer}-{batch}-{n}", accounts[(n * (writer + 3)) % 20])
                    for n in range(50)
                )
            )
            assert answer.json()["accepted"] == 50

    await asyncio.gather(*(write(writer) for writer in range(8)))
    rows = await ledger_db.fetch(
        "select aggregateid, sequence from outbox where aggregatetype = 'ledger.events'"
        " order by seq"
    )
    by_account: dict[str, list[int]] = {}
    for key, sequence in rows:
        by_account.setdefault(key, []).append(sequence)
    assert len(rows) == 20 + 8 * 4 * 50
    assert all(found == list(range(1, len(found) + 1)) for found in by_account.values())


async def test_what_the_memory_forgot_is_computed_the_same(
    client: httpx.AsyncClient, post: Post, ledger_url: str
) -> None:
    """Two processes, each with a memory of its own, take turns on one account."""
    from services.ledger.app import create_app
    from tests.integration.ledger.conftest import DEV_KEY, settings_for

    other_app = create_app(settings_for(ledger_url))
    async with (
        other_app.router.lifespan_context(other_app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=other_app),
            base_url="http://127.0.0.1",
            headers={"Authorization": f"Bearer {DEV_KEY}"},
        ) as other,
    ):
        await post(an_account(), an_invoice())
        for number in range(1, 5):
            payment = a_payment(f"P{number}", amount_minor=1000)
            answer = await (client, other)[number % 2].post(
                "/v1/events",
                content=msgspec.json.encode(payment),
                headers={"Content-Type": "application/cloudevents+json"},
            )
            assert answer.status_code == 200
        for seen_by in (client, other):
            account = (await seen_by.get("/v1/accounts/C1")).json()
            assert account["amounts"][0]["balance_minor"] == 6000
