"""What names another account's is refused, what waits keeps nobody out, and people see it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.factories import a_billing_event, a_payment, a_reversal, an_account, an_invoice

Post = Callable[..., Awaitable[httpx.Response]]
Json = dict[str, Any]


def about(kind: str, account_id: str, event_id: str = "e1", **data: Any) -> Json:
    return a_billing_event(
        kind,
        {"account_id": account_id, "invoice_id": "I1", **data},
        id=event_id,
        time="2026-03-17T10:00:00Z",
    )


def voided(account_id: str) -> Json:
    return about("invoice-voided", account_id)


def amended(account_id: str) -> Json:
    return about("invoice-amended", account_id, "a1", due_on="2026-04-01")


def disputed(account_id: str) -> Json:
    return about("dispute-opened", account_id, dispute_id="D1")


def resolved(account_id: str) -> Json:
    return about(
        "dispute-resolved", account_id, dispute_id="D1", outcome="rejected", credited_minor=None
    )


ABOUT_AN_INVOICE = [voided, amended, disputed, resolved]


async def waiting(client: httpx.AsyncClient, **params: Any) -> list[Json]:
    answer = await client.get("/v1/waiting", params=params)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


@pytest.mark.parametrize("fact", ABOUT_AN_INVOICE)
async def test_what_names_anothers_invoice_is_a_conflict(
    client: httpx.AsyncClient, post: Post, fact: Callable[[str], Json]
) -> None:
    await post(an_account("A"), an_account("B"), an_invoice("I1", "A"))
    answer = await post(fact("B"))
    assert answer.status_code == 422
    assert answer.json()["rejected"][0]["errors"][0]["pointer"] == "/data/account_id"
    assert await waiting(client) == []
    assert (await post(fact("A"))).json()["accepted"] == 1


@pytest.mark.parametrize("fact", ABOUT_AN_INVOICE)
async def test_the_wrong_one_that_came_first_does_not_keep_the_right_one_out(
    client: httpx.AsyncClient, post: Post, fact: Callable[[str], Json]
) -> None:
    await post(an_account("A"), an_account("B"))
    assert (await post(fact("B"))).json()["accepted"] == 1
    await post(an_invoice("I1", "A"))
    assert (await post(fact("A"))).json()["accepted"] == 1
    assert (await post(fact("A"))).json()["duplicates"] == 1
    (left,) = [each for each in await waiting(client) if each["account_id"] == "B"]
    assert left["type"] == fact("B")["type"]
    if left["needs"] == "invoice":
        assert (left["needs_id"], left["known_under"]) == ("I1", "A")


async def test_both_may_wait_for_the_invoice_and_the_right_one_acts(
    client: httpx.AsyncClient, post: Post
) -> None:
    answer = await post(an_account("A"), an_account("B"), voided("B"), voided("A"))
    assert answer.json()["accepted"] == 4
    assert [each["account_id"] for each in await waiting(client)] == ["A", "B"]
    await post(an_invoice("I1", "A"))
    assert (await client.get("/v1/invoices/I1")).json()["status"] == "void"
    (left,) = await waiting(client)
    assert (left["account_id"], left["known_under"]) == ("B", "A")
    assert await waiting(client, account_id="A") == []


async def test_in_one_batch_what_stands_before_is_known(
    client: httpx.AsyncClient, post: Post
) -> None:
    answer = await post(an_account("A"), an_account("B"), an_invoice("I1", "A"), voided("B"))
    assert [item["index"] for item in answer.json()["rejected"]] == [3]


async def test_one_dispute_id_for_two_invoices_is_a_conflict(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account("A"), an_account("B"), an_invoice("I1", "A"), an_invoice("I2", "B"))
    assert (await post(disputed("A"))).json()["accepted"] == 1
    other = disputed("B")
    other["data"]["invoice_id"] = "I2"
    answer = await post(other)
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["rejected"][0]["errors"]]
    assert pointers == ["/data/account_id", "/data/invoice_id"]


async def test_a_reversal_of_anothers_payment_waits_and_the_right_one_is_taken(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account("A"), an_account("B"), a_payment("P1", "A"))
    assert (await post(a_reversal("R1", "P1", "B"))).json()["accepted"] == 1
    (left,) = await waiting(client)
    assert (left["needs"], left["needs_id"], left["known_under"]) == ("payment", "P1", "A")
    assert (await post(a_reversal("R1", "P1", "A"))).json()["accepted"] == 1
    account = (await client.get("/v1/accounts/A")).json()
    assert account["amounts"][0]["unapplied_minor"] == 0
    # The right one has the id now.
    assert (await post(a_reversal("R1", "P1", "C"))).status_code == 422


async def test_money_aimed_at_what_is_not_there_is_listed_until_it_comes(
    client: httpx.AsyncClient, post: Post
) -> None:
    aims = [{"invoice_id": name, "amount_minor": 100} for name in ("I1", "I2")]
    await post(an_account("A"), an_account("B"), an_invoice("I2", "B"))
    await post(a_payment("P1", "A", allocations=aims))
    listed = [(each["needs_id"], each["known_under"]) for each in await waiting(client)]
    assert listed == [("I1", None), ("I2", "B")]
    await post(an_invoice("I1", "A"))
    assert [each["needs_id"] for each in await waiting(client)] == ["I2"]


async def test_the_list_has_pages_and_is_the_tenants_own(
    client: httpx.AsyncClient, post: Post
) -> None:
    await post(an_account("A"))
    await post(*(about("invoice-voided", "A", invoice_id=f"I{n}") for n in range(5)))
    first = (await client.get("/v1/waiting", params={"limit": 3})).json()
    second = (
        await client.get("/v1/waiting", params={"limit": 3, "cursor": first["next_cursor"]})
    ).json()
    found = [each["needs_id"] for each in first["items"] + second["items"]]
    assert found == [f"I{n}" for n in range(5)]
    assert second["next_cursor"] is None
    assert (await client.get("/v1/waiting", headers={"X-Tenant": "other"})).json()["items"] == []
    assert (await client.get("/v1/waiting", headers={"Authorization": ""})).status_code == 401


async def test_an_address_that_cannot_be_used_is_taken_with_a_notice(post: Post) -> None:
    answer = await post(an_account("A", email="ada@☕.example"), an_account("B"))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
    (notice,) = answer.json()["notices"]
    assert (notice["index"], notice["pointer"]) == (0, "/data/email")


async def test_a_phone_number_is_found_digit_by_digit(
    client: httpx.AsyncClient, post: Post
) -> None:
    written = ("+49 (0)30 1234-567", "+49301234567", "0049 30 1234567", "030/1234567")
    other = {"number": "+49 40 7654321"}
    await post(
        an_account("B", phones=[{"number": "+49 30 7654321"}, other]),
        *(an_account(f"A{n}", phones=[other, {"number": w}]) for n, w in enumerate(written)),
    )
    for asked in ("+49301234567", "+49 (0)30 1234-567", "030 1234567", "(030) 1234-567", "1234567"):
        found = (await client.get("/v1/accounts", params={"q": asked})).json()["items"]
        assert [each["account_id"] for each in found] == ["A0", "A1", "A2", "A3"], asked
    for asked in ("+49301234568", "12 34"):
        assert (await client.get("/v1/accounts", params={"q": asked})).json()["items"] == [], asked
