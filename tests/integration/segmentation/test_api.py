"""What segmentation answers over HTTP, and to whom."""

from typing import Any

import httpx
import pytest
import yaml

from services.segmentation.settings import DEFAULT_POLICY
from shared.database import Database
from tests.integration.segmentation.helpers import POLICY, growing_old, take
from tests.unit.segmentation.builders import Story


async def test_a_score_has_exactly_the_contracts_members(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    answer = await client.get("/v1/accounts/C1/score", params={"target": "pays_within"})
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == [
        "target",
        "probability",
        "horizon_days",
        "expected_recovery_minor",
        "currency",
        "segment",
        "arms",
        "priority",
        "reasons",
        "model_version",
        "policy_version",
        "as_of",
    ]
    assert (body["target"], body["horizon_days"], body["currency"]) == ("pays_within", 30, "EUR")
    assert (body["segment"], body["as_of"]) == ("negotiate", "2026-02-15")
    assert (body["probability"], body["expected_recovery_minor"]) == (0.5173, 5173)
    assert body["policy_version"] == POLICY.version
    assert sum(reason["points"] for reason in body["reasons"]) == 2


async def test_late_payment_and_an_earlier_day(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    late = (await client.get("/v1/accounts/C1/score?target=late_payment")).json()
    assert (late["target"], late["horizon_days"]) == ("late_payment", 0)
    assert late["probability"] == pytest.approx(0.6271)
    early = (await client.get("/v1/accounts/C1/score?as_of=2026-01-10")).json()
    assert (early["segment"], early["as_of"]) == ("current", "2026-01-10")
    assert (await client.get("/v1/accounts/C1/score?as_of=2025-01-10")).status_code == 404


async def test_the_list_is_ranked_filtered_and_paged(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    for number in range(1, 6):
        story = growing_old(f"C{number}", minor=10_000 * min(number, 4))
        await take(segmentation_db, story.events)
    await take(segmentation_db, Story(account_id="C9").registered().events)
    seen: list[str] = []
    query: dict[str, Any] = {"segment": "negotiate", "order": "priority", "limit": 2}
    pages = 0
    while True:
        body = (await client.get("/v1/accounts", params=query)).json()
        seen += [item["account_id"] for item in body["items"]]
        pages += 1
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]
    assert (seen, pages) == (["C4", "C5", "C3", "C2", "C1"], 3)
    everybody = (await client.get("/v1/accounts")).json()["items"]
    assert [item["account_id"] for item in everybody][-1] == "C9"
    dollars = (await client.get("/v1/accounts?currency=USD")).json()
    assert dollars == {"items": [], "next_cursor": None}


async def test_errors_say_what_is_wrong(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/accounts/none/score")).status_code == 404
    wrong = await client.get("/v1/accounts/C1/score?target=churn")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/query/target"
    assert wrong.headers["content-type"] == "application/problem+json"
    for day in ("9999-12-31", "1899-12-31", "2026-02-30", "20260228", "1772236800"):
        far = await client.get(f"/v1/accounts/C1/score?as_of={day}")
        assert [e["pointer"] for e in far.json()["errors"]] == ["/query/as_of"], day
    assert (await client.get("/v1/accounts/%00/score")).status_code == 422
    assert (await client.get("/v1/accounts?segment=%00")).status_code == 422
    assert (await client.get("/v1/accounts?order=name")).status_code == 422
    assert (await client.get("/v1/accounts?cursor=xx")).status_code == 422
    nobody = await client.get("/v1/accounts", headers={"authorization": ""})
    assert nobody.status_code == 401


async def test_another_tenants_account_is_not_there(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old(tenant="other").events)
    assert (await client.get("/v1/accounts/C1/score")).status_code == 404
    theirs = await client.get("/v1/accounts/C1/score", headers={"x-tenant": "other"})
    assert theirs.status_code == 200


async def test_a_policy_on_trial_counts_moves_and_changes_nothing(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, [*growing_old().events, *growing_old("C2").events])
    same = await client.post("/v1/policies/segments/dry-run", content=DEFAULT_POLICY.read_bytes())
    assert same.status_code == 200
    assert same.json()["moves"] == []
    assert same.json()["policy_version"] == POLICY.version
    other = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    other["segments"] = [
        {"name": "old", "description": "a month and more", "when": {"age_from": 31}},
        {"name": "rest", "description": "all others"},
    ]
    trial = (await client.post("/v1/policies/segments/dry-run", json=other)).json()
    moved = [(m["from_segment"], m["to_segment"], m["accounts"]) for m in trial["moves"]]
    assert moved == [("negotiate", "old", 2)]
    assert trial["segments"] == {"old": 2, "rest": 0}
    now = (await client.get("/v1/accounts/C1/score")).json()
    assert now["segment"] == "negotiate"
    in_force = (await client.get("/v1/policies/segments")).json()
    assert in_force["policy_version"] == POLICY.version


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"name: [", 400),
        (b"\xff\xfe", 400),
        (b"a: &x 1\nb: *x", 400),
        (b"name: x", 422),
        (b"", 422),
        (b"[" * 5_000, 400),
        (b"#" * (256 * 1024 + 1), 413),
    ],
)
async def test_a_bad_policy_is_refused_in_its_own_way(
    client: httpx.AsyncClient, content: bytes, status: int
) -> None:
    answer = await client.post("/v1/policies/segments/dry-run", content=content)
    assert answer.status_code == status, answer.text


async def test_health_lag_and_openapi_are_open(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready", "/openapi.json", "/v1/lag"):
        answer = await client.get(path, headers={"authorization": ""})
        assert answer.status_code == 200, path
    lag = (await client.get("/v1/lag")).json()
    assert lag["behind"] == 0
    assert {item["topic"] for item in lag["items"]} == {"ledger.events", "outreach.events"}
