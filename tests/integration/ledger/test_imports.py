"""Imports over HTTP: begun, done by a worker, cancelled, killed and resumed."""

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger import jobs
from services.ledger.commands import intake
from services.ledger.processes import imports as process
from shared.database import Database
from tests.factories import an_account, an_invoice
from tests.integration.ledger.conftest import DEV_KEY
from tests.integration.ledger.policies import begin, make_demo
from tests.integration.ledger.processes import a_process

MAPPING = """
source: /import/test
events:
  - {type: account-registered, once_per: id, time: "2026-01-01T00:00:00Z",
     data: {account_id: {column: id}, name: {column: name}}}
  - {type: invoice-issued, when: inv,
     data: {invoice_id: {column: inv}, account_id: {column: id}, currency: EUR,
            amount_minor: {column: amount, as: money}, issued_on: {column: day, as: date},
            due_on: {column: day, as: date, plus_days: 14}}}
"""
HEADER = "id,name,inv,amount,day\n"
GOOD = "C1,One,V1,12.50,2026-02-01\nC2,Two,V2,7,2026-01-15\n"
PATIENCE = 60.0


def rows(count: int) -> str:
    return HEADER + "".join(
        f"K{n % 97},Name,R{n},1.00,2026-01-{n % 28 + 1:02d}\n" for n in range(count)
    )


async def send(
    client: httpx.AsyncClient,
    content: str | bytes,
    mapping: str | None = MAPPING,
    *,
    path: str = "",
    tenant: str = "demo",
    **query: Any,
) -> httpx.Response:
    files = {
        "file": ("open items.csv", content if isinstance(content, bytes) else content.encode())
    }
    data = {} if mapping is None else {"mapping": mapping}
    return await client.post(
        f"/v1/imports{path}", files=files, data=data, params=query, headers={"X-Tenant": tenant}
    )


async def view(client: httpx.AsyncClient, name: str, tenant: str = "demo") -> dict[str, Any]:
    answer = await client.get(f"/v1/imports/{name}", headers={"X-Tenant": tenant})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until_it_is(
    client: httpx.AsyncClient,
    name: str,
    is_so: Callable[[dict[str, Any]], bool],
    tenant: str = "demo",
) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await view(client, name, tenant)
            if is_so(found):
                return found
            await asyncio.sleep(0.02)


class Worker:
    """The ledger's worker, its imports alone, in this process."""

    def __init__(self, db: Database) -> None:
        self._context = a_process(db)
        self._stop = asyncio.Event()

    async def __aenter__(self) -> "Worker":
        self._task = asyncio.create_task(jobs.run_imports(self._context, stop=self._stop))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._task
        await self._context.files.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(process, "REST_SECONDS_MAX", 0.0)


async def test_a_file_is_imported(client: httpx.AsyncClient, ledger_db: Database) -> None:
    bad = "C3,Three,V3,-1,2026-01-01\nC4,=Four,V4,x,2026-01-01\n\nC2,Two,,,\n"
    begun = await send(client, HEADER + GOOD + bad)
    assert begun.status_code == 202, begun.text
    name = begun.json()["import_id"]
    assert len(name) == 32
    assert (await view(client, name))["state"] == "reading"
    async with Worker(ledger_db):
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    counts = {key: done[key] for key in ("rows", "events", "sent", "accepted", "duplicates")}
    assert counts == {"rows": 6, "events": 5, "sent": 5, "accepted": 5, "duplicates": 0}
    assert (done["refused"], done["report"]["refused"]) == (2, 2)
    assert done["per_second"] > 0
    assert done["report"]["skipped"] == {
        "blank": 1, "starts": 0, "group": 0, "header": 0, "no-event": 1,
    }  # fmt: skip
    account = (await client.get("/v1/accounts/C1")).json()
    assert account["amounts"][0]["balance_minor"] == 1_250
    answer = await client.get(f"/v1/imports/{name}/refusals")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert table[0] == ["line", "column", "reason", "cells"]
    assert [(row[0], row[1], row[3]) for row in table[1:]] == [
        ("4", "amount", "C3,Three,V3,-1,2026-01-01"),
        ("5", "amount", "C4,=Four,V4,x,2026-01-01"),
    ]
    # The file is not kept any longer, and the same again is the same import.
    assert await ledger_db.fetch("select 1 from import_parts") == []
    assert (await send(client, HEADER + GOOD + bad)).json() == {"import_id": name}
    assert (await view(client, name))["state"] == "done"
    listed = (await client.get("/v1/imports")).json()["items"]
    assert [one["import_id"] for one in listed] == [name]


