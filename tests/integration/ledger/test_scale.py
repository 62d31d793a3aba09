"""One account with a long history, out of order; large sums; and what neighbours notice of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.domain import record_in_slices
from services.ledger.import_files.store import FileEvents
from services.ledger.importer import __main__ as importer
from services.ledger.importer import sending as importer_sending
from services.ledger.importer.position import Position
from shared.csv_events.mapping import MappingFile, parse_mapping
from shared.csv_events.rows import Refusal
from shared.database import Database
from shared.errors import TookTooLong
from tests.architecture.files import ROOT
from tests.factories import a_payment, an_account, an_invoice
from tests.integration.ledger.conftest import DEV_KEY
from tests.integration.ledger.test_story import start_day

Post = Callable[..., Awaitable[httpx.Response]]

LARGEST = 2**53 - 1
MAPPING = ROOT / "deploy" / "demo" / "mappings" / "ibm_late_payment.yaml"
PAIRS = 150  # of an invoice and its payment


def a_long_history(pairs: int, account_id: str = "BIG") -> list[dict[str, Any]]:
    """Invoices and their payments, in order of time."""
    events = []
    for number in range(pairs):
        issued = date(2023, 1, 1) + timedelta(days=number % 700)
        paid = issued + timedelta(days=20)
        events.append(
            an_invoice(
                f"I{number}", account_id, 1000 + number % 97, issued_on=f"{issued}",
                due_on=f"{issued + timedelta(days=14)}",
            )
            | {"time": f"{issued}T00:00:00Z"}
        )  # fmt: skip
        events.append(
            a_payment(f"P{number}", account_id, 1000 + number % 97, received_at=f"{paid}T12:00:00Z")
        )
    events.sort(key=lambda event: str(event["time"]))
    return events


async def violated(client: httpx.AsyncClient, tenant: str = "demo") -> list[str]:
    answer = await client.get("/v1/integrity", headers={"X-Tenant": tenant}, timeout=120)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"] if item["violations"]]


async def test_a_history_newest_first_goes_in_while_other_tenants_go_on(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account("BIG", timezone="UTC"))
    await post(an_account(timezone="UTC"), an_invoice(), tenant="other")
    await start_day(client, day="2026-03-16")
    events = a_long_history(PAIRS)
    heavy = asyncio.ensure_future(post(*reversed(events)))
    answered = 0
    while not heavy.done():
        assert (await client.get("/health/live")).status_code == 200
        answer = await post(a_payment(f"P{answered}", amount_minor=1), tenant="other")
        assert answer.json()["accepted"] == 1
        answered += not heavy.done()
    assert (await heavy).json() == {"accepted": 2 * PAIRS, "duplicates": 0, "rejected": []}
    assert answered, "every request of the other tenant waited for the heavy one"
    assert await violated(client) == []
    assert (await post(*events)).json()["duplicates"] == 2 * PAIRS


async def test_requests_of_one_tenant_go_on_beside_its_heavy_one(post: Post) -> None:
    await post(an_account("BIG", timezone="UTC"), an_account("C1"), an_invoice("S"))
    heavy = asyncio.ensure_future(post(*reversed(a_long_history(PAIRS // 2))))
    answered = 0
    while not heavy.done():
        assert (await post(a_payment(f"S{answered}", amount_minor=1))).json()["accepted"] == 1
        answered += not heavy.done()
    assert (await heavy).json()["accepted"] == PAIRS
    assert answered, "every light request waited for the heavy one"


async def test_late_facts_of_a_long_account_equal_the_same_in_order(
    client: httpx.AsyncClient, post: Post
) -> None:
    events = a_long_history(100)
    mixed = events.copy()
    random.Random(5).shuffle(mixed)
    for tenant, story in (("inorder", events), ("mixed", mixed)):
        await post(an_account("BIG", timezone="UTC"), tenant=tenant)
        for start in range(0, len(story), 40):
            await post(*story[start : start + 40], tenant=tenant)
        assert await violated(client, tenant) == []

    async def shown(path: str, tenant: str) -> Any:
        return (await client.get(path, headers={"X-Tenant": tenant})).json()

    for path in ("/v1/accounts/BIG", "/v1/invoices?limit=1000", "/v1/invoices/I7"):
        assert await shown(path, "inorder") == await shown(path, "mixed"), path


async def test_what_spoils_one_tenant_s_transaction_does_not_fail_another_s(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(an_account("POISON"), an_account("C1"), an_invoice())
    await post(an_account("C1"), an_invoice(), tenant="other")
    real = record_in_slices

    def record(state: Any, facts: Any, begun: Any) -> Any:
        if state.account_id == "POISON":
            raise TookTooLong("as it does every time")
        return real(state, facts, begun)

    monkeypatch.setattr("services.ledger.commands.facts.record_in_slices", record)
    answers = await asyncio.gather(
        *(post(a_payment(f"A{n}", amount_minor=1)) for n in range(5)),
        post(an_invoice("spoilt", "POISON")),
        *(post(a_payment(f"B{n}", amount_minor=1)) for n in range(5)),
        *(post(a_payment(f"P{n}", amount_minor=1), tenant="other") for n in range(5)),
    )
    assert [answer.status_code for answer in answers] == [200] * 5 + [503] + [200] * 10
    assert answers[5].json()["type"] == "urn:recoup:problem:took-too-long"


# ── Files ───────────────────────────────────────────────────────────────────────────────────────


class Bridge(httpx.BaseTransport):
    """The importer's client, from its thread to the ledger in this one."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client, self._loop = client, asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sending = self._client.request(
            request.method, request.url, content=request.read(), headers=request.headers,
            timeout=120,
        )  # fmt: skip
        answer = asyncio.run_coroutine_threadsafe(sending, self._loop).result()
        return httpx.Response(answer.status_code, content=answer.content)


