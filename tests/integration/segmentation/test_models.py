"""Training, promotion, rollback, re-scores and replay, over HTTP and through PostgreSQL."""

import json
from datetime import datetime
from typing import Any

import httpx
import pytest

from services.segmentation.commands.rescoring import begin_rescore, rescore_slice
from shared.database import Database
from tests.integration.segmentation.helpers import context_for, growing_old, said, take
from tests.unit.segmentation.builders import Story, day
from tests.unit.segmentation.history import UNTIL, portfolio


async def rescore(db: Database, *, size: int = 25) -> int:
    """All slices there are, as a worker takes them; how many."""
    context, slices = context_for(db), 0
    while True:
        async with db.transaction() as session:
            if await rescore_slice(session, context, size=size) is None:
                return slices
        slices += 1


async def train(client: httpx.AsyncClient, target: str = "late_payment") -> dict[str, Any]:
    body = {"target": target, "horizon_days": 30, "until": UNTIL}
    answer = await client.post("/v1/models/train", json=body)
    assert answer.status_code == 201, answer.text
    trained: dict[str, Any] = answer.json()
    return trained


async def promote(client: httpx.AsyncClient, version: str, **more: str) -> dict[str, Any]:
    body = {"reason": "better on the part after", **more}
    answer = await client.post(f"/v1/models/{version}/promote", json=body)
    assert answer.status_code == 200, answer.text
    promoted: dict[str, Any] = answer.json()
    return promoted


async def scores(
    client: httpx.AsyncClient, account_id: str, as_of: str | None = None
) -> list[dict[str, Any]]:
    found = []
    for target in ("late_payment", "pays_within"):
        query = {"target": target} | ({"as_of": as_of} if as_of else {})
        answer = await client.get(f"/v1/accounts/{account_id}/score", params=query)
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    return found


async def test_a_model_is_trained_promoted_followed_and_rolled_back(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio())
    trained = await train(client)
    assert trained["n_train"] > 300
    assert trained["n_test"] > 100
    assert trained["auc"] > 0.75
    assert trained["brier"] < trained["baseline"]["brier"] + 0.02
    registry = (await client.get("/v1/models")).json()
    assert registry["in_force"] == {"late_payment": "rules-1", "pays_within": "rules-1"}
    assert [(item["version"], item["beside"]) for item in registry["items"]] == [
        (trained["challenger"]["version"], trained["version"]),
        (trained["version"], None),
    ]
    before = await scores(client, "C001")

    promoted = await promote(client, trained["version"])
    assert (promoted["from_version"], promoted["changed"]) == ("rules-1", True)
    jobs = (await client.get("/v1/rescoring")).json()["items"]
    assert [(job["accounts"], job["done"], job["ended_at"]) for job in jobs] == [(60, 0, None)]
    assert (await client.get("/v1/lag")).json()["behind"] == 60
    assert await rescore(segmentation_db) == 3
    jobs = (await client.get("/v1/rescoring")).json()["items"]
    assert [(job["accounts"], job["done"], job["changed"]) for job in jobs] == [(60, 60, 60)]
    assert jobs[0]["ended_at"] is not None
    assert (await client.get("/v1/lag")).json()["behind"] == 0

    await take(segmentation_db, Story(account_id="C002").registered(400).events)
    late, pays = await scores(client, "C001")
    assert (late["model_version"], pays["model_version"]) == (trained["version"], "rules-1")
    assert sum(reason["points"] for reason in late["reasons"]) != 0
    assert late["probability"] != before[0]["probability"]
    said_events = [item for item in await said(segmentation_db) if item.key == "demo/"]
    assert [(item.type, item.payload["reason"]) for item in said_events] == [
        ("model-promoted", "better on the part after")
    ]

    again = await promote(client, trained["version"])
    assert (again["changed"], again["rescoring"]) == (False, None)
    body = {"target": "late_payment", "reason": "complaints"}
    back = (await client.post("/v1/models/rollback", json=body)).json()
    assert (back["model_version"], back["is_rollback"]) == ("rules-1", True)
    further = await client.post("/v1/models/rollback", json=body)
    assert further.status_code == 409, "what was rolled back does not come back by itself"
    await rescore(segmentation_db)
    assert [one["probability"] for one in await scores(client, "C001")] == [
        one["probability"] for one in before
    ]
    listed = (await client.get("/v1/promotions")).json()["items"]
    first = (await client.get("/v1/promotions?limit=1")).json()
    rest = (await client.get(f"/v1/promotions?cursor={first['next_cursor']}")).json()
    assert first["items"] + rest["items"] == listed
    assert [role["version"] for role in listed if role["role"] == "champion"] == [
        "rules-1",
        trained["version"],
    ]
    trees = trained["challenger"]["version"]
    assert [role["version"] for role in listed if role["role"] == "shadow"] == [None, trees]
    rows = await segmentation_db.fetch("select * from shadow_scores")
    assert {row["model_version"] for row in rows} == {trees}
    assert {row["beside_version"] for row in rows} == {trained["version"]}
    refused = await client.post(f"/v1/models/{trees}/promote", json={"reason": "higher AUC"})
    assert refused.status_code == 409


