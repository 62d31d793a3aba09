"""Watching models over HTTP and by the worker's own round."""

import asyncio

import httpx

from services.segmentation.jobs.watch import show
from services.segmentation.processes.watch import watch_tenants
from shared.database import Database
from tests.integration.segmentation.helpers import context_for, take
from tests.integration.segmentation.test_models import promote, train
from tests.unit.segmentation.history import portfolio


async def test_a_model_is_watched_against_its_training(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(40))
    version = (await train(client))["version"]
    answer = await client.get(f"/v1/models/{version}/watch", params={"group_by": "kind"})
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert seen["cases"] >= seen["calibration"]["cases"] > 100
    assert seen["calibration"]["calibration_error"] < 0.2
    assert [group["group"] for group in seen["groups"]] == ["consumer"]
    assert seen["groups"][0]["accounts"] == 40
    assert seen["groups"][0]["contact_rate"] == 0.0
    assert (
        sum(month["figures"]["cases"] for month in seen["months"]) == (seen["calibration"]["cases"])
    )
    assert {drift["feature"] for drift in seen["drift"]} >= {"late_share"}
    assert (await client.get("/v1/models/nothing/watch")).status_code == 404
    trees = (await client.get("/v1/models")).json()["items"][0]["version"]
    assert (await client.get(f"/v1/models/{trees}")).json()["beside"] == version
    beside = (await client.get(f"/v1/models/{trees}/watch")).json()
    assert (beside["model_version"], beside["drift"]) == (trees, seen["drift"])
    assert beside["calibration"]["brier"] != seen["calibration"]["brier"]
    assert beside["shadow"]["scores"] == 0
    wrong = await client.get(f"/v1/models/{version}/watch?group_by=shoe-size")
    assert wrong.status_code == 422


async def test_the_worker_watches_what_is_in_force_and_operators_see_it(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, portfolio(20))
    version = (await train(client))["version"]
    await promote(client, version)
    context, stop = context_for(segmentation_db), asyncio.Event()
    assert await watch_tenants(context, stop=stop) == 1
    assert await watch_tenants(context, stop=stop) == 0, "once a day"
    await context.compute.close()
    await show(segmentation_db)
    figures = (await client.get("/metrics")).text
    assert 'figure="brier",service="segmentation",target="late_payment"' in figures
    assert "tenant=" not in figures, "who asks without a token learns of no tenant"
    assert version not in figures
