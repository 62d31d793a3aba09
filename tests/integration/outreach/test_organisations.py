"""Organisations: settings over HTTP, and attempts that their tenants know of."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec

from services.outreach.organisations.domain import OrganisationSettings, TenantAttempt, marks_of
from services.outreach.organisations.store import (
    attempts_of,
    delete_attempts,
    find_attempts,
    insert_attempts,
    lock_marks,
    upsert_settings,
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
    one = TenantAttempt("c1", "demo", "email", MORNING)
    two = TenantAttempt("c2", "else", "sms", MORNING + timedelta(days=1))
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


async def two_tenants(world: World, **settings: Any) -> World:
    """Two creditors of one organisation, with a debtor of one mailbox."""
    other = World(world.db, world.ledger, world.mail, world.context, tenant="other")
    for each, account_id in ((world, "C1"), (other, "C2")):
        tenant = ledger.Tenant(
            tenant_id=each.tenant, organisation="shops", contact_from=date(2026, 1, 1)
        )
        await each.take(each.event(TENANTS, each.tenant, "tenant-settings", tenant, time=MORNING))
        await each.account(account_id, email="Ada@example.com")
        await each.overdue(account_id=account_id)
    async with world.db.transaction() as session:
        await upsert_settings(
            session,
            "shops",
            msgspec.convert(settings, OrganisationSettings),
            by="ada",
            now=MORNING,
        )
    return other


async def test_what_one_tenant_has_sent_holds_the_other_back(world: World) -> None:
    other = await two_tenants(world, caps={"gap_days": 3, "per_7_days": 5})
    assert (await world.run()).counts["sent"] == 1
    held = await other.run()
    assert held.counts["sent"] == 0
    assert held.next_due_at is not None
    assert held.next_due_at.date() == MORNING.date() + timedelta(days=3)
    assert (await other.run(held.next_due_at)).counts["sent"] == 1
    assert len(world.mail.messages) == 2


async def test_without_limits_of_the_organisation_nobody_is_held_back(world: World) -> None:
    other = await two_tenants(world, caps={"gap_days": 0, "per_7_days": 5})
    assert (await world.run()).counts["sent"] == 1
    assert (await other.run()).counts["sent"] == 1


async def test_of_two_tenants_at_once_one_sends(world: World) -> None:
    """Both have planned for the same instant: who comes second at the intent waits."""
    other = await two_tenants(world, caps={"gap_days": 2, "per_7_days": 5})
    early = MORNING - timedelta(hours=6)
    for each in (world, other):
        assert (await each.run(early)).counts["planned"] == 1
    ran = await asyncio.gather(world.run(), other.run())
    assert sum(each.counts["sent"] for each in ran) == 1
    assert len(world.mail.messages) == 1


async def test_the_others_attempts_stand_in_the_history_about_none_of_our_debts(
    world: World,
) -> None:
    other = await two_tenants(world, caps={"gap_days": 1, "per_7_days": 5})
    await world.run()
    await other.run(MORNING + timedelta(days=2))
    question = msgspec.json.decode(
        await world.value("select question from judgements where tenant_id = 'other'")
    )
    (past,) = question["history"]
    assert (past["channel"], past["about"]) == ("email", [])


async def test_what_never_left_holds_nobody_back(world: World) -> None:
    other = await two_tenants(world, caps={"gap_days": 3, "per_7_days": 5})
    world.mail.mode = "refuse"
    assert (await world.run()).counts["failed"] == 1
    world.mail.mode = "accept"
    assert (await other.run()).counts["sent"] == 1