async def test_any_past_score_is_reproduced_bit_for_bit(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    events = portfolio(30)
    cut = next(i for i, event in enumerate(events) if event.recordedtime.date() > day(300))
    await take(segmentation_db, events[:cut])
    late, pays = await train(client), await train(client, "pays_within")
    await promote(client, late["version"])
    await rescore(segmentation_db)
    recorded: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for event in events[cut : cut + 60]:
        await take(segmentation_db, [event])
        as_of = event.recordedtime.date().isoformat()
        recorded.setdefault(event.key, {})[as_of] = await scores(client, event.key)
    # Later events, another model, another policy and an index change nothing of what was believed.
    await promote(client, pays["version"])
    index = {"values": [{"on": "2026-01-01", "value": 101.5}]}
    assert (await client.put("/v1/indices/market", json=index)).status_code == 200
    await rescore(segmentation_db)
    await take(segmentation_db, events[cut + 60 :])
    await promote(client, "rules-1", target="late_payment")
    await rescore(segmentation_db)
    for account_id, days in recorded.items():
        for as_of, believed in days.items():
            replayed = await scores(client, account_id, as_of)
            assert replayed == [{**one, "as_of": as_of} for one in believed], (account_id, as_of)
    assert any(
        one["model_version"] == late["version"]
        for days in recorded.values()
        for found in days.values()
        for one in found
    )


async def test_what_is_announced_is_what_is_replayed(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    await promote(client, (await train(client, "pays_within"))["version"])
    await rescore(segmentation_db)
    story = growing_old("Z1")
    await take(segmentation_db, story.events)
    announced = [
        item.payload
        for item in await said(segmentation_db)
        if item.type == "account-scored" and item.payload["account_id"] == "Z1"
    ]
    for event, payload in zip(
        [story.events[0], story.events[2], story.events[3]], announced, strict=True
    ):
        as_of = event.recordedtime.date().isoformat()
        _, replayed = await scores(client, "Z1", as_of)
        for name in ("probability", "reasons", "model_version", "expected_recovery_minor"):
            assert replayed[name] == payload[name], name


async def test_a_rescore_announces_changes_alone_and_never_before_what_was_said(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    version = (await train(client, "pays_within"))["version"]
    rows = await segmentation_db.fetch("select account_id, known_at from accounts")
    known = {row["account_id"]: row["known_at"] for row in rows}
    seen = len(await said(segmentation_db))
    await promote(client, version)
    await rescore(segmentation_db)
    fresh = await segmentation_db.fetch(
        "select aggregateid, type, headers from outbox order by seq offset $1", seen + 1
    )
    assert {row["type"] for row in fresh} <= {"account-scored", "segment-changed"}
    assert len([row for row in fresh if row["type"] == "account-scored"]) == 20
    for row in fresh:
        at = datetime.fromisoformat(json.loads(row["headers"])["recordedtime"])
        assert at >= known[row["aggregateid"].removeprefix("demo/")]
    # Nothing has changed since: another pass says nothing.
    seen = len(await said(segmentation_db))
    async with segmentation_db.transaction() as session:
        await begin_rescore(session, "demo", because="again", at=at)
    await rescore(segmentation_db)
    assert len(await said(segmentation_db)) == seen


async def test_a_backtest_counts_as_the_contract_says(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(40))
    body = {"target": "late_payment", "train_fraction": 0.7}
    answer = await client.post("/v1/backtests", json=body, headers={"idempotency-key": "one"})
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["n_train"] + report["n_test"] == 40 * 12
    for figures in (report, report["baseline"]):
        assert 0 < figures["brier"] < 1
        assert sum(bin_["cases"] for bin_ in figures["calibration"]) == report["n_test"]
    again = await client.post("/v1/backtests", json=body, headers={"idempotency-key": "one"})
    assert again.json() == report
    assert again.headers["idempotency-replayed"] == "true"


async def test_errors_of_models_say_what_is_wrong(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    empty = await client.post("/v1/models/train", json={"target": "late_payment"})
    assert (empty.status_code, "nothing to learn" in empty.json()["detail"]) == (422, True)
    await take(segmentation_db, growing_old().events)
    thin = await client.post("/v1/models/train", json={"target": "late_payment"})
    assert thin.status_code == 422, thin.text
    assert (await client.post("/v1/backtests", json={"target": "late_payment"})).status_code == 422
    for bad in ({"target": "churn"}, {"target": "late_payment", "horizon_days": 0}, {}):
        assert (await client.post("/v1/models/train", json=bad)).status_code == 422
    far = {"target": "late_payment", "until": "2030-01-01"}
    assert (await client.post("/v1/models/train", json=far)).status_code == 422
    unknown = await client.post("/v1/models/late-0/promote", json={"reason": "why not"})
    assert unknown.status_code == 404
    assert (await client.get("/v1/models/late-0")).status_code == 404
    assert (await client.post("/v1/models/late-0/promote", json={})).status_code == 422
    empty_reason = await client.post("/v1/models/late-0/promote", json={"reason": " "})
    assert empty_reason.status_code == 422
    card = await client.post("/v1/models/rules-1/promote", json={"reason": "back"})
    assert card.json()["errors"][0]["pointer"] == "/target"
    body = {"target": "late_payment", "reason": "x"}
    assert (await client.post("/v1/models/rollback", json=body)).status_code == 409


async def test_a_changed_document_is_refused(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    version = (await train(client))["version"]
    async with segmentation_db.transaction() as session:
        await session.execute(
            """update models set document = convert_to(replace(
                 convert_from(document, 'UTF8'), '"horizon_days":0', '"horizon_days":1'), 'UTF8')"""
        )
    answer = await client.post(f"/v1/models/{version}/promote", json={"reason": "try"})
    assert (answer.status_code, "changed after training" in answer.text) == (422, True)


async def test_a_challenger_is_recorded_and_not_followed(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    version = (await train(client))["version"]
    answer = await client.post(f"/v1/models/{version}/shadow", json={"reason": "let us see"})
    assert answer.json()["role"] == "shadow"
    before = await scores(client, "C001")
    await rescore(segmentation_db)
    assert [{**one, "as_of": ""} for one in await scores(client, "C001")] == [
        {**one, "as_of": ""} for one in before
    ]
    rows = await segmentation_db.fetch("select * from shadow_scores")
    assert {row["model_version"] for row in rows} == {version}
    assert {row["beside_version"] for row in rows} == {"rules-1"}
    assert len(rows) == 20
    await take(segmentation_db, Story(account_id="C001").registered(380).events)


@pytest.mark.parametrize("to", ["EUR", "USD"])
async def test_recovery_is_told_by_currency_and_added_up_through_dated_rates(
    client: httpx.AsyncClient, segmentation_db: Database, to: str
) -> None:
    await take(segmentation_db, growing_old().events)
    rates = {"to": "USD", "rates": [{"currency": "EUR", "on": "2026-01-01", "rate": "1.10"}]}
    assert (await client.put("/v1/rates", json=rates)).status_code == 200
    answer = (await client.get("/v1/accounts/C1/recovery", params={"to": to})).json()
    assert [(one["currency"], one["expected_minor"]) for one in answer["currencies"]] == [
        ("EUR", 5173)
    ]
    assert answer["converted"]["expected_minor"] == {"EUR": 5173, "USD": 5690}[to]
    missing = (await client.get("/v1/accounts/C1/recovery?to=JPY")).json()
    assert missing["converted"] is None
    assert (await client.get("/v1/accounts/C1/recovery?to=XXQ")).status_code == 422
    bad = {"to": "USD", "rates": [{"currency": "EUR", "on": "2026-01-01", "rate": "-1"}]}
    refused = await client.put("/v1/rates", json=bad)
    assert refused.json()["errors"][0]["pointer"] == "/rates/0/rate"
