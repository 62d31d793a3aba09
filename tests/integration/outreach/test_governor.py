"""The contact rules over planning and sending: what they forbid does not leave, and says why."""

import asyncio
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.outreach.dunning.processes.run_due import run_due
from shared.events import TENANTS, ledger
from shared.events.billing import Address
from tests.integration.outreach.test_api import all_items
from tests.integration.outreach.world import DUE_ON, MORNING, World, a_context, counts, until
from tests.unit.outreach.builders import at

PREFERENCES = "/v1/accounts/C1/preferences"
DALLAS = Address(country="US", region="TX", city="Dallas", postal_code="75201")
RIO = Address(country="BR", region="RJ", city="Rio de Janeiro", postal_code="20010-000")
BERLIN = Address(country="DE", city="Berlin", postal_code="10115")


async def contacts(client: httpx.AsyncClient, account_id: str = "C1") -> list[dict[str, Any]]:
    return await all_items(client, f"/v1/accounts/{account_id}/contacts", 100)


async def prefer(client: httpx.AsyncClient, **wish: Any) -> None:
    assert (await client.put(PREFERENCES, json=wish)).status_code == 200


async def collects(world: World, party: Any) -> None:
    tenant = ledger.Tenant(tenant_id="demo", contact_from=date(2026, 1, 1), party=party)
    await world.take(world.event(TENANTS, "demo", "tenant-settings", tenant, time=MORNING))


