"""What the log tells, taken in through the one consumer loop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest
from msgspec import Struct, structs

from services.outreach import consumer
from services.outreach.debtors.commands import take_facts
from services.outreach.debtors.store.people import find_people
from shared.database import Database
from shared.events import CONTACTS, LEDGER, SEGMENTATION, TENANTS, Event, ledger, segmentation
from shared.events.billing import Address, Phone
from shared.log import outbox
from shared.log.consume import run_consumer
from shared.log.sources import OutboxSource
from tests.conftest import Template, fresh_url
from tests.integration.outreach.world import DUE_ON, MORNING, World, counts
from tests.unit.outreach.builders import at


async def details(world: World, account_id: str = "C1") -> ledger.Contact | None:
    async with world.db.reading() as session:
        return (await find_people(session, world.tenant, [account_id])).get(account_id)


async def test_an_erased_account_keeps_no_personal_data_and_takes_none(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    assert await details(world) is not None
    await world.take(
        world.ledger_event("account-erased", "C1", ledger.AccountErased(account_id="C1")),
        world.event(CONTACTS, "C1", "contact-details", None, time=MORNING),
    )
    assert await details(world) is None
    await world.account("C1")  # a resend does not revive it
    assert await details(world) is None
    assert (await world.run()).counts == counts(cancelled=1)
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "erased"


async def test_personal_data_stays_out_of_story_contacts_and_events(world: World) -> None:
    await world.overdue()
    await world.run()
    for table in ("story", "contacts", "outbox", "accounts"):
        rows = await world.db.fetch(f"select t::text as row from {table} t")
        text = "".join(row["row"] for row in rows)
        assert "c1@example.com" not in text
        if table != "contacts":  # a contact keeps where it went, until erasure
            assert b"c1@example.com".hex() not in text
        assert b"Name of C1".hex() not in text


async def test_a_new_due_day_cancels_and_starts_anew(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    data = ledger.InvoiceAmended(invoice_id="I1", account_id="C1", due_on=date(2026, 4, 1))
    await world.take(world.ledger_event("invoice-amended", "C1", data))
    ran = await world.run()
    assert (ran.counts, ran.next_due_at) == (counts(cancelled=1), None)
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "corrected"


async def test_a_stage_that_was_never_reached_cancels(world: World) -> None:
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    data = ledger.OverdueCorrected(
        invoice_id="I1", account_id="C1", currency="EUR", due_on=DUE_ON, from_stage=1,
        to_stage=None, since_on=DUE_ON, because="payment P1", amounts=(),
    )  # fmt: skip
    await world.take(world.ledger_event("overdue-corrected", "C1", data))
    assert (await world.run()).counts == counts(cancelled=1)


async def test_an_account_that_joins_another_debtor_is_planned_for_there(world: World) -> None:
    await world.account("C2")
    await world.overdue("I1", "C1")
    await world.overdue("I2", "C2")
    await world.run(at("2026-03-03 01:00"))
    for account_id in ("C1", "C2"):
        await world.account(account_id, debtor_id="D1")
        world.answers(account_id)
    ran = await world.run()
    assert (ran.counts["cancelled"], ran.counts["sent"]) == (2, 1)
    reasons = {e["data"]["because"] for e in await world.announced("contact-cancelled")}
    assert reasons == {"superseded"}
    (sent,) = await world.announced("contact-sent")
    assert [c["account_id"] for c in sent["data"]["covers"]] == ["C1", "C2"]


async def test_the_arms_of_an_experiment_go_with_the_contact(world: World) -> None:
    changed = segmentation.SegmentChanged(
        account_id="C1", from_segment=None, to_segment="reminder", arms={"tone": "B"}, priority=1,
        because="x", policy_version="1",
    )  # fmt: skip
    await world.take(world.event(SEGMENTATION, "C1", "segment-changed", changed, time=MORNING))
    await world.overdue()
    await world.run()
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["arms"] == {"tone": "B"}


async def test_a_segment_that_comes_beside_a_registration_does_not_undo_it(world: World) -> None:
    """Two workers: what segmentation's began to take in before the ledger's has committed."""
    changed = segmentation.SegmentChanged(
        account_id="C9", from_segment=None, to_segment="reminder", arms={"tone": "B"}, priority=1,
        because="x", policy_version="1",
    )  # fmt: skip
    await world.take(world.event(SEGMENTATION, "C9", "segment-changed", changed, time=MORNING))
    changed = structs.replace(changed, arms={"tone": "C"})
    segment = world.event(SEGMENTATION, "C9", "segment-changed", changed, time=MORNING)
    registered = ledger.AccountRegistered(account_id="C9", kind="business", timezone="UTC")
    registration = world.ledger_event("account-registered", "C9", registered)
    async with world.db.transaction() as held:
        await take_facts(held, [registration])
        beside = asyncio.create_task(world.take(segment))
        async with asyncio.timeout(120):
            while not await _is_waiting(world.db):
                await asyncio.wait([beside], timeout=0.01)
                assert not beside.done(), "it has to wait for the row"
    await beside
    (row,) = await world.db.fetch("select * from accounts where account_id = 'C9'")
    assert (row["is_registered"], row["kind"], row["sequence"]) == (True, "business", 1)
    assert row["arms"] == '{"tone":"C"}'


async def _is_waiting(db: Database) -> bool:
    return bool(await db.fetch("select from pg_locks where not granted"))


async def test_where_a_phone_may_ring_moves_the_hour(world: World) -> None:
    phones = (Phone(number="+13105551234"),)
    home = Address(country="US", region="TX", city="Dallas", postal_code="75201")
    await world.account("C1", phones=phones, addresses=(home,))
    await world.overdue()
    ran = await world.run(at("2026-03-03 09:00"))
    assert (ran.counts, ran.next_due_at) == (counts(planned=1), at("2026-03-03 16:01"))


def said_by_the_ledger(time: str = "2026-03-03 00:00") -> list[Event]:
    def event(topic: str, key: str, type_: str, data: Struct) -> Event:
        return Event(
            topic=topic, tenant="demo", key=key, type=type_, entity=key, cause=type_,
            time=at(time), day=at(time).date(), recordedtime=at(time), data=data,
        )  # fmt: skip

    tenant = ledger.Tenant(tenant_id="demo", contact_from=date(2026, 1, 1))
    account = ledger.AccountRegistered(account_id="C1", kind="consumer", timezone="UTC")
    person = ledger.Contact(account_id="C1", name="Ada", email="a@example.com", timezone="UTC")
    invoice = ledger.InvoiceIssued(
        invoice_id="I1", account_id="C1", currency="EUR", amount_minor=100, issued_on=DUE_ON,
        due_on=DUE_ON, balance_minor=100, amounts=(),
    )  # fmt: skip
    return [
        event(TENANTS, "demo", "tenant-settings", tenant),
        event(LEDGER, "C1", "account-registered", account),
        event(CONTACTS, "C1", "contact-details", person),
        event(LEDGER, "C1", "invoice-issued", invoice),
    ]


@pytest.fixture
async def producers(postgres: str, templates: Template) -> AsyncIterator[Database]:
    async with fresh_url(postgres, templates, "outreach") as url:
        db = Database(url)
        yield db
        await db.close()


async def test_the_worker_takes_everything_in_once(
    world: World, outreach_db: Database, producers: Database
) -> None:
    """The producer's outbox is read twice over, as after a move to another source."""
    async with producers.transaction() as session:
        outbox.append(session, said_by_the_ledger())
    topics = [topic for topic in consumer.TOPICS if topic != SEGMENTATION]
    for sources in ([topics], [[topic] for topic in topics]):
        stop = asyncio.Event()
        loop = asyncio.create_task(
            run_consumer(
                outreach_db,
                consumer.subscription(world.context.strategies, "manual"),
                [OutboxSource(producers, one) for one in sources],
                stop=stop,
            )
        )
        async with asyncio.timeout(120):
            while await _position(outreach_db, len(sources)) < 4:
                await asyncio.wait([loop], timeout=0.01)
                assert not loop.done()
        stop.set()
        await loop
    rows = await outreach_db.fetch("select type from story order by ord")
    assert sorted(row["type"] for row in rows) == [
        "account-registered", "contact-details", "invoice-issued", "strategy-assigned",
    ]  # fmt: skip
    assert len(await outreach_db.fetch("select from invoices")) == 1


async def _position(db: Database, parts: int) -> int:
    rows = await db.fetch(
        "select position from positions where part = any(select part from positions)"
    )
    return max((row["position"] for row in rows), default=0) if len(rows) >= parts else 0
