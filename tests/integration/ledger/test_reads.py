"""What the ledger answers."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from deploy.keys import new_pair
from tests.factories import a_billing_event, a_payment, an_account, an_invoice
from tests.integration.ledger.conftest import api
from tests.integration.ledger.desk import token
from tests.integration.ledger.test_story import start_day

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]


async def test_an_account_now_and_as_of_a_day(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account(), an_invoice(), a_payment())
    await start_day(client, day="2026-03-25")
    now = (await client.get("/v1/accounts/C1")).json()
    assert now["registered"] is True
    (amounts,) = now["amounts"]
    others = {name for name in amounts if amounts[name] == 0}
    assert others >= {"charges_minor", "arranged_minor", "promised_minor", "recoverable_minor"}
    for name, expected in (
        {
            "currency": "EUR",
            "balance_minor": 6000,
            "overdue_minor": 6000,
            "disputed_minor": 0,
            "unapplied_minor": 0,
            "unapplied_credit_minor": 0,
            "collectable_minor": 6000,
            "oldest_due_on": "2026-03-15",
            "days_past_due": 10,
        }
    ).items():
        assert amounts[name] == expected, name
    before = (await client.get("/v1/accounts/C1?as_of=2026-03-19")).json()
    assert (before["amounts"][0]["balance_minor"], before["amounts"][0]["days_past_due"]) == (
        10000,
        4,
    )


async def test_another_tenants_objects_are_not_there(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account(), an_invoice())
    for path in (
        "/v1/accounts/C1",
        "/v1/accounts/C1/journal",
        "/v1/accounts/C1/statement?from=2026-01-01&to=2026-12-31",
        "/v1/invoices/I1",
    ):
        assert (await client.get(path)).status_code == 200, path
        assert (await client.get(path, headers={"X-Tenant": "other"})).status_code == 404, path


async def test_invoices_are_listed_page_by_page(client: httpx.AsyncClient, post: Post) -> None:
    await post(
        an_account(), *(an_invoice(f"I{n}") for n in range(5)), a_payment("P", amount_minor=10000)
    )
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        query = {"status": "open", "limit": "2", **more}
        page = (await client.get("/v1/invoices", params=query)).json()
        found += [item["invoice_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        more = {"cursor": page["next_cursor"]}
    assert found == ["I1", "I2", "I3", "I4"]
    assert (await client.get("/v1/invoices?cursor=nonsense")).status_code == 422


async def test_an_invoice_with_the_money_on_it(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account(), an_invoice(number="N-1"), a_payment())
    invoice = (await client.get("/v1/invoices/I1")).json()
    assert (invoice["status"], invoice["balance_minor"], invoice["number"]) == ("open", 6000, "N-1")
    (allocation,) = invoice["allocations"]
    assert (allocation["source_id"], allocation["amount_minor"]) == ("P1", 4000)
    assert allocation["days_late"] == 5


async def test_ageing_now_and_then(client: httpx.AsyncClient, post: Post) -> None:
    await post(
        an_account(),
        an_invoice("I1", amount_minor=100),
        an_invoice("I2", amount_minor=50, due_on="2026-05-01"),
        an_invoice("I3", amount_minor=7, due_on="2026-04-10", currency="USD"),
    )
    await start_day(client, day="2026-04-15")
    aging = (await client.get("/v1/aging?currency=EUR")).json()
    by_bucket = {row["bucket"]: (row["count"], row["amount_minor"]) for row in aging["buckets"]}
    assert by_bucket == {
        "current": (1, 50),
        "1-30": (0, 0),
        "31-60": (1, 100),
        "61-90": (0, 0),
        "91-120": (0, 0),
        "121+": (0, 0),
    }
    both = (await client.get("/v1/aging")).json()
    assert both["currency"] is None
    assert [group["key"]["currency"] for group in both["groups"]] == ["EUR", "USD"]
    then = (await client.get("/v1/aging?currency=EUR&as_of=2026-03-16")).json()
    assert {r["bucket"]: r["amount_minor"] for r in then["buckets"] if r["amount_minor"]} == {
        "current": 50,
        "1-30": 100,
    }


async def test_a_statement_adds_up(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account(), an_invoice(), a_payment())
    answer = await client.get("/v1/accounts/C1/statement?from=2026-03-10&to=2026-03-31")
    (part,) = answer.json()["currencies"]
    assert (part["opening_minor"], part["closing_minor"]) == (10000, 6000)
    assert [(line["kind"], line["amount_minor"]) for line in part["lines"]] == [
        ("payment-received", -4000)
    ]
    wrong = await client.get("/v1/accounts/C1/statement?from=2026-03-31&to=2026-03-10")
    assert wrong.status_code == 422


async def test_the_journal_is_balanced_and_chained(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account(), an_invoice(), a_payment())
    entries = (await client.get("/v1/accounts/C1/journal")).json()["items"]
    assert [entry["entry"] for entry in entries] == [1, 2]
    for entry in entries:
        assert sum(posting["amount_minor"] for posting in entry["postings"]) == 0
    assert len({entry["hash"] for entry in entries}) == 2


async def test_the_live_check(client: httpx.AsyncClient, post: Post, said: Said) -> None:
    dispute = a_billing_event(
        "dispute-opened",
        {"dispute_id": "D1", "account_id": "C1", "invoice_id": "I1", "amount_minor": 1000},
        time="2026-03-18T00:00:00Z",
    )
    await post(an_account(), an_invoice(), an_account("C2"), dispute)
    await start_day(client, day="2026-03-20")
    answer = await client.post(
        "/v1/accounts/collectable", json={"account_ids": ["C1", "C2", "nobody"]}
    )
    body = answer.json()
    assert body["intake_caught_up_at"] is not None
    first, second = body["accounts"]
    assert (first["account_id"], first["sequence"]) == ("C1", len(await said()))
    assert first["amounts"][0]["collectable_minor"] == 9000
    (invoice,) = first["invoices"]
    assert (invoice["balance_minor"], invoice["disputed_minor"], invoice["stage"]) == (
        10000,
        1000,
        1,
    )
    assert (second["amounts"], second["invoices"]) == ([], [])


async def test_only_the_zone_that_has_reached_the_day_begins_it(
    client: httpx.AsyncClient, post: Post, said: Said
) -> None:
    for account, zone in (("NZ", "Pacific/Auckland"), ("LA", "America/Los_Angeles")):
        await post(
            an_account(account, timezone=zone),
            an_invoice(f"I-{account}", account, due_on="2026-03-31"),
        )
    await start_day(client, at="2026-03-31T12:00:00Z")
    overdue = [e for e in await said("NZ") if e["type"] == "invoice-overdue"]
    assert [e["time"] for e in overdue] == ["2026-03-31T11:00:00Z"]
    assert [e for e in await said("LA") if e["type"] == "invoice-overdue"] == []


async def test_eight_start_days_at_once_say_each_stage_once(
    client: httpx.AsyncClient, post: Post, said: Said
) -> None:
    accounts = [f"C{n}" for n in range(30)]
    await post(*(an_account(a) for a in accounts))
    await post(*(an_invoice(f"I{n}", accounts[n % 30]) for n in range(300)))
    counts = await asyncio.gather(*(start_day(client, day="2026-04-20") for _ in range(8)))
    assert sum(found.get("invoice-overdue", 0) for found in counts) == 600
    for account in accounts:
        stages = [
            (e["data"]["invoice_id"], e["data"]["stage"])
            for e in await said(account)
            if e["type"] == "invoice-overdue"
        ]
        assert len(stages) == len(set(stages)) == 20
    assert await start_day(client, day="2026-04-20") == {}


async def test_tenant_settings_default_and_are_checked(client: httpx.AsyncClient) -> None:
    put = await client.put("/v1/tenants/demo", json={"timezone": "Europe/Berlin"})
    assert put.json()["contact_from"] is None
    wrong = await client.put("/v1/tenants/demo", json={"timezone": "Mars/Olympus"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/timezone"
    assert (await client.get("/v1/tenants/demo")).json()["timezone"] == "Europe/Berlin"
    assert (await client.get("/v1/tenants/nobody")).status_code == 404


async def test_accounts_are_found_by_what_people_know(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(
        an_account("C1", name="Ada Example", phones=[{"number": "+4930123"}]),
        an_account("C2", name="Bob Other"),
        an_invoice("I1", number="2026-77"),
    )
    for text in ("ada", "c1@example", "4930123", "2026-77", "I1"):
        found = (await client.get("/v1/accounts", params={"q": text})).json()["items"]
        assert [item["account_id"] for item in found] == ["C1"], text


async def test_an_organisation_is_joined_by_operators_alone(
    client: httpx.AsyncClient, ledger_url: str, tmp_path: Path
) -> None:
    """Tenants of one organisation limit each other's contacts."""
    put = await client.put("/v1/tenants/demo", json={"organisation": "shops"})
    assert put.json()["organisation"] == "shops"
    assert (await client.get("/v1/tenants/demo")).json()["organisation"] == "shops"
    wrong = await client.put("/v1/tenants/demo", json={"organisation": "Shops & Co"})
    assert wrong.json()["errors"][0]["pointer"] == "/organisation"
    new_pair(tmp_path)
    mine = token(tmp_path, ["admin"])
    more = {
        "RECOUP_LOCAL": "0",
        "RECOUP_DEV_KEY": "",
        "RECOUP_JWKS": str(tmp_path / "jwks.json"),
        "RECOUP_JWT_AUDIENCE": "recoup",
        "RECOUP_JWT_ISSUER": "recoup",
        "LEDGER_KAFKA_TENANTS": "demo",
    }
    async with api(ledger_url, **more) as outside:
        del outside.headers["Authorization"]
        for body, status in (
            ({"organisation": "others"}, 403),
            ({}, 403),  # to leave it is the same
            ({"organisation": "shops", "timezone": "Europe/Berlin"}, 200),
        ):
            answer = await outside.put("/v1/tenants/demo", json=body, headers=mine)
            assert answer.status_code == status, (body, answer.text)
