"""Ids of other people's making: what the intake takes can be asked for, and nothing hides."""

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.shared.billing_events import ACCOUNT, INVOICE, PAYMENT, an_event

Post = Callable[..., Awaitable[httpx.Response]]

STRANGE = (
    "INV/2026/0001", "2026//7", "a#1", "50%", "x y", "a%2Fb", "?a=b", "/", "//", "/a", "a/", "...",
    "a/..b", "é", "e\u0301", "日本/1", "a+b", "a;b=c", "a:b", "\\", '"', "'", "😀", "%", "%2e%2e",
    "statement", "C1/journal", "a&b", "~", "[1]", "{x}", "a|b", "<b>",
)  # fmt: skip


def registered(account_id: str) -> dict[str, Any]:
    return an_event(
        "account-registered", id=f"r-{account_id}", data={**ACCOUNT, "account_id": account_id}
    )


def issued(invoice_id: str, account_id: str) -> dict[str, Any]:
    data = {**INVOICE, "invoice_id": invoice_id, "account_id": account_id}
    return an_event("invoice-issued", id=f"i-{invoice_id}", data=data)


async def test_every_id_that_is_taken_is_found_by_its_address(
    client: httpx.AsyncClient, post: Post
) -> None:
    accounts = [each for each in STRANGE if "/" not in each]
    answer = await post(
        *map(registered, accounts), *(issued(each, accounts[0]) for each in STRANGE)
    )
    assert answer.json()["rejected"] == []
    for invoice_id in STRANGE:
        found = await client.get(f"/v1/invoices/{quote(invoice_id, safe='')}")
        assert (found.status_code, found.json()["invoice_id"]) == (200, invoice_id)
    for account_id in accounts:
        address = f"/v1/accounts/{quote(account_id, safe='')}"
        for rest in ("", "/statement?from=2026-01-01&to=2026-02-01", "/journal"):
            found = await client.get(address + rest)
            assert found.status_code == 200, (account_id, rest)
        assert (await client.get(address)).json()["account_id"] == account_id


_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(_IDS, min_size=1, max_size=20, unique=True))
async def test_any_id_is_refused_or_found(
    client: httpx.AsyncClient, post: Post, ids: list[str]
) -> None:
    answer = await post(registered("C1"), *(issued(each, "C1") for each in ids))
    refused = {item["index"] - 1 for item in answer.json()["rejected"]}
    for index, invoice_id in enumerate(ids):
        found = await client.get(f"/v1/invoices/{quote(invoice_id, safe='')}")
        expected = (404, 422) if index in refused else (200,)
        assert found.status_code in expected


async def test_money_under_an_id_that_nobody_registered_is_listed(
    client: httpx.AsyncClient, post: Post
) -> None:
    twin = "Caf\u0065\u0301"
    await post(
        registered(unicodedata.normalize("NFC", twin)),
        an_event("payment-received", data={**PAYMENT, "account_id": twin, "allocations": []}),
    )
    listed = (await client.get("/v1/accounts?registered=false")).json()["items"]
    assert [item["account_id"] for item in listed] == [twin]
    listed = (await client.get("/v1/accounts?registered=true")).json()["items"]
    assert [item["account_id"] for item in listed] == [unicodedata.normalize("NFC", twin)]
    assert len((await client.get("/v1/accounts")).json()["items"]) == 2


async def test_an_id_with_a_twin_is_taken_and_noted(client: httpx.AsyncClient, post: Post) -> None:
    answer = await post(registered("e\u0301"), issued("I\u0308", "e\u0301"))
    assert answer.json() == {"accepted": 2, "duplicates": 0, "rejected": []}
    noted = (await client.get("/v1/rejections")).json()["items"]
    pointers = {item["errors"][0]["pointer"] for item in noted}
    assert pointers == {"/data/account_id", "/data/invoice_id"}
    assert all("NFC" in item["errors"][0]["detail"] for item in noted)


NO_ZONES = (
    "Europe.Berlin", "Europe/__init__/x", "europe/berlin", "EUROPE/BERLIN", "posixrules",
    "Factory", "localtime", "../x", "right/Europe/Berlin", "posix/UTC", "Europe/Berlin ",
    "Europe/Berlin\n", "Europe/", "Europe", "", "x" * 2000, "zones", "Europe\\Berlin", "+01:00",
)  # fmt: skip


async def test_zones_are_those_of_the_list_as_it_writes_them(
    client: httpx.AsyncClient, post: Post
) -> None:
    for zone in NO_ZONES:
        answer = await client.put("/v1/tenants/demo", json={"timezone": zone})
        assert answer.status_code == 422, zone
        assert answer.json()["errors"][0]["pointer"] == "/timezone"
        event = an_event("account-registered", data={**ACCOUNT, "timezone": zone})
        errors = (await post(event)).json()["rejected"][0]["errors"]
        assert [error["pointer"] for error in errors] == ["/data/timezone"], zone


async def test_a_tenant_has_a_calendar_that_there_is(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/tenants/demo", json={"calendar": "Narnia"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/calendar"
    answer = await client.put(
        "/v1/tenants/demo", json={"calendar": "gb-eng", "timezone": "US/Pacific"}
    )
    assert answer.json()["calendar"] == "gb-eng"