async def text_of(world: World) -> str:
    body = world.mail.messages[-1].get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_a_bankruptcy_stops_what_is_planned_at_once(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.account("C1", addresses=(DALLAS,))
    await world.overdue()
    await world.run(at("2026-03-03 01:00"))
    await prefer(client, bankruptcy_filed_at="2026-03-02T00:00:00Z")
    ran = await world.run(at("2026-03-03 17:00"))
    assert (ran.counts["sent"], ran.counts["suppressed"]) == (0, 1)
    assert world.mail.messages == []
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["citation"]
    assert suppressed["data"]["rulebook_version"]
    refused = next(c for c in await contacts(client) if c["state"] == "suppressed")
    assert refused["verdict"]["verdict"] == "block"
    decided = refused["verdict"]["decided_by"]
    assert any(each["rule"].startswith("US-BK-") and each["citation"] for each in decided)
    assert refused["because"] == suppressed["data"]["rule"]


async def test_what_a_person_must_decide_is_asked_for(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await prefer(client, vulnerable=True)
    assert (await world.run()).counts == counts(planned=1, held=1)
    (asked,) = await world.announced("approval-requested")
    assert (asked["data"]["rule"], asked["data"]["role"]) == ("HOUSE-DISTRESS", "care")
    held = next(c for c in await contacts(client) if c["state"] == "held")
    assert held["verdict"]["verdict"] == "require_approval"
    assert held["verdict"]["decided_by"][0]["role"] == "care"


async def test_a_refused_channel_is_kept_quiet_and_the_ladder_goes_on_to_a_person(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await prefer(client, refused_channels=["email"])
    instant = MORNING
    while (ran := await world.run(instant)).next_due_at is not None:
        instant = ran.next_due_at
    assert world.mail.messages == []
    rules = {event["data"]["rule"] for event in await world.announced("contact-suppressed")}
    assert len(rules) == 1
    assert len(await world.announced("contact-suppressed")) == 4
    assert len(await world.announced("task-created")) == 1


async def test_a_wish_about_hours_moves_the_contact(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.overdue()
    await prefer(client, inconvenient=[{"days": ["tue"], "from": "00:00", "to": "24:00"}])
    ran = await world.run()
    assert (ran.counts, ran.next_due_at) == (counts(planned=1), at("2026-03-04 08:01"))
    await prefer(client, inconvenient=[])
    assert (await world.run()).counts["sent"] == 1


async def test_what_must_be_said_names_the_tenants_own_creditor(world: World) -> None:
    """In Brazil name, address and tax id must be said: what the installation lacks, he has."""
    await world.account("C1", addresses=(RIO,))
    await world.overdue()
    assert (await world.run(at("2026-03-03 13:00"))).counts["suppressed"] == 1
    (refused,) = await world.announced("contact-suppressed")
    assert refused["data"]["rule"] == "disclosure-without-words"
    await world.settings(
        creditor={"name": "Loja Ltda", "postal_address": "Rua 1, Rio", "tax_id": "12.345/0001-67"}
    )
    await world.account("C2", addresses=(RIO,))
    await world.overdue("I2", "C2")
    assert (await world.run(at("2026-03-03 13:30"))).counts["sent"] == 1
    assert "12.345/0001-67" in await text_of(world)


async def test_a_message_carries_what_must_be_said_in_the_debtors_language(
    world: World, client: httpx.AsyncClient
) -> None:
    await collects(world, "third")
    await world.account("C1", addresses=(BERLIN,), language="de")
    await world.overdue()
    assert (await world.run()).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert set(sent["data"]["disclosures"]) == {"privacy-notice", "opt-out"}
    assert sent["data"]["rulebook_version"] >= "2026-11-22"
    text = await text_of(world)
    assert "Datenschutzbehörde" in text
    assert "STOP" in text
    html = world.mail.messages[-1].get_body(("html",))
    assert html is not None
    assert "Datenschutzbehörde" in html.get_content()
    made = next(c for c in await contacts(client) if c["state"] == "sent")
    assert set(made["disclosures"]) == {"privacy-notice", "opt-out"}
    assert made["verdict"]["verdict"] == "allow"


async def test_what_must_be_said_and_has_no_words_is_not_sent(world: World) -> None:
    await world.account("C1", addresses=(Address(country="BR", region="SP"),))
    await world.overdue()
    assert (await world.run(at("2026-03-03 15:00"))).counts == counts(planned=2, suppressed=1)
    (suppressed,) = await world.announced("contact-suppressed")
    assert suppressed["data"]["rule"] == "disclosure-without-words"


async def test_without_any_place_of_residence_a_person_decides(world: World) -> None:
    strict = a_context(world.db, world.ledger.url, smtp_url=world.mail.url, residence=None)
    await world.overdue()
    ran = await run_due(strict, "demo", MORNING)
    assert ran.counts == counts(planned=1, held=1)
    (asked,) = await world.announced("approval-requested")
    assert asked["data"]["rule"] == "SYS-MISSING"
    await strict.close()


async def test_contacts_that_others_made_count(world: World, client: httpx.AsyncClient) -> None:
    """An agency in Texas: no more e-mails than the house has set for a week."""
    await collects(world, "third")
    await world.account("C1", addresses=(DALLAS,), kind="consumer")
    await world.overdue()
    before = [
        {
            "id": f"h{day}", "at": f"2026-03-0{day}T17:00:00Z", "channel": "email",
            "outcome": "sent",
        }
        for day in (1, 2, 3)
    ]  # fmt: skip
    path = "/v1/accounts/C1/contact-history"
    assert (await client.post(path, json={"items": before})).status_code == 200
    ran = await world.run(at("2026-03-03 18:00"))
    assert world.mail.messages == []
    assert ran.next_due_at is not None
    await world.run(ran.next_due_at)
    assert world.mail.messages == []
    asked = [event["data"]["rule"] for event in await world.announced("contact-suppressed")]
    assert asked == ["US-REGF-EMAIL-PROC"]


NEW_YORK = Address(country="US", region="NY", city="Albany", postal_code="12207")


async def agency(world: World, client: httpx.AsyncClient, place: Address) -> None:
    """A debtor of an agency, with a consent to e-mail on file."""
    await collects(world, "third")
    await world.account("C1", addresses=(place,), kind="consumer")
    await world.overdue()
    consent = {
        "state": "granted", "given_to": "collector", "form": "written",
        "at": "2026-03-01T10:00:00Z", "address": "c1@example.com",
    }  # fmt: skip
    answer = await client.put("/v1/accounts/C1/consents/email", json=consent)
    assert answer.status_code == 200


@pytest.mark.parametrize("is_noticed", [True, False])
async def test_a_second_message_may_leave_once_the_validation_notice_was_sent(
    world: World, client: httpx.AsyncClient, is_noticed: bool
) -> None:
    await agency(world, client, DALLAS)
    assert (await world.run(at("2026-03-03 18:00"))).counts["sent"] == 1
    if is_noticed:
        notice = {
            "id": "n1", "at": "2026-03-05T18:00:00Z", "channel": "letter", "outcome": "sent",
            "notice": "validation", "about": ["I1"],
        }  # fmt: skip
        path = "/v1/accounts/C1/contact-history"
        answer = await client.post(path, json={"items": [notice]})
        assert answer.json()["accepted"] == 1
    await world.run(at("2026-03-17 18:00"))
    rules = {event["data"]["rule"] for event in await world.announced("contact-suppressed")}
    assert ("US-REGF-VAL" in rules) is not is_noticed
    assert len(world.mail.messages) == (2 if is_noticed else 1), rules


@pytest.mark.parametrize(("provided", "sent"), [(False, 1), (True, 0), (None, 0)])
async def test_new_york_asks_whose_the_address_is(
    world: World, client: httpx.AsyncClient, provided: bool | None, sent: int
) -> None:
    await agency(world, client, NEW_YORK)
    if provided is not None:
        said = {
            "state": "granted", "given_to": "collector", "form": "written",
            "at": "2026-03-01T11:00:00Z", "address": "c1@example.com",
            "employer_provided": provided,
        }  # fmt: skip
        answer = await client.put("/v1/accounts/C1/consents/email", json=said)
        assert answer.status_code == 200
    assert (await world.run(at("2026-03-03 18:00"))).counts["sent"] == sent
    if provided is False:
        return
    rules = {event["data"]["rule"] for event in await world.announced("contact-suppressed")}
    assert rules


async def test_the_question_of_every_decided_contact_is_kept(world: World) -> None:
    await world.overdue()
    await world.run()
    (row,) = await world.db.fetch("select contact_id, at, question from judgements")
    (sent,) = await world.announced("contact-sent")
    assert (row["contact_id"], row["at"]) == (sent["data"]["contact_id"], MORNING)
    assert b'"c1@example.com"' in row["question"]


async def test_a_step_that_waits_for_its_hour_says_so_once(world: World) -> None:
    await world.overdue(due_on=DUE_ON)
    await world.run(at("2026-03-03 01:00"))
    for minute in range(3):
        evening = at("2026-03-06 21:00") + timedelta(minutes=minute)
        await world.run(evening)
    assert len(await world.announced("contact-suppressed")) == 1


@pytest.mark.parametrize("minute", [0, 1])
async def test_a_window_begins_a_minute_late(world: World, minute: int) -> None:
    await world.overdue()
    ran = await world.run(at("2026-03-03 08:00") + timedelta(minutes=minute))
    assert ran.counts["sent"] == minute


async def test_an_account_that_changes_its_debtor_meanwhile_is_asked_as_theirs(
    world: World,
) -> None:
    await world.overdue()
    world.ledger.mode = "hang"
    run = asyncio.create_task(world.run())
    await until(lambda: world.ledger.calls)
    await world.account("C1", debtor_id="D1")
    world.answers("C1", ("I1", DUE_ON, 10_000))
    world.ledger.released.set()
    assert (await run).counts["sent"] == 1
    (cancelled,) = await world.announced("contact-cancelled")
    assert cancelled["data"]["because"] == "superseded"
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["debtor_id"] == "D1"


async def test_a_payment_that_the_log_tells_after_the_check_cancels(world: World) -> None:
    """The check said yes; what we know by now says no. It is cancelled as paid, not as unlawful."""
    await world.overdue("I1")
    await world.overdue("I2")
    world.ledger.mode = "hang"
    run = asyncio.create_task(world.run())
    await until(lambda: world.ledger.calls)
    await world.paid("I1")
    world.answers("C1", ("I1", DUE_ON, 10_000), sequence=99)  # answered before it took the payment
    world.ledger.released.set()
    assert (await run).counts["sent"] == 1
    (sent,) = await world.announced("contact-sent")
    assert sent["data"]["covers"][0]["invoice_ids"] == ["I2"]
    assert await world.announced("contact-suppressed") == []