async def test_what_the_ledger_refuses_is_told_by_line_and_column(
    client: httpx.AsyncClient, ledger_db: Database, post: Callable[..., Any]
) -> None:
    await post(an_account("C9"), an_invoice("V1", "C9"))
    name = (await send(client, HEADER + GOOD)).json()["import_id"]
    async with Worker(ledger_db):
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert (done["accepted"], done["refused"]) == (3, 1)
    answer = await client.get(f"/v1/imports/{name}/refusals")
    told = list(csv.reader(io.StringIO(answer.text)))[1:]
    assert {(row[0], row[3]) for row in told} == {("2", "C1,One,V1,12.50,2026-02-01")}


async def test_a_dry_run_says_what_would_be_and_writes_nothing(
    client: httpx.AsyncClient, ledger_db: Database, post: Callable[..., Any]
) -> None:
    await post(an_account("C1"), an_invoice("V9", "C1", amount_minor=100, currency="EUR"))
    await post(an_account("C9"), an_invoice("V2", "C9"))
    same = "C5,Five,V5,3,2026-01-20\n"
    answer = await send(
        client, HEADER + GOOD + same + same.replace("Five", "5") + same.replace(",3,", ",4,"),
        dry_run=True,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert list(report) == [
        "rows", "skipped", "events", "accounts", "first_on", "last_on", "duplicates", "conflicts",
        "refused", "refusals", "warnings", "after",
    ]  # fmt: skip
    assert report["accounts"] == {"new": 2, "known": 1}
    assert report["events"]["invoice-issued"] == {"count": 5, "sums": {"EUR": 2_950}}
    # V5 again is a duplicate; V5 with another amount and V2 of another account are conflicts, as
    # is the registration of an account under another name.
    assert report["duplicates"] == 1
    assert report["conflicts"] >= 2
    assert report["after"]["EUR"] == {
        "balance": 1_250 + 100 + 300, "overdue": report["after"]["EUR"]["overdue"],
        "unapplied": 0, "charges": 0,
    }  # fmt: skip
    assert (report["first_on"], report["last_on"]) == ("2026-01-15", "2026-02-01")
    assert await ledger_db.fetch("select 1 from imports") == []
    assert (await client.get("/v1/accounts/C5")).status_code == 404


CHARGES = {
    "name": "charges",
    "version": "2026",
    "rules": [
        {"id": "late", "kind": "late_fee", "step": 1, "amount": {"fixed": {"EUR": "5"}},
         "disclosure": None, "because": "terms 2024"},
    ],
}  # fmt: skip


async def test_after_a_dry_run_is_what_the_ledger_has_after_the_import(
    client: httpx.AsyncClient, ledger_db: Database
) -> None:
    """By the tenant's policies, at its begun day."""
    await make_demo(client)
    assert (await client.put("/v1/policies/charges", json=CHARGES)).status_code < 300
    asked = {"version": "2026", "from": "2026-01-01", "reason": "terms"}
    activated = await client.post("/v1/policies/charges/activate", json=asked)
    assert activated.status_code < 300, activated.text
    await begin(client, "2026-02-10")
    content = HEADER + GOOD + "C2,Two,V3,5,2026-02-01\n"
    report = (await send(client, content, dry_run=True)).json()
    name = (await send(client, content)).json()["import_id"]
    async with Worker(ledger_db):
        await until_it_is(client, name, lambda found: found["state"] == "done")
    found: Counter[str] = Counter()
    for account in ("C1", "C2"):
        (amounts,) = (await client.get(f"/v1/accounts/{account}")).json()["amounts"]
        for key in ("balance", "overdue", "unapplied", "charges"):
            found[key] += amounts.get(f"{key}_minor", 0)
    assert report["after"]["EUR"] == dict(found)
    assert found["overdue"] == 700


async def test_every_fault_of_a_mapping_is_told_at_once(client: httpx.AsyncClient) -> None:
    bad = "events:\n  - type: invoice-lost\n    data: {a: {column: x, as: magic}}\ncolour: red\n"
    answer = await send(client, HEADER + GOOD, bad)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [
        "/colour", "/events/0/type", "/events/0/data/a/as",
    ]  # fmt: skip
    assert "line 4" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("content", "mapping", "pointer"),
    [(HEADER + GOOD, None, "/mapping"), ("", MAPPING, "/file")],
)
async def test_what_can_be_no_import_is_refused(
    client: httpx.AsyncClient, content: str, mapping: str | None, pointer: str
) -> None:
    answer = await send(client, content, mapping)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_what_is_no_upload_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/imports", json={})).status_code == 415
    answer = await client.post("/v1/imports", files={"mapping": ("m.yaml", MAPPING.encode())})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file")
    large = str(600 * 1024 * 1024)
    answer = await client.post("/v1/imports", content=b"", headers={"Content-Length": large})
    assert answer.status_code == 413


