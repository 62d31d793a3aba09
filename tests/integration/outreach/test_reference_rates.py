"""Reference rates that operators load, before those of the rule books run out."""

from datetime import date
from typing import Any

import httpx
import pytest

from shared.events import TENANTS, ledger
from shared.events.billing import Address
from tests.integration.outreach.world import MORNING, World
from tests.unit.outreach.builders import at

PATH = "/v1/reference-rates"
QUESTION: dict[str, Any] = {
    "at": "2027-02-01T12:00:00Z",
    "party": "first",
    "debtor": {
        "kind": "business",
        "entity": "entity",
        "addresses": [{"country": "DE", "city": "Berlin", "postal_code": "10115"}],
        "emails": [{"address": "a@example.com", "employer_provided": False}],
        "phones": [], "deceased": False, "vulnerable": False, "military": False,
        "bankruptcy_filed_at": None, "breathing_space_from": None, "attorney": None,
        "cease_requested_at": None, "refused_channels": [], "inconvenient": [], "consents": [],
        "opt_outs": [],
    },
    "debts": [
        {
            "id": "A", "purpose": "business", "product": "goods", "days_past_due": 31,
            "amount_minor": 100_000, "currency": "EUR", "disputed": False,
            "default_on": "2027-01-01", "due_on": "2027-01-01", "accelerated": False,
            "validation_notice_sent_on": None,
        }
    ],
    "contact": {
        "channel": "email", "to": "a@example.com", "about": ["A"], "purpose": "collect",
        "initiated_by": "collector", "content": {},
    },
    "history": [],
}  # fmt: skip


def asked(claims_interest: bool | None) -> dict[str, Any]:
    content = {} if claims_interest is None else {"claims_interest": claims_interest}
    return {**QUESTION, "contact": {**QUESTION["contact"], "content": content}}


async def verdict(client: httpx.AsyncClient, question: Any) -> dict[str, Any]:
    answer = await client.post("/v1/compliance/evaluate", json=question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("claims_interest", [None, False])
async def test_a_rate_that_is_not_known_matters_only_where_interest_is_claimed(
    world: World, client: httpx.AsyncClient, claims_interest: bool | None
) -> None:
    answer = await verdict(client, asked(claims_interest))
    assert answer["verdict"] == "allow", answer["decided_by"]


async def test_a_rate_that_was_loaded_settles_it(world: World, client: httpx.AsyncClient) -> None:
    before = await verdict(client, asked(True))
    assert (before["verdict"], before["role"]) == ("require_approval", "finance")
    rate = {"name": "ecb-mro", "from": "2027-01-01", "percent": "2.40"}
    loaded = await client.put(PATH, json={"rates": [rate], "source": "ECB, key interest rates"})
    assert loaded.status_code == 200, loaded.text
    mine = next(each for each in loaded.json()["items"] if each["name"] == "ecb-mro")
    assert mine["known_until"] == "2027-07-01"  # half a year: nobody is charged an old rate
    assert mine["rows"][-1]["own"] is True
    assert mine["rows"][-1]["source"] == "ECB, key interest rates"
    after = await verdict(client, asked(True))
    assert after["verdict"] == "allow", after["decided_by"]
    (record,) = [each for each in after["record"] if each["rule"] == "EU-LPD-INT"]
    assert record["rate_percent"] == "10.40"
    (in_an_array,) = await verdict(client, [asked(True)])
    assert in_an_array["verdict"] == "allow"  # type: ignore[index]


async def test_a_rate_warns_before_it_runs_out(world: World, client: httpx.AsyncClient) -> None:
    rate = {"name": "ecb-mro", "from": "2027-01-01", "until": "2090-01-01", "percent": "2.40"}
    short = (await client.get(PATH)).json()["items"]
    assert {each["name"] for each in short} == {"boe-bank-rate", "ecb-mro"}
    await client.put(PATH, json={"rates": [rate], "source": "x"})
    by_name = {each["name"]: each for each in (await client.get(PATH)).json()["items"]}
    assert by_name["ecb-mro"]["warning"] is None
    assert by_name["ecb-mro"]["rules"] == ["EU-LPD-INT"]
    far = {"name": "boe-bank-rate", "from": "2020-06-30", "percent": "0.10"}
    await client.put(PATH, json={"rates": [far], "source": "x"})
    (boe,) = [e for e in (await client.get(PATH)).json()["items"] if e["name"] == "boe-bank-rate"]
    assert boe["known_until"] == "2026-12-31"  # an older row changes nothing of the end


async def test_every_fault_of_what_is_loaded_is_named(
    world: World, client: httpx.AsyncClient
) -> None:
    rates = [
        {"name": "prime", "from": "2027-01-01", "percent": "2.4"},
        {"name": "ecb-mro", "from": "1900-01-01", "percent": "2,4"},
        {"name": "ecb-mro", "from": "2027-01-01", "until": "2027-01-01", "percent": "2.4"},
        {"name": "ecb-mro", "from": "2027-01-01", "percent": "2.4"},
    ]
    answer = await client.put(PATH, json={"rates": rates, "source": "x"})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [
        "/rates/0/name", "/rates/1/from", "/rates/1/percent", "/rates/2/until", "/rates/3/from",
    ]  # fmt: skip
    rows = (await client.get(PATH)).json()["items"]
    assert not any(row["own"] for each in rows for row in each["rows"])


async def a_german_business(world: World, account_id: str, *charges: dict[str, Any]) -> None:
    """It owes EUR 120.00 since Monday 2027-01-04, and what is charged on it."""
    place = Address(line1="Weg 1", city="Berlin", postal_code="10115", country="DE")
    await world.account(account_id, kind="business", timezone="Europe/Berlin", addresses=(place,))
    await world.overdue(f"I-{account_id}", account_id, due_on=date(2027, 1, 4), minor=12_000)
    known = world.ledger.accounts[account_id]
    known["charges"] = list(charges)
    known["amounts"][0]["collectable_minor"] += sum(c["balance_minor"] for c in charges)


async def test_interest_that_a_message_claims_needs_its_rate(
    world: World, client: httpx.AsyncClient
) -> None:
    """German businesses in 2027, whose base rate nobody has loaded: without interest the message
    leaves, with it finance is asked; once the rate is there, it leaves."""
    party = ledger.Tenant(tenant_id="demo", contact_from=date(2026, 1, 1), party="first")
    await world.take(world.event(TENANTS, "demo", "tenant-settings", party, time=MORNING))
    interest = {
        "charge_id": "interest:1", "kind": "interest", "currency": "EUR", "balance_minor": 345,
    }  # fmt: skip
    fee = {**interest, "charge_id": "late-fee:1", "kind": "fee"}
    await a_german_business(world, "B1", fee)
    await a_german_business(world, "B2", interest)
    first = at("2027-01-07 10:00")
    await world.run(first)
    assert world.mail.named == ["b1@example.com"]
    await world.run(first)  # what the check has told is known now: a person decides
    (asked_for,) = (await client.get("/v1/approvals")).json()["items"]
    assert (asked_for["role"], asked_for["kind"]) == ("finance", "contact")
    assert world.mail.named == ["b1@example.com"]
    rate = {"name": "ecb-mro", "from": "2027-01-01", "percent": "2.40"}
    loaded = await client.put(PATH, json={"rates": [rate], "source": "ECB, key interest rates"})
    assert loaded.status_code == 200
    await a_german_business(world, "B3", interest)
    await world.run(first)
    assert world.mail.named == ["b1@example.com", "b3@example.com"]
