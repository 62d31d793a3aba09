"""Versioned documents, by a kind that is declared in `late_fees.py`: that is all a kind takes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import httpx
import pytest

from shared.database import Database
from shared.documents import ActivationRequest, Documents, store
from shared.errors import Conflict, Invalid, NotFound, Unavailable
from tests.integration.shared.late_fees import (
    LATE_FEES,
    NAME,
    NOW,
    ZONE,
    LateFees,
    activate,
    client_of,
    create_tables,
    late_fees,
    make_fees_app,
    text,
)

TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
URL = f"/v1/policies/{NAME}"


@pytest.fixture
async def db(producer: Database) -> Database:
    await create_tables(producer)
    return producer


@pytest.fixture
async def client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_fees_app(db)) as client:
        yield client


async def percent(
    db: Database, fees: Documents[LateFees], day: date | None = None, tenant: str = "demo"
) -> int | None:
    """What is in force on a day at noon; without one, after all that is known."""
    at = None if day is None else NOW + (day - TODAY)
    async with db.reading() as session:
        found = await fees.in_force(session, [tenant], NAME, at)
        history = await fees.history(session, tenant)
    kept = history.in_force(at)
    asked = found[tenant].percent if tenant in found else None
    assert asked == (kept[NAME].percent if NAME in kept else None)  # what is kept in memory
    return asked


# ------------------------------------------------------------------------------ over HTTP


async def put(client: httpx.AsyncClient, source: str) -> httpx.Response:
    return await client.put(URL, content=source)


async def test_a_version_is_kept_once_for_ever_and_under_its_own_text(
    client: httpx.AsyncClient,
) -> None:
    first = await put(client, text("spring"))
    assert (first.status_code, first.json()) == (
        201,
        {"name": NAME, "version": "spring", "new": True},
    )
    again = await put(client, text("spring"))
    assert (again.status_code, again.json()["new"]) == (200, False)
    other = await put(client, text("spring", 9))
    assert other.status_code == 409
    assert "another version" in other.json()["detail"]
    kept = (await client.get(f"{URL}/versions/spring")).json()
    assert (kept["source"], kept["in_force"]) == (text("spring"), False)
    assert (await client.get(f"{URL}/versions/autumn")).status_code == 404


async def test_a_bad_one_is_refused_with_every_fault(client: httpx.AsyncClient) -> None:
    bad = await put(client, '{"name": "late-fees", "version": "", "percent": 101}')
    assert bad.status_code == 422
    assert {each["pointer"] for each in bad.json()["errors"]} == {"/version", "/percent"}
    assert (await put(client, text("1").replace(NAME, "early-fees"))).status_code == 422
    assert (await client.put(URL, content=b"\xff")).status_code == 400
    assert (await client.put(URL, content="x" * 70_000)).status_code == 413


async def test_it_counts_from_the_day_for_which_it_was_activated(
    client: httpx.AsyncClient,
) -> None:
    await put(client, text("spring"))
    body = {"version": "spring", "from": TOMORROW.isoformat(), "reason": "costs have risen"}
    done = await client.post(f"{URL}/activate", json=body)
    assert done.json() == {
        "name": NAME,
        "version": "spring",
        "from": "2026-03-03",
        "from_at": "2026-03-03T05:00:00Z",  # midnight in New York
        "is_activated": True,
    }
    again = await client.post(f"{URL}/activate", json=body)
    assert again.json() == done.json() | {"is_activated": False}
    now = (await client.get(URL)).json()
    assert (now["version"], now["activation"]) == ("default", None)
    (only,) = (await client.get(f"{URL}/activations")).json()["items"]
    assert (only["reason"], only["from_version"]) == ("costs have risen", "default")


async def test_a_day_that_has_begun_keeps_what_is_in_force_on_it(
    client: httpx.AsyncClient,
) -> None:
    await put(client, text("spring"))
    body = {"version": "spring", "from": TODAY.isoformat()}
    refused = await client.post(f"{URL}/activate", json=body)
    assert refused.status_code == 409
    assert (await client.get(f"{URL}/activations")).json()["items"] == []
    unknown = {"version": "autumn", "from": TOMORROW.isoformat()}
    assert (await client.post(f"{URL}/activate", json=unknown)).status_code == 404


async def test_a_dry_run_takes_a_text_or_a_version_and_keeps_nothing(
    client: httpx.AsyncClient,
) -> None:
    tried = await client.post(f"{URL}/dry-run", content=text("spring", 7))
    assert tried.json() == {"version": "spring", "of_1000_minor": 70}
    assert (await client.get(f"{URL}/versions/spring")).status_code == 404
    kept = await client.post(f"{URL}/dry-run", params={"version": "default"})
    assert kept.json()["of_1000_minor"] == 0


async def test_lists_are_paged_the_latest_first(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await put(client, text(f"v{number}"))
        body = {"version": f"v{number}", "from": str(TOMORROW + timedelta(days=number))}
        await client.post(f"{URL}/activate", json=body)
    for path, member, expected in (
        ("versions", "version", ["v2", "v1", "v0"]),
        ("activations", "number", [3, 2, 1]),
    ):
        first = (await client.get(f"{URL}/{path}", params={"limit": 2})).json()
        query = {"cursor": first["next_cursor"]}
        rest = (await client.get(f"{URL}/{path}", params=query)).json()
        assert [each[member] for each in first["items"] + rest["items"]] == expected
        assert rest["next_cursor"] is None


async def test_tenants_have_documents_of_their_own(client: httpx.AsyncClient) -> None:
    await put(client, text("spring"))
    other = {"X-Tenant": "other"}
    assert (await client.get(f"{URL}/versions/spring", headers=other)).status_code == 404
    body = {"version": "spring", "from": TOMORROW.isoformat()}
    stolen = await client.post(f"{URL}/activate", json=body, headers=other)
    assert stolen.status_code == 404
    assert (await client.get(URL, headers=other)).json()["version"] == "default"


async def test_an_editor_gets_the_schema_and_strangers_get_nothing(
    client: httpx.AsyncClient,
) -> None:
    assert "LateFees" in (await client.get(f"{URL}/schema")).text
    nobody = {"Authorization": ""}
    for path in ("", "/schema", "/versions", "/activations"):
        assert (await client.get(URL + path, headers=nobody)).status_code == 401


# ------------------------------------------------------------------------------ in the service


async def test_what_is_in_force_follows_the_days(db: Database) -> None:
    fees = late_fees()
    await activate(db, fees, "spring", TOMORROW)
    await activate(db, fees, None, TOMORROW + timedelta(days=5))
    assert [await percent(db, fees, TODAY + timedelta(days=day)) for day in (0, 1, 5, 6)] == [
        0, 5, 5, None,
    ]  # fmt: skip


async def test_an_earlier_version_in_force_again_is_a_rollback(db: Database) -> None:
    fees = late_fees()
    await activate(db, fees, "spring", None)
    asked = ActivationRequest(
        name=NAME, version="default", by="someone", now=NOW, reason="it was better"
    )
    async with db.transaction() as session:
        done = await fees.activate(session, "demo", asked)
    assert done.is_rollback
    assert done.activation is not None
    assert (done.activation.from_version, done.activation.reason) == ("spring", "it was better")
    assert await percent(db, fees) == 0
    assert await activate(db, fees, "default", None) is None  # it is so already


async def test_what_is_asked_for_at_once_counts_at_once_whatever_the_clocks_say(
    db: Database,
) -> None:
    fees = late_fees()
    await activate(db, fees, "one", None)
    await activate(db, fees, "two", None, now=NOW - timedelta(seconds=3))  # another machine's clock
    async with db.reading() as session:
        version, activation = await fees.find_active(session, "demo", NAME)
    assert version == "two"
    assert activation is not None
    assert activation.from_at == NOW
    assert activation.recorded_at == NOW - timedelta(seconds=3)


async def test_a_check_of_the_service_comes_before_anything_is_written(db: Database) -> None:
    fees = late_fees()

    async def only_spring(_session: object, proposal: object) -> None:
        raise Conflict("not in spring")

    asked = ActivationRequest(name=NAME, version="default", by="someone", now=NOW, from_on=TOMORROW)
    with pytest.raises(Conflict, match="not in spring"):
        async with db.transaction() as session:
            await fees.activate(session, "demo", asked, check=only_spring)
    assert await db.fetch("select from documents union all select from activations") == []


async def test_what_was_not_committed_is_forgotten(db: Database) -> None:
    """The same name, version and number come again, with another text."""
    fees = late_fees()
    asked = ActivationRequest(
        name=NAME, version="spring", by="someone", now=NOW, from_on=TOMORROW, zone=ZONE
    )

    async def put_in_force(percent: int) -> None:
        async with db.transaction() as session:
            await fees.keep(session, "demo", NAME, text("spring", percent), by="x", at=NOW)
            await fees.activate(session, "demo", asked)
            history = await fees.history(session, "demo")
            assert history.in_force()[NAME].percent == percent
            if percent == 5:
                raise Conflict("a command changes its mind")

    with pytest.raises(Conflict):
        await put_in_force(5)
    await put_in_force(7)
    assert await percent(db, fees) == 7


async def test_what_nobody_ever_sent_cannot_end(db: Database) -> None:
    asked = ActivationRequest(
        name="early-fees", version=None, by="someone", now=NOW, from_on=TOMORROW
    )
    with pytest.raises(NotFound):
        async with db.transaction() as session:
            await late_fees().activate(session, "demo", asked)


async def test_versions_that_nobody_names_are_counted(db: Database) -> None:
    counted: Documents[LateFees] = Documents(replace(LATE_FEES, version_of=None))
    async with db.transaction() as session:
        kept = [
            await counted.keep(session, "demo", NAME, text("x", each), by="someone", at=NOW)
            for each in (1, 2, 2, 1)
        ]
    assert [(each.stored.version, each.is_new) for each in kept] == [
        ("1", True), ("2", True), ("2", False), ("3", True),
    ]  # fmt: skip


async def test_options_of_an_activation_are_kept_with_it(db: Database) -> None:
    fees = late_fees()
    options = {"in_flight": "move"}
    asked = ActivationRequest(
        name=NAME, version="default", by="x", now=NOW, from_on=TOMORROW, options=options
    )
    async with db.transaction() as session:
        await fees.activate(session, "demo", asked)
        (activation,) = await store.list_activations(session, "policies", "demo")
    assert activation.options == options


async def test_a_text_that_was_changed_behind_our_back_is_not_believed(db: Database) -> None:
    fees = late_fees()
    await activate(db, fees, "spring", None)
    assert await db.fetch("update documents set source = source || ' ' returning version")
    with pytest.raises(Unavailable, match="not what was stored"):
        await percent(db, late_fees())


async def test_a_text_that_a_newer_release_cannot_read_is_worth_waiting_for(
    db: Database,
) -> None:
    await activate(db, late_fees(), "spring", None)

    def refuse(_source: str) -> LateFees:
        raise Invalid("percent is gone")

    newer: Documents[LateFees] = Documents(replace(LATE_FEES, parse=refuse))
    with pytest.raises(Unavailable, match="cannot be read: percent is gone"):
        await percent(db, newer)


# ------------------------------------------------------------------------------ in two processes


async def test_what_another_process_activates_counts_here_at_once(db: Database) -> None:
    here = late_fees()
    await activate(db, here, "spring", TOMORROW)
    assert await percent(db, here, TOMORROW) == 5  # now it is kept in memory
    url = db.url
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.shared.late_fees",
        url, "demo", "default", str(TOMORROW),
    )  # fmt: skip
    assert await other.wait() == 0
    assert await percent(db, here, TOMORROW) == 0
    async with db.reading() as session:
        assert (await here.history(session, "demo")) is (await here.history(session, "demo"))


async def test_activations_at_once_follow_one_another(db: Database) -> None:
    """Two processes, four versions each, all at once: every one is written, none is lost."""
    two = late_fees(), late_fees()
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(activate(db, two[number % 2], f"v{number}", None))
    async with db.reading() as session:
        found = await store.list_activations(session, "policies", "demo")
    assert [each.number for each in found] == list(range(1, 9))
    assert [each.from_version for each in found[:1]] == ["default"]
    for earlier, later in pairwise(found):
        assert later.from_version == earlier.version
    assert {await percent(db, fees) for fees in two} == {5}


async def test_the_same_activation_at_once_is_written_once(db: Database) -> None:
    two = late_fees(), late_fees()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(activate(db, fees, "spring", TOMORROW)) for fees in (*two, *two)]
    assert sorted(task.result() or 0 for task in tasks) == [0, 0, 0, 1]