def a_file(path: Path, rows: int) -> Path:
    """One large customer's invoices of three years, newest first."""
    chance, lines = random.Random(4), []
    for _ in range(rows):
        issued = date(2023, 1, 1) + timedelta(days=chance.randrange(1000))
        due = issued + timedelta(days=30)
        paid = due + timedelta(days=chance.randrange(-10, 30))
        lines.append(
            (
                issued,
                f"BIG-1,US,{chance.randrange(10**9):09d},{issued:%m/%d/%Y},{due:%m/%d/%Y},"
                f"{chance.randrange(1000, 99999) / 100:.2f},No,{paid:%m/%d/%Y}",
            )
        )
    lines.sort(reverse=True)
    header = "customerID,countryCode,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,"
    header += "Disputed,SettledDate"
    path.write_text("\n".join([header, *(line for _, line in lines)]) + "\n", encoding="utf-8")
    return path


async def test_a_file_of_one_customer_newest_first_is_imported(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    mapping = parse_mapping(MAPPING.read_text("utf-8"))
    headers = {"Authorization": f"Bearer {DEV_KEY}", "X-Tenant": "demo"}
    sender = httpx.Client(
        transport=Bridge(client), base_url="http://localhost", headers=headers, timeout=120
    )
    refusals, counts = await asyncio.to_thread(
        imported, a_file(tmp_path / "big.csv", 3000), mapping, sender
    )
    assert (refusals, counts) == ([], {"accepted": 6001, "duplicates": 0})
    account = (await client.get("/v1/accounts/BIG-1")).json()
    assert account["amounts"][0]["balance_minor"] == 0
    assert await violated(client) == []


def imported(
    path: Path, mapping: MappingFile, client: httpx.Client
) -> tuple[list[Refusal], dict[str, int]]:
    with FileEvents() as events, Position(None) as position:
        counts = importer.import_file(path, mapping, "demo", client, events, position)
        return list(events.refusals()), counts


def sending(answer: Callable[[int], int], tmp_path: Path) -> tuple[list[int], Any]:
    """The sizes that the importer tries where batches of some sizes are answered so."""
    sizes = []

    def handle(request: httpx.Request) -> httpx.Response:
        events = msgspec.json.decode(request.content)
        sizes.append(len(events))
        status = answer(len(events))
        receipt = {"accepted": len(events), "duplicates": 0, "rejected": []}
        return httpx.Response(status, json=receipt if status == 200 else {"title": "too much"})

    client = httpx.Client(transport=httpx.MockTransport(handle), base_url="http://ledger")
    mapping = parse_mapping(MAPPING.read_text("utf-8"))
    return sizes, lambda: imported(a_file(tmp_path / "some.csv", 300), mapping, client)


@pytest.mark.parametrize("status", [503, 413])
def test_the_importer_halves_what_is_too_much(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer_sending, "PAUSE_SECONDS", 0.0)
    sizes, run = sending(lambda events: 200 if events <= 100 else status, tmp_path)
    refusals, counts = run()
    assert (refusals, counts) == ([], {"accepted": 601, "duplicates": 0})
    assert sizes[:3] == [500, 250, 125]
    assert sizes[3] == 62


def test_the_importer_gives_up_when_nothing_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer_sending, "PAUSE_SECONDS", 0.0)
    sizes, run = sending(lambda _: 503, tmp_path)
    with pytest.raises(importer_sending.CannotSend, match="503"):
        run()
    assert len(sizes) == importer_sending.TRIES


