"""The intake from outside: what is refused and how, whose it is, in what order it is said."""

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.e2e.conftest import Mint
from tests.e2e.desk import BATCH, ONE, Desk
from tests.e2e.log import read_log
from tests.e2e.platform import Platform
from tests.factories import a_billing_event, a_payment, an_account, an_invoice

Json = dict[str, Any]


# ---------------------------------------------------------------------------- order


def busy_clients(platform: Platform, batches: int) -> None:
    """Eight clients write to the same twenty accounts at once, each in batches of fifty."""
    desk = Desk(platform).settle_in()
    accounts = [f"C{number:02}" for number in range(20)]
    desk.send(*(an_account(account_id) for account_id in accounts))

    def client(number: int) -> int:
        random = Random(number)
        accepted = 0
        for batch in range(batches):
            events = []
            for index in range(50):
                account_id, name = random.choice(accounts), f"{number}-{batch}-{index}"
                make = an_invoice if random.random() < 0.5 else a_payment
                events.append(make(name, account_id))
            accepted += desk.send(*events)["accepted"]
        return accepted

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(client, range(8))) == 8 * batches * 50
    platform.wait_quiet()
    numbers: dict[str, list[int]] = {}
    for event in read_log(platform, desk.tenant):
        numbers.setdefault(event.key, []).append(event.sequence)
    assert len(numbers) == 20
    assert sum(map(len, numbers.values())) > 8 * batches * 50
    for key, given in numbers.items():
        assert given == list(range(1, len(given) + 1)), key
    assert desk.integrity() == {}


def test_an_accounts_events_are_numbered_in_log_order(platform: Platform) -> None:
    busy_clients(platform, 4)


@pytest.mark.full
def test_an_accounts_events_are_numbered_in_log_order_under_load(platform: Platform) -> None:
    busy_clients(platform, 12)


# ---------------------------------------------------------------------------- refusals


def spoiled() -> list[tuple[Json, str]]:
    """One each of what billing platforms get wrong, and where."""
    missing = an_invoice("B6", "C1")
    del missing["data"]["due_on"]
    return [
        (an_invoice("B1", "C1", -1), "/data/amount_minor"),
        (an_invoice("B2", "C1", 2**53), "/data/amount_minor"),
        (an_invoice("B3", "C1", currency="EURO"), "/data/currency"),
        (an_invoice("B4", "C1", due_on="2026-02-30"), "/data/due_on"),
        (a_billing_event("invoice-forgotten", {"account_id": "C1"}), "/type"),
        (missing, "/data/due_on"),
        (an_invoice("KNOWN", "C1", 4711), "/data/amount_minor"),
    ]


def test_a_batch_keeps_its_good_events_and_names_each_bad_one(desk: Desk) -> None:
    desk.settle_in().send(an_account("C1"), an_invoice("KNOWN", "C1", 4712))
    bad = dict(zip(range(31, 500, 70), spoiled(), strict=True))
    events = [
        bad[index][0] if index in bad else an_invoice(f"G{index}", "C1", 100)
        for index in range(500)
    ]
    answer = desk.offer(events)
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["accepted"], receipt["duplicates"]) == (493, 0)
    seen = {r["index"]: (r["id"], [e["pointer"] for e in r["errors"]]) for r in receipt["rejected"]}
    assert seen == {index: (event["id"], [pointer]) for index, (event, pointer) in bad.items()}
    assert all(error["detail"] for r in receipt["rejected"] for error in r["errors"])
    assert desk.amounts("C1")["balance_minor"] == 4712 + 493 * 100
    listed = {r["event_id"] for r in desk.every("/v1/rejections", account_id="C1")}
    assert listed == {event["id"] for event, _ in bad.values()}
    desk.platform.wait_quiet()
    assert desk.minor("invoiced", "2026-03-01", "2026-03-01") == 4712 + 493 * 100
    assert desk.integrity() == {}


def test_each_bad_event_alone_is_a_422_that_points_at_it(desk: Desk) -> None:
    desk.settle_in().send(an_account("C1"), an_invoice("KNOWN", "C1", 4712))
    for event, pointer in spoiled():
        for answer in (desk.offer_one(event), desk.offer([event])):
            assert answer.status_code == 422, event
            assert answer.headers["content-type"] == "application/problem+json"
            problem = answer.json()
            assert problem["accepted"] == 0
            (rejected,) = problem["rejected"]
            assert [error["pointer"] for error in rejected["errors"]] == [pointer]
    assert desk.amounts("C1")["balance_minor"] == 4712


