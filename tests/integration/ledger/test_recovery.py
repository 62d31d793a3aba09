"""What must survive a transaction that fails, and a tenant that moves to another zone."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.commands.intake import ReceivedEvent, take_events
from services.ledger.context import Context
from shared.cloudevents import parse_http
from shared.database import Database
from tests.factories import a_payment, an_account, an_invoice
from tests.integration.ledger.processes import a_process
from tests.integration.ledger.test_story import start_day

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]

HEADERS = [(b"content-type", b"application/cloudevents-batch+json")]


class Broken(Exception):
    pass


async def take(context: Context, *events: dict[str, Any], fail: bool = False) -> None:
    posted = parse_http(HEADERS, msgspec.json.encode(events))
    async with context.db.transaction() as session:
        items = [ReceivedEvent("demo", item, "http") for item in posted.items]
        outcomes = await take_events(session, items, context)
        assert {outcome.status for outcome in outcomes} == {"accepted"}
        if fail:
            raise Broken


async def test_a_new_account_can_be_taken_again_after_its_transaction_failed(
    ledger_db: Database,
) -> None:
    context = a_process(ledger_db)
    with pytest.raises(Broken):
        await take(context, an_account(), fail=True)
    await take(context, an_account())


async def test_nothing_of_a_failed_batch_stays(ledger_db: Database) -> None:
    context = a_process(ledger_db)
    await take(context, an_account(), an_invoice())
    with pytest.raises(Broken):
        await take(context, a_payment(), fail=True)
    await take(context, a_payment())
    rows = await ledger_db.fetch("select balance_minor from invoices")
    assert [row[0] for row in rows] == [6000]


async def test_an_invoice_whose_account_is_not_registered_is_not_there_yet(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_invoice())
    assert (await client.get("/v1/invoices/I1")).status_code == 404
    await post(an_account())
    assert (await client.get("/v1/invoices/I1")).status_code == 200


async def test_a_tenant_s_new_zone_moves_the_accounts_that_live_in_it(
    client: httpx.AsyncClient, post: Post, said: Said
) -> None:
    """In UTC the payment comes before the second invoice, in Auckland after it."""
    await post(
        an_account(timezone=None),
        an_invoice("I1", amount_minor=100, issued_on="2026-03-01", due_on="2026-03-20"),
        an_invoice("I2", amount_minor=100, issued_on="2026-03-02", due_on="2026-03-10"),
        a_payment(amount_minor=100, received_at="2026-03-01T23:30:00Z"),
    )
    await start_day(client, day="2026-03-12")

    async def balances() -> dict[str, int]:
        rows = (await client.get("/v1/invoices")).json()["items"]
        return {row["invoice_id"]: row["balance_minor"] for row in rows}

    assert await balances() == {"I1": 0, "I2": 100}
    put = await client.put("/v1/tenants/demo", json={"timezone": "Pacific/Auckland"})
    assert put.status_code == 200, put.text
    assert await balances() == {"I1": 100, "I2": 0}
    updated = [event for event in await said() if event["type"] == "account-updated"]
    assert [event["data"]["timezone"] for event in updated] == ["Pacific/Auckland"]
    integrity = (await client.get("/v1/integrity")).json()
    assert {i["name"]: i["violations"] for i in integrity["items"] if i["violations"]} == {}


async def test_a_day_outside_the_calendar_is_refused(client: httpx.AsyncClient, post: Post) -> None:
    await post(an_account())
    for day in ("9999-12-31", "0", "2026-02-30"):
        answer = await client.get(f"/v1/accounts/C1?as_of={day}")
        assert answer.status_code == 422, day
        assert answer.json()["errors"][0]["pointer"] == "/query/as_of"


async def test_a_changed_journal_entry_is_seen(
    client: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await post(an_account(), an_invoice())
    async with ledger_db.transaction() as session:
        await session.execute(
            """update journal set postings = '[["receivable",9],["revenue-clearing",-9]]'::bytea"""
        )
    items = (await client.get("/v1/integrity")).json()["items"]
    violated = {item["name"] for item in items if item["violations"]}
    assert "hash chains are whole" in violated
