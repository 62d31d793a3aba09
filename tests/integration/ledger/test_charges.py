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
from tests.factories import a_billing_event, an_account, an_invoice
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
LATE = {"issued_on": "2026-12-11", "due_on": "2027-01-10"}
BY_HAND: Body = {"charge_id": "B1", "kind": "cost", "currency": "EUR", "reason": "the court"}


async def charge_from(desk: Desk, day: str, policy: Body = POLICY) -> None:
    stored = await desk.client.put("/v1/policies/charges", json=policy)
    assert stored.status_code == 201, stored.text
    body = {"version": "1", "from": day, "reason": "as agreed"}
    done = await desk.client.post("/v1/policies/charges/activate", json=body)
    assert done.status_code == 200, done.text


async def _texts(desk: Desk, query: str) -> list[str]:
    payoff = await desk.see(f"payoff?on=2027-02-20{query}")
    return [part["text"] for part in payoff["currencies"][0]["invoices"][0]["parts"]]


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
    assert (await _texts(desk, ""))[1] == "Interest"
    assert await _texts(desk, "&language=de-AT") == [
        "Rechnung I1",
        "Zinsen",
        "Mahngebühr nach 31 Tagen",
    ]
    await desk.see("payoff?on=2027-02-20&language=xx", 422)
    await desk.see("payoff?on=2027-02-09", 422)
    await desk.start("03-12")
    assert (await desk.see("/v1/invoices/I1"))["charges_skipped"] == [
        {"charge_id": "late-fee:I1:61", "step": 61, "reason": "not_disclosed"}
    ]
    told = [event for event in await said() if event["type"] == "fee-charged"]
    assert [event["data"]["charge_id"] for event in told] == ["late-fee:I1:31"]
    checked = (await desk.client.get("/v1/integrity")).json()
    assert [name for name in checked["items"] if name["violations"]] == []


async def test_a_dry_run_charges_the_last_90_days_anew(desk: Desk, said: Any) -> None:
    """C1 was charged from 20 January on by the policy in force; C2 has another currency."""
    await desk.open(("I1", 100000))
    await desk.events(an_account("C2"), an_invoice("I2", "C2", 7000, currency="USD", **LATE))
    await charge_from(desk, "2027-01-20")
    await desk.say("charges", 201, "01-13 10:00", amount_minor=3000, **BY_HAND)
    await desk.start("03-12")
    heard = len(await said())
    url = "/v1/policies/charges/dry-run"
    dearer = POLICY["rules"][0] | {"amount": {"fixed": {"EUR": "7"}}}
    tried = POLICY | {"version": "2", "rules": [dearer, *POLICY["rules"][1:]]}
    answer = (await desk.client.post(url, json=tried)).json()
    assert answer == {
        "version": "2",
        "against": "1",
        "since": "2026-12-12",
        "accounts": 2,
        "charges": {
            "fee": {"count": 1, "amount_minor": {"EUR": 700}},
            "interest": {"count": 2, "amount_minor": {"EUR": 1220, "USD": 85}},
        },
        "moved": [
            {
                "account_id": "C1",
                "before": {"EUR": 500 + 1040},
                "after": {"EUR": 700 + 1220},
            },
            {"account_id": "C2", "before": {"USD": 73}, "after": {"USD": 85}},
        ],
        "skipped": {"no_amount_in_currency": 1, "not_disclosed": 2},
        "summary": "2 of 2 accounts would have been charged otherwise since 2026-12-12",
    }
    none = {"name": "charges", "version": "3", "rules": []}
    (first, *_) = (await desk.client.post(f"{url}?limit=1", json=none)).json()["moved"]
    assert first == {"account_id": "C1", "before": {"EUR": 1540}, "after": {}}
    assert len(await said()) == heard
    unknown = await desk.client.post(url, json=none | {"packs": ["nowhere"]})
    assert (unknown.status_code, pointers(unknown.json())) == (422, ["/packs/0"])