async def test_a_file_that_can_not_be_read_fails_with_its_reason(
    client: httpx.AsyncClient, ledger_db: Database
) -> None:
    name = (await send(client, "id;name\nC1;x\n")).json()["import_id"]
    empty = (await send(client, HEADER)).json()["import_id"]
    async with Worker(ledger_db):
        failed = await until_it_is(client, name, lambda found: found["state"] == "failed")
        nothing = await until_it_is(client, empty, lambda found: found["state"] == "failed")
    assert "has no column amount" in failed["reason"]
    assert "no row of which an event is made" in nothing["reason"]


async def test_events_need_no_mapping(client: httpx.AsyncClient, ledger_db: Database) -> None:
    lines = b"\n".join(msgspec.json.encode(event) for event in (an_invoice(), an_account()))
    name = (await send(client, lines, None)).json()["import_id"]
    async with Worker(ledger_db):
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert (done["accepted"], done["refused"]) == (2, 0)
    assert (await client.get("/v1/invoices/I1")).status_code == 200


async def test_an_import_that_was_cancelled_goes_on_where_it_was(
    client: httpx.AsyncClient, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BATCH_EVENTS", 10)
    monkeypatch.setattr(process, "RENEW_SECONDS", 0.02)
    name = (await send(client, rows(400))).json()["import_id"]
    async with Worker(ledger_db):
        await until_it_is(client, name, lambda found: found["sent"] > 0)
        cancelled = await client.post(f"/v1/imports/{name}/cancel")
        assert cancelled.json()["state"] == "cancelled"
        assert (await client.post(f"/v1/imports/{name}/cancel")).status_code == 200
        monkeypatch.setattr(process, "BATCH_EVENTS", 500)
        resumed = await client.post(f"/v1/imports/{name}/resume")
        assert resumed.status_code == 202
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert (done["accepted"], done["duplicates"], done["sent"]) == (497, 0, 497)
    assert (await client.post(f"/v1/imports/{name}/cancel")).status_code == 409
    assert (await client.post(f"/v1/imports/{name}/resume")).status_code == 409
    assert (await client.post("/v1/imports/none/resume")).status_code == 404


async def test_an_event_that_can_not_be_taken_is_refused_alone(
    client: httpx.AsyncClient, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.take_events

    async def take(session: Any, received: Any, context: Any) -> Any:
        if any(event.item.data.account_id == "K7" for event in received):
            raise RuntimeError("as if the rules had failed")
        return await real(session, received, context)

    monkeypatch.setattr(process, "take_events", take)
    name = (await send(client, rows(97))).json()["import_id"]
    async with Worker(ledger_db):
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert (done["events"], done["accepted"], done["refused"]) == (194, 192, 2)
    refusals = (await client.get(f"/v1/imports/{name}/refusals")).text
    assert [line.split(",")[0] for line in refusals.splitlines()[1:]] == ["9", "9"]


async def test_a_ledger_that_takes_nothing_fails_the_import(
    client: httpx.AsyncClient, ledger_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take(*_: Any) -> Any:
        raise RuntimeError("as if the rules were broken for all")

    monkeypatch.setattr(process, "take_events", take)
    name = (await send(client, rows(97))).json()["import_id"]
    async with Worker(ledger_db):
        failed = await until_it_is(client, name, lambda found: found["state"] == "failed")
        assert failed["reason"] == "an error on our side; the service's log says more"
        monkeypatch.undo()
        assert (await send(client, rows(97))).json() == {"import_id": name}
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert done["sent"] == 194


async def test_tenants_do_not_wait_for_each_other_nor_see_each_other(
    client: httpx.AsyncClient, ledger_db: Database
) -> None:
    one = (await send(client, rows(2_000))).json()["import_id"]
    other = (await send(client, HEADER + GOOD, tenant="other")).json()["import_id"]
    async with Worker(ledger_db):
        await until_it_is(client, other, lambda found: found["state"] == "done", "other")
        assert (await client.get(f"/v1/imports/{other}")).status_code == 404
        await until_it_is(client, one, lambda found: found["state"] == "done")


async def test_a_worker_that_is_killed_leaves_its_import_to_the_next(
    client: httpx.AsyncClient, ledger_url: str, ledger_db: Database
) -> None:
    """Between two batches: nothing is sent twice, and nothing is left out."""
    name = (await send(client, rows(2_000))).json()["import_id"]
    killed = await asyncio.to_thread(run_worker, ledger_url, "ledger.import.between_batches")
    assert killed == -signal.SIGKILL
    left = await view(client, name)
    assert (left["state"], left["sent"], left["accepted"]) == ("sending", 500, 500)
    # As if its lease had not been renewed for a while: then it need not be waited for.
    await ledger_db.fetch("update imports set lease_until = lease_until - interval '15 seconds'")
    assert (await client.post(f"/v1/imports/{name}/resume")).status_code == 202
    async with Worker(ledger_db):
        done = await until_it_is(client, name, lambda found: found["state"] == "done")
    assert (done["accepted"], done["duplicates"], done["sent"]) == (2_097, 0, 2_097)
    count = await ledger_db.fetch("select count(*) from facts")
    assert count[0][0] == 2_097


def run_worker(url: str, crash_at: str) -> int:
    """The ledger's real worker, until it ends."""
    environment = {
        **os.environ,
        "RECOUP_LOCAL": "1",
        "RECOUP_CLOCK": "manual",
        "RECOUP_DEV_KEY": DEV_KEY,
        "LEDGER_DATABASE_URL": url,
        "RECOUP_CRASH_AT": crash_at,
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "services.ledger.worker"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return worker.wait(PATIENCE)
    finally:
        with suppress(OSError):
            worker.kill()


async def test_a_file_is_looked_at(client: httpx.AsyncClient) -> None:
    content = "Kunde;Rechnungsnr;Betrag;Währung;Rechnungsdatum;Fälligkeit\n"
    content += "Müller;R1;1.234,56;EUR;31.12.2026;30.01.2027\n"
    answer = await send(client, content.encode("cp1252"), None, path="/sniff")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == [
        "file", "numbers", "dates", "zone", "columns", "questions", "mapping",
    ]  # fmt: skip
    assert found["file"] == {
        "format": "csv", "encoding": "windows-1252", "delimiter": ";", "header_row": 1,
    }  # fmt: skip
    assert (found["numbers"], found["dates"]) == ({"decimal": ",", "thousands": "."}, ["%d.%m.%Y"])
    tried = await send(client, content.encode("cp1252"), found["mapping"], dry_run=True)
    assert tried.json()["events"]["invoice-issued"] == {"count": 1, "sums": {"EUR": 123_456}}
