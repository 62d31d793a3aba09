"""Charges over HTTP: by hand and by a policy, waived, paid, and what settles all of it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from services.ledger import consumer
from services.ledger.commands.restating import restate_range
from services.ledger.context import open_context
from services.ledger.processes.restating import restate
from shared.clock import monotonic
from shared.database import Database
from shared.events import OUTREACH, Event
from shared.events.outreach import ContactSent, Cover
from shared.log import outbox
from tests.factories import a_billing_event
from tests.integration.ledger.conftest import settings_for
from tests.integration.ledger.desk import Body, Desk, pointers

PATIENCE_SECONDS = 60.0

POLICY: Body = {
    "name": "charges",
    "version": "1",
    "rules": [
        {
            "id": "reminder",
            "kind": "late_fee",
            "step": 31,
            "amount": {"fixed": {"EUR": "5"}},
            "because": "terms",
        },
        {
            "id": "interest",
            "kind": "interest",
            "rate": {"percent": "7.3"},
            "because": "terms",
        },
        {
            "id": "told",
            "kind": "late_fee",
            "step": 61,
            "amount": {"fixed": {"EUR": "9"}},
            "disclosure": {"texts": ["late-fee"]},
        },
    ],
    "waive": {"within": {"EUR": "2"}, "role": "supervisor"},
}
BY_HAND: Body = {"charge_id": "B1", "kind": "cost", "currency": "EUR", "reason": "the court"}


async def charge_from(desk: Desk, day: str, policy: Body = POLICY) -> None:
    stored = await desk.client.put("/v1/policies/charges", json=policy)
    assert stored.status_code == 201, stored.text
    body = {"version": "1", "from": day, "reason": "as agreed"}
    done = await desk.client.post("/v1/policies/charges/activate", json=body)
    assert done.status_code == 200, done.text


async def test_a_policy_charges_from_its_day_on(desk: Desk, said: Any) -> None:
    await desk.open(("I1", 100000))
    await charge_from(desk, "2027-01-20")
    await desk.start("01-25")
    assert (await desk.money())["accrued_minor"] == 120
    seen = await desk.see("/v1/invoices/I1")
    assert (seen["accrued_minor"], seen["per_day_minor"], seen["charges"]) == (120, 20, [])
    assert (await desk.check())["disclose"] == ["late-fee"]
    await desk.start("02-10")
    charges = {known["charge_id"]: known for known in (await desk.see("charges"))["items"]}
    assert charges["interest:I1"]["amount_minor"] == 440
    assert charges["late-fee:I1:31"]["amount_minor"] == 500
    money = await desk.money()
    assert (money["charges_minor"], money["collectable_minor"]) == (940, 100940)
    payoff = await desk.see("payoff?on=2027-02-20")
    (euros,) = payoff["currencies"]
    assert (euros["total_minor"], euros["per_day_minor"]) == (100000 + 440 + 200 + 500, 20)
    assert [part["kind"] for part in euros["invoices"][0]["parts"]] == [
        "principal",
        "interest",
        "fee",
    ]
    await desk.see("payoff?on=2027-02-09", 422)
    await desk.start("03-12")
    assert (await desk.see("/v1/invoices/I1"))["charges_skipped"] == [
        {"charge_id": "late-fee:I1:61", "step": 61, "reason": "not_disclosed"}
    ]
    told = [event for event in await said() if event["type"] == "fee-charged"]
    assert [event["data"]["charge_id"] for event in told] == ["late-fee:I1:31"]
    checked = (await desk.client.get("/v1/integrity")).json()
    assert [name for name in checked["items"] if name["violations"]] == []


async def test_a_charge_by_hand_is_paid_and_waived(desk: Desk) -> None:
    await desk.open(("I1", 10000))
    await charge_from(desk, "2027-01-20")
    made = await desk.say(
        "charges", 201, "01-13 10:00", invoice_id="I1", amount_minor=3000, **BY_HAND
    )
    assert (made["status"], made["balance_minor"], made["charged_on"]) == (
        "open",
        3000,
        "2027-01-13",
    )
    refused = await desk.say(
        "charges",
        422,
        **{**BY_HAND, "charge_id": "a:b", "invoice_id": "I9", "amount_minor": 1},
        charged_on="2030-01-01",
    )
    assert pointers(refused) == ["/charge_id", "/charged_on", "/invoice_id"]
    await desk.start("01-21")
    await desk.pay("P1", 11000, "01-21")
    (paid,) = (await desk.see("charges?invoice_id=I1&kind=cost"))["items"]
    assert (paid["paid_minor"], paid["balance_minor"]) == (1000, 2000)
    more = await desk.say("charges/B1/waive", 422, "01-21 13:00", amount_minor=3001, reason="x")
    assert more["most_minor"] == 3000
    small = await desk.say(
        "charges/B1/waive", 200, "01-21 14:00", amount_minor=150, reason="round", waiver_id="V1"
    )
    assert (small["waived_minor"], small["state"]) == (150, "made")
    await desk.say("charges/B9/waive", 404, reason="x")


async def test_what_contacts_disclosed_comes_from_outreach(
    desk: Desk, ledger_url: str, outreach_url: str, outreach_db: Database
) -> None:
    await desk.open(("I1", 100000))
    await charge_from(desk, "2027-01-20")
    await desk.start("03-12")
    skipped = (await desk.see("/v1/invoices/I1"))["charges_skipped"]
    assert [skip["reason"] for skip in skipped] == ["not_disclosed"]
    async with outreach_db.transaction() as session:
        outbox.append(session, [contact_sent("K1", "late-fee")])
    settings = settings_for(ledger_url, OUTREACH_DATABASE_URL=outreach_url)
    context = open_context(settings, application="ledger-worker")
    runtime = consumer.runtime(settings, context)
    stop = asyncio.Event()
    work = asyncio.create_task(runtime.work(stop))
    try:
        end = monotonic() + PATIENCE_SECONDS
        while (await runtime.lag()).behind or len((await desk.see("charges"))["items"]) < 3:
            assert monotonic() < end, "it did not catch up in time"
            await asyncio.sleep(0.01)
    finally:
        stop.set()
        await work
        await context.close()
    assert (await desk.see("/v1/invoices/I1"))["charges_skipped"] == []
    charged = {known["charge_id"]: known for known in (await desk.see("charges"))["items"]}
    assert charged["late-fee:I1:61"]["charged_on"] == "2027-03-12"
    assert (await desk.check())["disclose"] == []


def contact_sent(contact_id: str, text_id: str) -> Event:
    sent_at = datetime(2027, 3, 1, 10, tzinfo=UTC)
    return Event(
        topic=OUTREACH,
        tenant="demo",
        key="C1",
        type="contact-sent",
        entity=contact_id,
        cause="sent",
        time=sent_at,
        recordedtime=sent_at,
        data=ContactSent(
            contact_id=contact_id,
            account_id="C1",
            channel="email",
            strategy="s",
            strategy_version="1",
            step="one",
            tone="friendly",
            covers=(Cover(account_id="C1", checked_sequence=1, invoice_ids=("I1",)),),
            sent_at=sent_at,
            message_id="m1",
            disclosures=(text_id,),
        ),
    )


async def test_rates_that_come_late_restate_what_was_charged(
    desk: Desk, ledger_url: str, said: Any
) -> None:
    """A payment that comes between the rates and the run announces no figure twice, nor none."""
    await desk.open(("I1", 100000), ("I2", 100000))
    interest = {
        "id": "base",
        "kind": "interest",
        "rate": {"reference": "bgb-base", "margin": "6.3"},
        "because": "law",
    }
    await charge_from(desk, "2027-01-20", {**POLICY, "rules": [interest]})
    await desk.start("02-10")
    assert (await desk.see("charges"))["items"] == []
    checked = (await desk.client.get("/v1/integrity")).json()["items"]
    assert [name["violations"] for name in checked if "have a rate" in name["name"]] == [2]
    rows = {"rows": [{"from_on": "2027-01-01", "percent": "1"}], "source": "the bank"}
    stored = await desk.client.put("/v1/rates/bgb-base", json=rows)
    assert stored.status_code == 202, stored.text
    await desk.pay("P1", 100000, "02-11")
    assert (await desk.see("charges"))["items"] == [], "until the run comes to it"
    context = open_context(settings_for(ledger_url), application="ledger-worker")
    try:
        await restate(context, "demo", stored.json()["run_id"], restate_range)
    finally:
        await context.close()
    charges = {known["charge_id"]: known for known in (await desk.see("charges"))["items"]}
    assert charges["interest:I1"]["amount_minor"] == 23 * 20
    assert charges["interest:I2"]["amount_minor"] == 22 * 20
    told = [event["data"] for event in await said() if event["type"] == "interest-charged"]
    assert {each["charge_id"]: each["amount_minor"] for each in told} == {
        "interest:I1": 460,
        "interest:I2": 440,
    }
    assert (await desk.money())["charges_minor"] == 900
    checked = (await desk.client.get("/v1/integrity")).json()["items"]
    assert [name for name in checked if name["violations"]] == []


async def test_reads_of_interest_that_grows(desk: Desk) -> None:
    """Up to the begun day, also where that day changed nothing else; as of a day what it was."""
    await desk.open(("I1", 100000))
    await charge_from(desk, "2027-01-20")
    await desk.start("02-10")
    await desk.start("02-15")  # no step, nothing is posted: the day is no work
    assert (await desk.money())["accrued_minor"] == 5 * 20
    assert (await desk.see("/v1/invoices/I1"))["accrued_minor"] == 5 * 20
    then = await desk.see("/v1/accounts/C1?as_of=2027-01-25")
    assert then["amounts"][0]["accrued_minor"] == 6 * 20
    invoice = await desk.see("/v1/invoices/I1?as_of=2027-01-25")
    assert (invoice["accrued_minor"], invoice["days_past_due"], invoice["charges"]) == (120, 15, [])
    await desk.see("/v1/invoices/I1?as_of=2026-12-10", 404)


async def test_a_void_invoice_bears_nothing_more(desk: Desk) -> None:
    await desk.open(("I1", 100000))
    await charge_from(desk, "2027-01-20")
    await desk.start("01-25")
    void = a_billing_event("invoice-voided", {"account_id": "C1", "invoice_id": "I1"})
    await desk.events({**void, "time": "2027-01-25T10:00:00Z"})
    assert (await desk.see("/v1/invoices/I1"))["accrued_minor"] == 0
    assert (await desk.see("payoff?on=2027-01-25"))["currencies"][0]["total_minor"] == 0


async def test_a_payoff_asks_for_no_interest_below_the_minimum(desk: Desk) -> None:
    await desk.open(("I1", 100000))
    rules = [{**POLICY["rules"][1], "minimum": {"EUR": "2"}}]
    await charge_from(desk, "2027-01-20", {**POLICY, "rules": rules})
    await desk.start("01-25")
    assert (await desk.money())["accrued_minor"] == 120
    (least,) = (await desk.see("payoff?on=2027-01-28"))["currencies"]
    (above,) = (await desk.see("payoff?on=2027-01-29"))["currencies"]
    assert (least["total_minor"], above["total_minor"]) == (100000, 100200)
    await desk.pay("P1", 100000, "01-25")
    assert (await desk.see("payoff?on=2027-01-25"))["currencies"][0]["total_minor"] == 0
    assert (await desk.money())["unapplied_minor"] == 0