async def test_ageing_shows_charges_beside_principal(desk: Desk) -> None:
    """A charge stands in the bucket of its invoice, paid or not; one without by its own day."""

    async def aged(query: str = "") -> dict[str, tuple[int, int, int]]:
        found = await desk.see(f"/v1/aging?currency=EUR{query}")
        return {
            row["bucket"]: (row["count"], row["amount_minor"], row["charges_minor"])
            for row in found["buckets"]
            if row["count"] or row["charges_minor"]
        }

    await desk.open(("I1", 10000))
    await desk.invoice("I2", 500)
    more: Body = {"currency": "EUR", "kind": "cost", "reason": "x"}
    for charge_id, minor, of in (("B1", 300, {"invoice_id": "I1"}), ("B2", 40, {})):
        body: Body = {"charge_id": charge_id, "amount_minor": minor, **of, **more}
        await desk.say("charges", 201, "01-13 10:00", **body)
    await desk.pay("P1", 10000, "01-15", allocations=[{"invoice_id": "I1", "amount_minor": 10000}])
    assert await aged() == {"current": (0, 0, 40), "1-30": (1, 500, 300)}
    await desk.start("02-11")
    assert await aged() == {"1-30": (0, 0, 40), "31-60": (1, 500, 300)}
    assert await aged("&as_of=2027-01-14") == {"1-30": (2, 10500, 340)}
    assert await aged("&as_of=2027-01-12") == {"1-30": (2, 10500, 0)}
    (group,) = (await desk.see("/v1/aging?group_by=currency"))["groups"]
    assert [row["charges_minor"] for row in group["buckets"]] == [0, 40, 300, 0, 0, 0]
    await desk.say("charges/B1/waive", 200, "02-11 14:00", reason="round")
    assert await aged() == {"1-30": (0, 0, 40), "31-60": (1, 500, 0)}
    assert await aged("&as_of=2027-01-15") == {"1-30": (1, 500, 340)}
    checked = (await desk.client.get("/v1/integrity")).json()
    assert [name for name in checked["items"] if name["violations"]] == []


async def test_charges_of_a_paid_invoice_are_promised_and_paid(desk: Desk) -> None:
    """Principal is paid; 3.00 stand on the invoice, 0.40 on none."""
    await desk.open(("I1", 10000), ("I2", 500))
    more: Body = {"currency": "EUR", "kind": "cost", "reason": "x"}
    for charge_id, minor, of in (("B1", 300, {"invoice_id": "I1"}), ("B2", 40, {})):
        body: Body = {"charge_id": charge_id, "amount_minor": minor, **of, **more}
        await desk.say("charges", 201, "01-13 10:00", **body)
    aims = [{"invoice_id": "I1", "amount_minor": 10000}, {"invoice_id": "I2", "amount_minor": 500}]
    await desk.pay("P1", 10500, "01-13 11:00", allocations=aims)
    (option,) = (await desk.see("options"))["currencies"]
    assert option["pay"] == {"most_minor": 340}
    promised: Body = {"currency": "EUR", "due_on": "2027-01-20"}
    asked: Body = {"promise_id": "R1", "amount_minor": 301, "invoice_ids": ["I1"], **promised}
    refused = await desk.say("promises", 422, "01-13 12:00", **asked)
    assert (pointers(refused), refused["most_minor"]) == (["/amount_minor"], 300)
    await desk.say("promises", 201, "01-13 12:00", **{**asked, "amount_minor": 300})
    nothing = {**asked, "promise_id": "R2", "amount_minor": 1, "invoice_ids": ["I2"]}
    refused = await desk.say("promises", 422, "01-13 12:00", **nothing)
    assert pointers(refused) == ["/invoice_ids/0", "/amount_minor"]
    aims = [{"charge_id": "B1", "amount_minor": 300}]
    await desk.pay("P2", 300, "01-14", allocations=aims)
    kept = await desk.see("promises/R1")
    assert (kept["state"], kept["received_minor"]) == ("kept", 300)
    (option,) = (await desk.see("options"))["currencies"]
    assert option["pay"] == {"most_minor": 40}


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