def test_a_body_that_cannot_be_taken_leaves_nothing_half_done(desk: Desk) -> None:
    desk.settle_in()
    good = json.dumps([an_account("C1"), an_invoice("I1", "C1")]).encode()
    large = good[:-1] + b"," + b" " * 10_000_000 + b"]"
    spoilt = good.replace(b"Ada Example", b"Ada \xff\xfe")
    for body, content_type, status in (
        (large, BATCH, 413),
        (spoilt, BATCH, 400),
        (good[:-2], BATCH, 400),
        (good, "text/csv", 415),
        (good, f"{BATCH}; charset=latin-1", 415),
        (b"{}", ONE, 422),
    ):
        answer = desk.call(
            "POST", "ledger", "/v1/events", content=body, headers={"Content-Type": content_type}
        )
        assert (answer.status_code, content_type) == (status, content_type), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert desk.call("GET", "ledger", "/v1/accounts/C1").status_code == 404
    assert desk.send(an_account("C1"), an_invoice("I1", "C1"))["accepted"] == 2


# ---------------------------------------------------------------------------- whose it is

SCOPES = (
    "events:write", "ledger:read", "ledger:write", "metrics:read", "segmentation:read",
    "outreach:read", "outreach:write", "admin",
)  # fmt: skip


def test_another_tenants_token_sees_and_changes_nothing(platform: Platform, mint: Mint) -> None:
    own, others = Desk(platform), Desk(platform)
    own = Desk(platform, own.tenant, mint(own.tenant, *SCOPES))
    others = Desk(platform, others.tenant, mint(others.tenant, *SCOPES))
    own.settle_in(timezone="Europe/Berlin").send(an_account("C1"), an_invoice("I1", "C1"))
    others.settle_in(timezone="UTC").send(an_account("O1"), an_invoice("OI1", "O1", 77))
    own.start_day("2026-03-20")
    platform.wait_quiet()

    for service, path in (
        ("ledger", "/v1/accounts/C1"),
        ("ledger", "/v1/accounts/C1/statement?from=2026-03-01&to=2026-03-31"),
        ("ledger", "/v1/accounts/C1/journal"),
        ("ledger", "/v1/invoices/I1"),
        ("ledger", f"/v1/tenants/{own.tenant}"),
        ("segmentation", "/v1/accounts/C1/score"),
        ("outreach", "/v1/accounts/C1/contacts"),
        ("outreach", "/v1/accounts/C1/timeline"),
    ):
        assert own.call("GET", service, path).status_code == 200, path
        # Asking by header for a tenant that the token is not for changes nothing for the better.
        for headers in ({}, {"X-Tenant": own.tenant}):
            answer = others.call("GET", service, path, headers=headers)
            assert answer.status_code in ((404,) if not headers else (403, 404)), path
    assert [row["account_id"] for row in others.every("/v1/accounts")] == ["O1"]
    assert (
        others.post("ledger", "/v1/accounts/collectable", {"account_ids": ["C1"]})["accounts"] == []
    )

    foreign = {**a_payment("P1", "C1"), "tenantid": own.tenant}
    answer = others.offer([an_invoice("OI2", "O1"), foreign])
    assert answer.status_code == 403
    assert others.offer_one(foreign).status_code == 403
    assert others.call("GET", "ledger", "/v1/invoices/OI2").status_code == 404
    # The same ids under another roof are other things.
    others.send(an_account("C1"), an_invoice("I1", "C1", 55), a_payment("P9", "C1", 5))
    others.start_day("2026-04-20")
    platform.wait_quiet()
    assert own.amounts("C1")["balance_minor"] == 10000
    assert own.invoice("I1")["stage"] == 1
    assert own.minor("invoiced", "2026-03-01", "2026-03-31") == 10000
    assert own.minor("received", "2026-03-01", "2026-03-31") == 0
    assert others.minor("invoiced", "2026-03-01", "2026-03-31") == 77 + 55
    assert others.minor("received", "2026-03-01", "2026-03-31") == 5
    reader = Desk(platform, own.tenant, mint(own.tenant, "ledger:read"))
    assert reader.offer([an_invoice("I2", "C1")]).status_code == 403
    assert Desk(platform, own.tenant, "no token").offer([]).status_code == 401
