"""The journal from outside: sealed by days, exported, and checked by a program of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger import verify
from services.ledger.commands import seals as seal_commands
from services.ledger.processes import journal_export
from services.ledger.processes.seals import seal_journal
from services.ledger.store import seals as seal_store
from services.ledger.store import tenants as tenant_store
from shared import clock
from shared.database import Database, migrate
from tests.factories import a_payment, an_account, an_invoice
from tests.integration.ledger.processes import a_process, take
from tests.integration.ledger.test_story import start_day

Post = Callable[..., Awaitable[httpx.Response]]

_OTHER = "00" * 32


async def exported(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/journal/export{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


def checked(
    lines: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, list[str]]:
    """What the verifier says of a file of these lines."""
    file = tmp_path / "journal.ndjson"
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    capsys.readouterr()
    code = verify.main([str(file), *more])
    return code, capsys.readouterr().out.splitlines()


async def violated(client: httpx.AsyncClient) -> set[str]:
    items = (await client.get("/v1/integrity")).json()["items"]
    return {item["name"] for item in items if item["violations"]}


async def three_days(client: httpx.AsyncClient, post: Post) -> None:
    """C1 and Ä grow before the first day, C1 and C2 before the second, C1 after the last."""
    await post(an_account("C1"), an_invoice("I1", "C1"), an_account("Ä"), an_invoice("I0", "Ä"))
    await start_day(client, day="2026-03-05")
    await post(an_account("C2"), an_invoice("I2", "C2"), a_payment("P1", "C1"))
    await start_day(client, day="2026-03-06")
    await start_day(client, day="2026-03-09")
    await post(an_invoice("I3", "C1", issued_on="2026-03-09", due_on="2026-03-20"))


def of_kind(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line[kind] for line in lines if kind in line]


async def test_a_journal_is_sealed_day_by_day_and_checked_from_its_export(
    client: httpx.AsyncClient,
    post: Post,
    ledger_db: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await three_days(client, post)
    lines = await exported(client)
    assert {**lines[0], "exported_at": ""} == {
        "format": "recoup-journal-1",
        "tenant": "demo",
        "exported_at": "",
        "accounts": "3",
        "entries": "5",
        "seals": "3",
    }
    assert [(head["account"], head["seal"], head["n"]) for head in of_kind(lines, "head")] == [
        ("C1", "1", "1"),
        ("C1", "2", "2"),
        ("C2", "2", "1"),
        ("Ä", "1", "1"),
    ]
    seals = of_kind(lines, "seal")
    assert [(s["day"], s["accounts"], s["entries"]) for s in seals] == [
        ("2026-03-04", "2", "2"),
        ("2026-03-05", "2", "2"),
        ("2026-03-08", "0", "0"),  # the days between began with it
    ]
    assert checked(lines, tmp_path, capsys) == (
        0,
        ["ok: 5 entries, 3 accounts, 3 seals, through 2026-03-08"],
    )
    assert await violated(client) == set()
    rows = await ledger_db.fetch(
        "select payload from outbox where aggregateid = 'demo/' and type = 'ledger-sealed'"
        " order by sequence"
    )
    events = [msgspec.json.decode(row[0]) for row in rows]
    assert [{name: str(value) for name, value in event.items()} for event in events] == [
        {name: value for name, value in seal.items() if name != "tenant"} for seal in seals
    ]
    kept = [f"--seal={event['seal']}={event['hash']}" for event in events]
    assert checked(lines, tmp_path, capsys, *kept)[0] == 0
    code, said = checked(lines, tmp_path, capsys, f"--seal=2={_OTHER}", f"--seal=4={_OTHER}")
    assert (code, said) == (
        1,
        ["seal 2: hash is not the one that was given", "seal 4 is not there"],
    )


async def test_an_export_of_one_account_has_its_heads_with_their_paths(
    client: httpx.AsyncClient,
    post: Post,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await three_days(client, post)
    lines = await exported(client, "?account_id=C1")
    assert {entry["account"] for entry in of_kind(lines, "entry")} == {"C1"}
    paths = [head["path"] for head in of_kind(lines, "head")]
    assert [[side for side, _ in path] for path in paths] == [["right"], ["right"]]
    assert checked(lines, tmp_path, capsys) == (
        0,
        ["ok: 3 entries, 1 accounts, 3 seals, through 2026-03-08"],
    )
    missing = await client.get("/v1/journal/export?account_id=nobody")
    assert missing.status_code == 404


async def test_an_export_from_a_seal_begins_where_the_one_before_ended(
    client: httpx.AsyncClient,
    post: Post,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await three_days(client, post)
    lines = await exported(client, "?from_seal=2")
    assert checked(lines, tmp_path, capsys) == (
        0,
        [
            "account C1 begins at entry 2",
            "ok: 3 entries, 2 accounts, 2 seals, through 2026-03-08",
        ],
    )
    open_ones = await exported(client, "?from_seal=4&account_id=C1")
    assert checked(open_ones, tmp_path, capsys) == (
        0,
        ["account C1 begins at entry 3", "ok: 1 entries, 1 accounts, 0 seals, no day is sealed"],
    )
    refused = await client.get("/v1/journal/export?from_seal=5")
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"pointer": "/query/from_seal", "detail": "the next seal is 4"}
    ]


async def test_pages_of_an_export_fit_together(
    client: httpx.AsyncClient, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await three_days(client, post)
    whole = await exported(client)
    for name in ("PAGE_ACCOUNTS", "PAGE_ENTRIES", "PAGE_SEALS"):
        monkeypatch.setattr(journal_export, name, 1)
    assert (await exported(client))[1:] == whole[1:]


async def test_another_tenant_s_export_is_empty(
    client: httpx.AsyncClient, post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await three_days(client, post)
    answer = await client.get("/v1/journal/export", headers={"X-Tenant": "other"})
    lines = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert checked(lines, tmp_path, capsys) == (
        0,
        ["ok: 0 entries, 0 accounts, 0 seals, no day is sealed"],
    )


async def test_a_day_is_sealed_once_however_often_it_begins(
    client: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await three_days(client, post)
    before = await ledger_db.fetch("select * from seals order by seal")
    await start_day(client, day="2026-03-09")
    await start_day(client, day="2026-03-06")
    process = a_process(ledger_db)
    await seal_journal(process, "demo")
    assert await ledger_db.fetch("select * from seals order by seal") == before


async def test_a_seal_that_is_cut_off_is_made_when_the_day_begins_again(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(an_account("C1"), an_invoice("I1", "C1"))

    async def cut_off(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(seal_store, "insert_seal", cut_off)
        assert (await client.post("/v1/jobs/start-day", json={"day": "2026-03-05"})).is_error
    assert await ledger_db.fetch("select from seal_heads") == []
    await start_day(client, day="2026-03-05")
    rows = await ledger_db.fetch("select seal, day::text, accounts from seals")
    assert [tuple(row) for row in rows] == [(1, "2026-03-04", 1)]


async def test_what_is_recorded_after_the_snapshot_is_in_the_next_seal(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post(an_account("C1"), an_invoice("I1", "C1"), an_account("C2"))
    list_grown = seal_store.list_grown
    late = [[an_invoice("I2", "C2")], [an_invoice("I3", "C1")]]

    async def and_meanwhile(*args: Any, **more: Any) -> Any:
        found = await list_grown(*args, **more)
        if late:
            await take(a_process(ledger_db), *late.pop())
        return found

    monkeypatch.setattr(seal_commands, "PAGE_ACCOUNTS", 1)
    monkeypatch.setattr(seal_store, "list_grown", and_meanwhile)
    await start_day(client, day="2026-03-05")
    await start_day(client, day="2026-03-06")
    rows = await ledger_db.fetch("select seal, account_id, entry from seal_heads order by 1, leaf")
    assert [tuple(row) for row in rows] == [(1, "C1", 1), (2, "C1", 2), (2, "C2", 1)]
    assert await violated(client) == set()


async def test_two_workers_make_one_seal(
    client: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await post(an_account("C1"), an_invoice("I1", "C1"))
    one, other = a_process(ledger_db), a_process(ledger_db)
    async with one.db.transaction() as session:
        await tenant_store.raise_begun(
            session, "demo", begun_on=date(2026, 3, 5), begun_at=None, recorded_at=None
        )
    async with asyncio.TaskGroup() as group:
        for process in (one, other, one):
            group.create_task(seal_journal(process, "demo"))
    assert len(await ledger_db.fetch("select from seals")) == 1


@pytest.mark.parametrize(
    "harm",
    [
        "update seal_heads set hash = '\\x00' where account_id = 'C1' and seal = 1",
        "delete from seal_heads where account_id = 'C2'",
        "update seals set root = '\\x00' where seal = 2",
        "update seals set entries = 7 where seal = 2",
        "delete from seals where seal = 1",
        "update seal_blocks set root = '\\x00' where seal = 2",
    ],
)
async def test_a_seal_that_was_changed_is_seen(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, harm: str
) -> None:
    await three_days(client, post)
    await ledger_db.fetch(harm)
    assert await violated(client) == {"seals equal their heads"}


@pytest.mark.parametrize(
    ("harm", "names"),
    [
        ("set cause = 'payment P9' where fact_id = 'P1'", {"hash chains are whole"}),
        ("set account_id = 'C9' where account_id = 'C2'", {"hash chains are whole"}),
        ("set postings = 'nonsense' where fact_id = 'P1'", {"hash chains are whole"}),
    ],
)
async def test_an_entry_that_was_changed_or_moved_is_seen(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, harm: str, names: set[str]
) -> None:
    await three_days(client, post)
    await ledger_db.fetch(f"update journal {harm}")
    assert names <= await violated(client)


async def test_the_chains_of_before_are_computed_anew(bare_url: str) -> None:
    """The story of LEDGER-CHARGES, S12, as it was stored before entries knew their place."""
    await migrate.upgrade("ledger", bare_url, "ledger_0007")
    db = Database(bare_url)
    accounts = (
        "insert into accounts (tenant_id, account_id, version, is_registered, entries,"
        " journal_hash) values ('demo', 'C1', 2, true, 2, 'old'), ('demo', 'C2', 1, true, 1,"
        " 'old'), ('demo', 'C3', 0, true, 0, '')"
    )
    entries = (
        "insert into journal values"
        " ('demo', 'C1', 1, 'invoice-issued', 'I1', 'invoice I1', 'EUR', '2026-03-01',"
        "  '2026-03-01T09:00:00Z', '[[\"receivable\",10000],[\"revenue-clearing\",-10000]]', ''),"
        " ('demo', 'C1', 2, 'payment-received', 'P1', 'payment P1', 'EUR', '2026-03-20',"
        "  '2026-03-20T10:00:00Z', '[[\"receivable\",-4000],[\"cash\",4000]]', ''),"
        " ('demo', 'C2', 1, 'invoice-issued', 'I2', 'invoice I2', 'EUR', '2026-03-01',"
        "  '2026-03-01T09:00:00Z', '[[\"receivable\",10000],[\"revenue-clearing\",-10000]]', '')"
    )
    try:
        await db.fetch(accounts)
        await db.fetch(entries)
        await migrate.upgrade("ledger", bare_url)
        rows = await db.fetch("select hash from journal order by account_id, entry")
        hashes = [row[0].hex() for row in rows]
        assert hashes[0] == "b883cd23e86873c01c204309a94b9ab2b0c984eeff84154762462f1f586d2804"
        assert [kept[-10:] for kept in hashes[1:]] == ["dc9dc0ba18", "d424eb643e"]
        rows = await db.fetch("select journal_hash from accounts order by account_id")
        assert [row[0].hex() for row in rows] == [hashes[1], hashes[2], ""]
    finally:
        await db.close()


async def test_nothing_is_held_while_whoever_reads_is_slow(
    client: httpx.AsyncClient, post: Post, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two pages there is no transaction, and what is recorded meanwhile does no harm."""
    await three_days(client, post)
    monkeypatch.setattr(journal_export, "PAGE_ENTRIES", 1)
    process = a_process(ledger_db)
    export = await journal_export.open_export(
        process, "demo", account_id=None, from_seal=1, now=clock.now()
    )
    parts = []
    async for part in journal_export.export_lines(process, export):
        parts.append(part)
        rows = await ledger_db.fetch(
            "select from pg_stat_activity where datname = current_database()"
            " and state like 'idle in transaction%'"
        )
        assert rows == []
        if len(parts) in (1, 3):
            number = len(parts)
            await post(an_account(f"D{number}"), an_invoice(f"J{number}", f"D{number}"))
            await start_day(client, day=f"2026-03-{10 + number}")
    assert len(parts) > 5
    file = BytesIO(b"".join(parts))
    assert verify.verify(file, {}) == 0