# ── Sums ────────────────────────────────────────────────────────────────────────────────────────


def large_invoices(account_id: str, first: int, last: int) -> list[dict[str, Any]]:
    return [
        an_invoice(f"{account_id}-{n}", account_id, LARGEST, due_on="2026-03-05")
        for n in range(first, last)
    ]


async def test_sums_over_accounts_leave_64_bits_and_stay_whole_numbers(
    client: httpx.AsyncClient, post: Post
) -> None:
    for account_id in ("X0", "X1", "X2", "X3"):
        await post(an_account(account_id, timezone="UTC"))
        answer = await post(*large_invoices(account_id, 0, 400))
        assert answer.json()["accepted"] == 400
    await start_day(client, day="2026-03-16")
    total = 1600 * LARGEST
    assert total > 2**63
    for path in ("/v1/aging", "/v1/aging?as_of=2026-03-16"):
        aging = await client.get(path)
        assert aging.status_code == 200, aging.text
        (bucket,) = (found for found in aging.json()["buckets"] if found["count"])
        assert bucket == {
            "bucket": "1-30",
            "count": 1600,
            "amount_minor": total,
            "charges_minor": 0,
        }
        assert f'"amount_minor":{total}' in aging.text.replace(" ", "")
    account = (await client.get("/v1/accounts/X0")).json()
    assert account["amounts"][0]["collectable_minor"] == 400 * LARGEST
    assert (await client.get("/v1/accounts/X0/journal?limit=1000")).status_code == 200
    assert await violated(client) == []


async def test_an_account_s_amounts_have_a_limit_and_it_refuses_alone(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account("X0", timezone="UTC"))
    known = large_invoices("X0", 0, 500)
    assert (await post(*known)).json()["accepted"] == 500
    small = an_invoice("small", "X0", 1)
    answer = (await post(*large_invoices("X0", 500, 520), known[0], small)).json()
    assert (answer["accepted"], answer["duplicates"], len(answer["rejected"])) == (13, 1, 8)
    assert {item["index"] for item in answer["rejected"]} == set(range(12, 20))
    assert answer["rejected"][0]["errors"][0]["pointer"] == "/data/amount_minor"
    again = (await post(known[1])).json()
    assert again["duplicates"] == 1
    listed = (await client.get("/v1/rejections?account_id=X0&limit=100")).json()["items"]
    assert len(listed) == 8
    (beyond,) = large_invoices("X0", 519, 520)
    twice = (await post(beyond, beyond, an_invoice("small", "X0", 1))).json()
    assert [item["index"] for item in twice["rejected"]] == [0, 1]
    account = (await client.get("/v1/accounts/X0")).json()
    assert account["amounts"][0]["balance_minor"] == 512 * LARGEST + 1
    assert await violated(client) == []


# ── Rows from before versions were kept ─────────────────────────────────────────────────────────


async def test_rows_from_before_versions_are_filled_and_read(bare_url: str) -> None:
    from shared.database import migrate
    from tests.integration.ledger.processes import a_process, account_of, take

    await migrate.upgrade("ledger", bare_url, "ledger_0001")
    db = Database(bare_url)
    try:
        data = msgspec.json.encode(an_account("C1")["data"])
        await db.fetch(
            "insert into accounts (tenant_id, account_id, version, is_registered, entries,"
            " journal_hash) values ('demo', 'C1', 3, true, 0, '')"
        )
        await db.fetch(
            "insert into facts (tenant_id, account_id, kind, fact_id, source, event_id, time,"
            " recorded_at, data) values ('demo', 'C1', 'account-registered', '/billing e0',"
            " '/billing', 'e0', now(), now(), $1)",
            data,
        )
        await db.fetch(
            "insert into announcements (tenant_id, account_id, invoice_id, key, body)"
            " values ('demo', 'C1', 'I1', 'due-soon 2026-03-15', $1)",
            b'{"invoice_id":"I1","key":"due-soon 2026-03-15","kind":"due-soon","due_on":'
            b'"2026-03-15","stage":null,"since_on":"2026-03-08","at":"2026-03-08T00:00:00Z"}',
        )
        await migrate.upgrade("ledger", bare_url)
        for table in ("facts", "announcements"):
            rows = await db.fetch(f"select version from {table}")
            assert [row[0] for row in rows] == [0]
        process = a_process(db)
        await take(process, an_invoice())
        found = await account_of(process, "C1")
        assert found["registered"]
        assert [notice.key for notice in found["notices"]["I1"]] == ["due-soon 2026-03-15"]
        versions = await db.fetch("select version from facts order by 1")
        assert [row[0] for row in versions] == [0, 4]
    finally:
        await db.close()
