"""Erasure over HTTP: nothing of the person is found in the database; nothing of the money moves."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import msgspec
import pytest

from services.ledger.context import open_context
from services.ledger.processes.days import start_day
from services.ledger.store.erasures import LATE_REJECTIONS
from shared.database import Database
from tests.dumps import stored_texts
from tests.factories import a_billing_event, an_account, an_invoice
from tests.integration.ledger.conftest import api, settings_for
from tests.integration.ledger.policies import begin, make_demo

Post = Callable[..., Awaitable[httpx.Response]]
Said = Callable[..., Awaitable[list[dict[str, Any]]]]

URL = "/v1/accounts/C1/personal-data"
REASON = {"reason": "asked for by Zacharias himself"}
# Every one of these is somewhere in the database, until it is erased.
WORDS = ("Zacharias", "Quarkweg", "zach@mail.example", "+49 30 777123", "Dromedar", "Okapi")
PERSON: dict[str, Any] = {
    "name": "Zacharias Example",
    "email": "zach@mail.example",
    "phones": [{"number": "+49 30 777123"}],
    "addresses": [{"line1": "Quarkweg 7", "city": "Berlin", "country": "Germany"}],
    "language": "en",  # the statement is then worded the same without it
    "tags": ["Dromedar"],
    "attributes": {"pet": "Okapi"},
    "debtor_id": "D1",
    "timezone": "Europe/Berlin",
}


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    return await make_demo(client)


def _account(**more: Any) -> dict[str, Any]:
    """The same registration, with the same event id."""
    return {**an_account("C1", **{**PERSON, **more}), "id": "registration"}


def _paid(payment_id: str = "P1", amount_minor: int = 10000) -> dict[str, Any]:
    return a_billing_event(
        "payment-received",
        {
            "payment_id": payment_id,
            "account_id": "C1",
            "currency": "EUR",
            "amount_minor": amount_minor,
            "received_at": "2027-01-13T10:00:00Z",
        },
    )


async def _life(demo: httpx.AsyncClient, post: Post) -> None:
    """An account that said much of itself, and owes nothing any more."""
    invoice = an_invoice(
        "I1", "C1", issued_on="2026-12-11", due_on="2027-01-10",
        lines=[{"description": "a room for Zacharias", "amount_minor": 10000}],
        attributes={"guest": "Okapi"},
    )  # fmt: skip
    dispute = a_billing_event(
        "dispute-opened",
        {
            "dispute_id": "X1",
            "account_id": "C1",
            "invoice_id": "I1",
            "reason": "Zacharias was not there",
            "evidence": [{"ref": "photo of the Okapi"}],
        },
        time="2027-01-11T10:00:00Z",
    )
    resolved = a_billing_event(
        "dispute-resolved",
        {"dispute_id": "X1", "account_id": "C1", "invoice_id": "I1", "outcome": "rejected"},
        time="2027-01-12T10:00:00Z",
    )
    refused = an_account("C1", addresses=[{"country": "Quarkweg"}])
    answer = (await post(_account(), invoice, dispute, resolved, refused)).json()
    assert (answer["accepted"], len(answer["rejected"])) == (4, 1)
    await begin(demo, "2027-01-12")
    promise = {
        "promise_id": "R1",
        "currency": "EUR",
        "amount_minor": 10000,
        "due_on": "2027-01-15",
        "note": "Zacharias called, the Dromedar was loud",
    }
    promised = await demo.post(
        "/v1/accounts/C1/promises", json=promise, headers={"Idempotency-Key": "k1"}
    )
    assert promised.status_code == 201, promised.text


async def _found(db: Database) -> set[str]:
    texts = await stored_texts(db)
    return {word for word in WORDS if any(word in text for text in texts)}


async def _statement(demo: httpx.AsyncClient) -> tuple[Any, Any, Any]:
    """What must not move: sums, statement, journal."""
    paths = ("/v1/accounts/C1", "/v1/accounts/C1/statement", "/v1/accounts/C1/journal")
    account, statement, journal = [(await demo.get(path)).json() for path in paths]
    return account["amounts"], statement["currencies"], journal


async def test_nothing_of_the_person_is_left(
    demo: httpx.AsyncClient, post: Post, said: Said, ledger_db: Database
) -> None:
    await _life(demo, post)
    needed = await demo.request("DELETE", URL, json=REASON)
    assert needed.status_code == 409, needed.text
    assert needed.json()["because"] == ["owed"]
    assert needed.json()["title"] == "Still needed"
    await post(_paid())
    before = await _statement(demo)
    integrity = (await demo.get("/v1/integrity")).json()
    assert await _found(ledger_db) == set(WORDS)
    assert (await demo.get(URL)).status_code == 404

    answer = await demo.request("DELETE", URL, json=REASON)
    assert answer.status_code == 200, answer.text
    certificate = answer.json()
    counts = {each["what"]: each["count"] for each in certificate["erased"]}
    assert counts == {
        "name": 1, "email": 1, "phones": 1, "addresses": 1, "language": 1, "tags": 1,
        "attributes": 2, "descriptions": 1, "reasons": 2, "evidence": 1, "notes": 1,
        "requests": 1, "rejections": 1, "answers": 1,
    }  # fmt: skip
    assert {"journal", "debtor_id"} <= {each["what"] for each in certificate["kept"]}
    assert await _found(ledger_db) == set()
    assert await _statement(demo) == before
    assert (await demo.get("/v1/integrity")).json() == integrity

    assert (await demo.request("DELETE", URL, json={"reason": "once more"})).json() == certificate
    assert (await demo.get(URL)).json() == certificate
    account = (await demo.get("/v1/accounts/C1")).json()
    assert (account["name"], account["email"], account["tags"]) == (None, None, [])
    assert account["erased_on"] == certificate["erased_on"] == "2027-01-12"
    assert account["addresses"] == [{"country": "DE"}]
    last = (await said())[-1]
    assert last["type"] == "account-erased"
    assert last["data"] == {
        "account_id": "C1", "certificate_id": certificate["certificate_id"], "because": "request",
    }  # fmt: skip
    contacts = await ledger_db.fetch(
        "select payload from outbox where aggregatetype = 'ledger.contacts' order by seq"
    )
    assert [row["payload"] for row in contacts] == [None, None]


async def test_a_resend_is_no_conflict_and_revives_nobody(
    demo: httpx.AsyncClient, post: Post, said: Said, ledger_db: Database
) -> None:
    await _life(demo, post)
    await post(_paid())
    assert (await demo.request("DELETE", URL, json=REASON)).status_code == 200
    again = (await post(_account())).json()
    assert (again["duplicates"], again["rejected"]) == (1, [])
    other = (await post(_account(kind="business"))).json()
    assert [error["pointer"] for error in other["rejected"][0]["errors"]] == ["/data/kind"]
    update = a_billing_event(
        "account-updated", {"account_id": "C1", **PERSON}, time="2027-01-14T10:00:00Z"
    )
    assert (await post(update)).json()["accepted"] == 1
    dispute = a_billing_event(
        "dispute-opened",
        {"dispute_id": "X2", "account_id": "C1", "invoice_id": "I1", "reason": "Okapi"},
        time="2027-01-14T10:00:00Z",
    )
    assert (await post(dispute)).json()["accepted"] == 1
    await post(_account(addresses=[{"country": "Quarkweg"}]))
    async with ledger_db.transaction() as session:
        await LATE_REJECTIONS.forget(session)
    assert await _found(ledger_db) == set()
    assert (await demo.get("/v1/accounts/C1")).json()["name"] is None
    contacts = await ledger_db.fetch(
        "select payload from outbox where aggregatetype = 'ledger.contacts'"
    )
    assert [row["payload"] for row in contacts] == [None, None]
    async with api(ledger_db.url) as fresh:  # computed anew from what is stored
        fresh.headers["X-Tenant"] = "demo"
        assert await _statement(fresh) == await _statement(demo)


async def test_what_stands_is_erased_when_another_lets_it(
    demo: httpx.AsyncClient, post: Post, said: Said, ledger_db: Database
) -> None:
    await _life(demo, post)
    asked = {**REASON, "override": True, "by": {"kind": "collector", "id": "ann"}}
    waiting = await demo.request("DELETE", URL, json=asked)
    assert waiting.status_code == 202, waiting.text
    assert waiting.json()["approval_id"] == "erasure:C1"
    assert waiting.json()["role"] == "compliance"
    again = await demo.request("DELETE", URL, json=asked)
    assert (again.status_code, again.json()) == (202, waiting.json())
    assert (await said())[-1]["type"] == "approval-needed"
    assert await _found(ledger_db) == set(WORDS)

    decision = {
        "decision": "approve",
        "role": "compliance",
        "reason": "Zacharias may go",
        "by": {"kind": "collector", "id": "ann"},
    }
    decide = "/v1/approvals/erasure:C1/decide"
    assert (await demo.post(decide, json=decision)).status_code == 403
    decided = await demo.post(decide, json={**decision, "by": {"kind": "collector", "id": "bob"}})
    assert decided.status_code == 200, decided.text
    assert await _found(ledger_db) == set()
    assert [e["type"] for e in await said()][-2:] == ["approval-closed", "account-erased"]
    certificate = (await demo.get(URL)).json()
    assert certificate["stood"] == ["owed"]
    assert (await demo.get("/v1/accounts/C1")).json()["amounts"][0]["balance_minor"] == 10000


async def test_an_erasure_and_intake_at_once(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await _life(demo, post)
    await post(_paid())

    async def update(number: int) -> httpx.Response:
        data = {"account_id": "C1", **PERSON}
        return await post(
            a_billing_event("account-updated", data, time=f"2027-01-14T10:00:{number:02}Z")
        )

    async with api(ledger_db.url) as other:
        other.headers["X-Tenant"] = "demo"
        answers = await asyncio.gather(
            *(update(number) for number in range(8)),
            other.request("DELETE", URL, json=REASON),
            demo.request("DELETE", URL, json=REASON),
            *(update(number) for number in range(8, 16)),
        )
    assert {answer.status_code for answer in answers} == {200}
    erased = [answer.json() for answer in answers if "certificate_id" in answer.json()]
    assert erased[0] == erased[1]
    assert await _found(ledger_db) == set()
    assert (await demo.get("/v1/accounts/C1")).json()["name"] is None


async def test_silent_accounts_go_at_the_first_of_a_month(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    names = ("C0", "C1", "C2", "C3")  # broken, silent, held, owing
    accounts = [an_account(name, **{**PERSON, "name": "Zacharias"}) for name in names]
    await post(*accounts, an_invoice("I3", "C3", issued_on="2026-12-11"))
    await begin(demo, "2027-01-12")
    async with ledger_db.transaction() as session:
        await session.execute("update facts set time = '2026-12-11T10:00Z' where time is not null")
    document = {"name": "retention", "version": "1", "personal_data_months": 2}
    assert (await demo.put("/v1/policies/retention", json=document)).status_code == 201
    activation = {"version": "1", "from": "2027-01-13", "reason": "shorter"}
    active = await demo.post("/v1/policies/retention/activate", json=activation)
    assert active.status_code == 200, active.text
    context = open_context(settings_for(ledger_db.url), application="test")
    days = ("2027-02-01", "2027-02-12", "2027-03-05", "2027-03-06")
    hold = {"kind": "attorney", "reason": "he has one"}
    assert (await demo.post("/v1/accounts/C2/holds", json=hold)).status_code == 201
    async with ledger_db.transaction() as session:  # nobody can compute it: that harms no other
        await session.execute("update facts set data = '{}' where account_id = 'C0'")
    context.accounts.forget([("demo", "C0")])
    erased = []
    for day in days:
        started = await start_day(context, "demo", day=date.fromisoformat(day))
        erased.append(started.counts.get("account-erased", 0))
    await context.close()
    assert erased == [0, 0, 1, 0]
    assert (await demo.get(URL)).json()["because"] == "retention"
    for other in ("C0", "C2", "C3"):
        answer = await demo.get(f"/v1/accounts/{other}/personal-data")
        assert answer.status_code == 404


async def test_records_that_could_not_be_taken_in_go_too(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await post(_account())
    insert = (
        "insert into dead_letters (consumer, source, part, position, topic, tenant, key,"
        " is_ordered, headers, value, reason)"
        " values ('ledger', 's', 'p', $1, 'billing.events', 'demo', 'C1', false, $2, $3, 'r')"
    )
    async with ledger_db.transaction() as session:
        for position, kind in enumerate(("account-updated", "payment-received")):
            headers = f'[["ce_type","{kind}"]]'
            await session.execute(insert, position, headers, b'{"account_id":"C1"}')
    assert (await demo.request("DELETE", URL, json=REASON)).status_code == 200
    rows = await ledger_db.fetch("select headers from dead_letters")
    assert [row[0] for row in rows] == ['[["ce_type","payment-received"]]']


async def test_another_account_is_untouched(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await post(_account(), an_account("C10", name="Zoe Okapi", email="zoe@mail.example"))
    for body in ({"reason": ""}, {"reason": "r", "override": "so"}, {}):
        assert (await demo.request("DELETE", URL, json=body)).status_code == 422
    unknown = await demo.request("DELETE", "/v1/accounts/X/personal-data", json=REASON)
    assert unknown.status_code == 404
    assert (await demo.request("DELETE", URL, json=REASON)).status_code == 200
    assert (await demo.get("/v1/accounts/C10")).json()["name"] == "Zoe Okapi"
    found = (await demo.get("/v1/accounts", params={"q": "Zacharias"})).json()["items"]
    assert found == []


async def test_refused_rows_of_files_are_emptied(
    demo: httpx.AsyncClient, post: Post, ledger_db: Database
) -> None:
    await post(_account())
    report = {
        "refusals": [{"line": 2, "column": "name", "reason": "Okapi"}, {"line": 3, "reason": "x"}],
        "warnings": [{"code": "damaged-text", "detail": "Zacharias Example"}],
    }
    rows = ((2, "C1,Okapi", "Okapi"), (3, "C10,x", "x"), (4, "?,ZACH@mail.example", "y"))
    async with ledger_db.transaction() as session:
        await session.execute(
            "insert into imports (tenant_id, import_id, name, state, created_at, report)"
            " values ('demo', 'M1', 'f.csv', 'done', now(), $1)",
            msgspec.json.encode(report),
        )
        for line, cells, reason in rows:
            await session.execute(
                "insert into import_refusals"
                " (tenant_id, import_id, is_read, line, last_line, field, reason, cells)"
                " values ('demo', 'M1', true, $1, $1, 'name', $2, $3)",
                line,
                reason,
                cells,
            )
    certificate = (await demo.request("DELETE", URL, json=REASON)).json()
    assert {"what": "import-rows", "count": 2} in certificate["erased"]
    found = await ledger_db.fetch("select line, cells from import_refusals order by line")
    assert [tuple(row) for row in found] == [(2, ""), (3, "C10,x"), (4, "")]
    (kept,) = await ledger_db.fetch("select report from imports")
    reasons = [each["reason"] for each in msgspec.json.decode(kept[0])["refusals"]]
    assert reasons == ["erased with the account's personal data", "x"]
    assert await _found(ledger_db) == set()
