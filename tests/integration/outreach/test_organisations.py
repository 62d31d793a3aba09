"""Organisations: settings over HTTP, and attempts that their tenants know of."""

from datetime import timedelta

import httpx

from services.outreach.organisations.domain import Attempt, marks_of
from services.outreach.organisations.store import (
    attempts_of,
    delete_attempts,
    find_attempts,
    insert_attempts,
    lock_marks,
)
from shared.events import TENANTS, ledger
from tests.integration.outreach.world import MORNING, World

PATH = "/v1/organisations/shops/settings"
KEY = b"k" * 32


async def test_the_limits_of_an_organisation_are_kept_and_shown(
    world: World, client: httpx.AsyncClient
) -> None:
    tenant = ledger.Tenant(tenant_id="demo", organisation="shops")
    await world.take(world.event(TENANTS, "demo", "tenant-settings", tenant, time=MORNING))
    assert (await client.get(PATH)).status_code == 404
    body = {"caps": {"gap_days": 2}, "shared_debtor_ids": True}
    put = await client.put(PATH, json=body)
    assert put.status_code == 200, put.text
    expected = {
        "organisation": "shops",
        "caps": {"gap_days": 2, "per_7_days": 3, "per_30_days": None},
        "shared_debtor_ids": True,
        "tenants": ["demo"],
    }
    assert put.json() == expected
    assert (await client.get(PATH)).json() == expected
    wrong = await client.put(PATH, json={"caps": {"gap_days": "x"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/caps/gap_days")
    assert (await client.get(PATH)).json() == expected
    assert (await client.put("/v1/organisations/No%20one/settings", json={})).status_code == 422


async def test_attempts_of_all_its_tenants_are_found_by_any_mark(world: World) -> None:
    both = marks_of(KEY, "shops", ["ada@example.com", "+4915112345678"], None)
    mail = marks_of(KEY, "shops", ["ada@example.com"], None)
    other = marks_of(KEY, "shops", ["bob@example.com"], None)
    one = Attempt("c1", "demo", "email", MORNING)
    two = Attempt("c2", "else", "sms", MORNING + timedelta(days=1))
    async with world.db.transaction() as session:
        await lock_marks(session, "shops", both)
        await insert_attempts(session, "shops", [(one, mail), (two, both), (one, mail)])
    async with world.db.reading() as session:
        found = await find_attempts(session, "shops", both | other, MORNING)
        later = await find_attempts(session, "shops", both, MORNING + timedelta(hours=1))
        elsewhere = await find_attempts(session, "banks", both, MORNING)
    assert attempts_of(found, both) == (one, two)
    assert attempts_of(found, other) == ()
    assert attempts_of(later, both) == (two,)
    assert elsewhere == {}
    async with world.db.transaction() as session:
        await delete_attempts(session, ["c2"])
    async with world.db.reading() as session:
        found = await find_attempts(session, "shops", both, MORNING)
    assert attempts_of(found, both) == (one,)
