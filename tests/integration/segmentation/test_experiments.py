"""Experiments, early warnings and credit advice through the database and over HTTP."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from services.segmentation.domain.experiments import Experiment, draw, parse
from services.segmentation.processes.guardrails import check_all
from shared.database import Database
from tests.integration.segmentation.helpers import context_for, growing_old, said, take
from tests.integration.segmentation.service import bearing, rescore
from tests.unit.segmentation.builders import Story

URL = "/v1/experiments/tone"


def a_design(**changes: Any) -> dict[str, Any]:
    return {
        "description": "a kinder first reminder",
        "champion": "control",
        "arms": [{"name": "control", "share": 0.5}, {"name": "kinder", "share": 0.5}],
        **changes,
    }


def drawn(account_id: str, run: int = 1) -> str | None:
    one = Experiment(tenant="demo", name="tone", run=run, design=parse(a_design()))
    return draw(one, account_id)


async def begin(client: httpx.AsyncClient, db: Database, **changes: Any) -> None:
    put = await client.put(URL, json=a_design(**changes))
    assert put.status_code == 200, put.text
    started = await client.post(f"{URL}/start")
    assert started.status_code == 200, started.text
    await rescore(db)


async def arms_of(client: httpx.AsyncClient, account_id: str) -> Any:
    return (await client.get(f"/v1/accounts/{account_id}/score")).json()["arms"]


async def test_accounts_draw_their_arms_when_it_starts_and_when_they_come(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old("C1").events)
    assert await arms_of(client, "C1") == {}
    await begin(client, segmentation_db)
    await take(segmentation_db, growing_old("C2").events)
    for account_id in ("C1", "C2"):
        assert await arms_of(client, account_id) == {"tone": drawn(account_id)}
    told = [item for item in await said(segmentation_db) if item.type == "segment-changed"]
    by_account = {item.payload["account_id"]: item.payload["arms"] for item in told}
    assert by_account == {"C1": {"tone": drawn("C1")}, "C2": {"tone": drawn("C2")}}


async def test_nothing_of_a_running_experiment_can_be_changed(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await begin(client, segmentation_db)
    shares = [{"name": "control", "share": 0.9}, {"name": "kinder", "share": 0.1}]
    refused = await client.put(URL, json=a_design(arms=shares))
    assert refused.status_code == 409
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/arms"]
    same = await client.put(URL, json=a_design())
    assert (same.status_code, same.json()["status"]) == (200, "running")
    assert (await client.post(f"{URL}/start")).status_code == 409


async def test_an_account_keeps_its_arm_while_its_segment_and_its_tags_change(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    story = growing_old("C1")
    await take(segmentation_db, story.events[:3])
    await begin(client, segmentation_db, exclude_tags=["vip"], exclude_segments=["negotiate"])
    await take(segmentation_db, story.events[3:])
    story.registered(50, tags=("vip",))
    await take(segmentation_db, story.events[-1:])
    found = (await client.get("/v1/accounts/C1/score")).json()
    assert (found["segment"], found["arms"]) == ("negotiate", {"tone": drawn("C1")})
    await take(segmentation_db, growing_old("C2").events)  # enters on its way, as `current`
    late = Story(account_id="C3").registered(0, tags=("vip",))
    await take(segmentation_db, late.events)
    assert await arms_of(client, "C3") == {}


async def test_a_stop_ends_the_arms_a_start_resumes_them_a_new_design_draws_anew(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old("C1").events)
    await begin(client, segmentation_db)
    stopped = await client.post(f"{URL}/stop", json={"reason": "enough seen"})
    assert (stopped.json()["status"], stopped.json()["because"]) == ("stopped", "enough seen")
    await rescore(segmentation_db)
    assert await arms_of(client, "C1") == {}
    assert (await client.post(f"{URL}/stop", json={"reason": "again"})).status_code == 409
    assert (await client.post(f"{URL}/start")).json()["run"] == 1
    await rescore(segmentation_db)
    assert await arms_of(client, "C1") == {"tone": drawn("C1")}
    await client.post(f"{URL}/stop", json={"reason": "another design"})
    other = await client.put(URL, json=a_design(description="a shorter one"))
    assert (other.json()["run"], other.json()["status"]) == (2, "draft")
    await client.post(f"{URL}/start")
    await rescore(segmentation_db)
    assert await arms_of(client, "C1") == {"tone": drawn("C1", run=2)}


async def test_a_broken_guardrail_stops_the_experiment(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    rail = {"figure": "overdue_share", "tolerance": 0.05, "accounts_from": 2}
    await begin(client, segmentation_db, guardrails=[rail])
    accounts = [f"C{number}" for number in range(24)]
    for account_id in accounts:
        story = growing_old(account_id)
        await take(
            segmentation_db, story.events if drawn(account_id) == "kinder" else story.events[:2]
        )
    checked = (await client.post(f"{URL}/check")).json()
    assert checked["status"] == "stopped"
    (breach,) = checked["breaches"]
    assert (breach["arm"], breach["champion"], breach["challenger"]) == ("kinder", 0.0, 1.0)
    arms = {arm: figures["accounts"] for arm, figures in checked["arms"].items()}
    assert arms == {
        name: sum(drawn(account_id) == name for account_id in accounts)
        for name in ("control", "kinder")
    }
    stands = (await client.get(URL)).json()
    assert (stands["status"], stands["because"]) == ("stopped", breach["because"])


async def test_a_check_of_all_stops_nothing_that_is_well(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    rail = {"figure": "pays_within", "tolerance": 0.05, "accounts_from": 2}
    await begin(client, segmentation_db, guardrails=[rail])
    for number in range(8):
        await take(segmentation_db, growing_old(f"C{number}").events)
    found = (await client.post("/v1/jobs/check-experiments")).json()["items"]
    assert [(item["name"], item["status"], item["breaches"]) for item in found] == [
        ("tone", "running", [])
    ]


async def test_the_job_checks_every_tenants_experiments(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    rail = {"figure": "overdue_share", "tolerance": 0.05, "accounts_from": 2}
    for tenant in ("demo", "other"):
        headers = {"x-tenant": tenant}
        await client.put(URL, json=a_design(guardrails=[rail]), headers=headers)
        await client.post(f"{URL}/start", headers=headers)
    for number in range(16):
        story = growing_old(f"C{number}")
        is_bad = drawn(f"C{number}") == "kinder"
        await take(segmentation_db, story.events if is_bad else story.events[:2])
    context = context_for(segmentation_db)
    await check_all(context)
    await context.compute.close()
    assert (await client.get(URL)).json()["status"] == "stopped"
    theirs = await client.get(URL, headers={"x-tenant": "other"})
    assert theirs.json()["status"] == "running"


async def test_errors_of_experiments_say_what_is_wrong(client: httpx.AsyncClient) -> None:
    for call in ("start", "check"):
        assert (await client.post(f"/v1/experiments/none/{call}")).status_code == 404
    assert (await client.get("/v1/experiments/none")).status_code == 404
    assert (await client.put("/v1/experiments/No Name", json=a_design())).status_code == 422
    same = [{"name": "control", "share": 0.5}] * 2
    twice = await client.put(URL, json=a_design(arms=same))
    assert twice.status_code == 422
    assert [error["pointer"] for error in twice.json()["errors"]] == ["/arms/1/name"]
    wrong = await client.put(URL, json=a_design(share=1, description=3))
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/share", "/description"}
    unknown = await client.put(
        URL,
        json=a_design(
            only_segments=["current", "goldn"],
            guardrails=[{"figure": "segment_share", "segment": "gone", "tolerance": 0.1}],
        ),
    )
    assert [error["pointer"] for error in unknown.json()["errors"]] == [
        "/only_segments/1",
        "/guardrails/0/segment",
    ]


async def test_experiments_are_listed_by_name_and_belong_to_their_tenant(
    client: httpx.AsyncClient, segmentation_db: Database, tmp_path: Path
) -> None:
    for name in ("b", "a", "c"):
        await client.put(f"/v1/experiments/{name}", json=a_design())
    first = (await client.get("/v1/experiments", params={"limit": 2})).json()
    assert [item["name"] for item in first["items"]] == ["a", "b"]
    rest = await client.get("/v1/experiments", params={"cursor": first["next_cursor"]})
    assert [item["name"] for item in rest.json()["items"]] == ["c"]
    theirs = {"x-tenant": "other"}
    assert (await client.get("/v1/experiments", headers=theirs)).json()["items"] == []
    assert (await client.get("/v1/experiments/a", headers=theirs)).status_code == 404
    assert (await client.post("/v1/experiments/a/start", headers=theirs)).status_code == 404
    reader = bearing(tmp_path, "segmentation:read")
    assert (await client.get("/v1/experiments/a", headers=reader)).status_code == 200
    assert (await client.post("/v1/experiments/a/start", headers=reader)).status_code == 403
    assert (
        await client.put("/v1/experiments/a", json=a_design(), headers=reader)
    ).status_code == 403
    await client.post("/v1/experiments/a/start")
    await take(segmentation_db, growing_old("C1", tenant="other").events)
    found = await client.get("/v1/accounts/C1/score", headers=theirs)
    assert found.json()["arms"] == {}


async def test_a_start_with_a_key_happens_once(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await client.put(URL, json=a_design())
    key = {"idempotency-key": "start-1"}
    first = await client.post(f"{URL}/start", headers=key)
    again = await client.post(f"{URL}/start", headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()


# ── Early warnings ──────────────────────────────────────────────────────────────────────────────


def over_limit(account_id: str = "C1", tenant: str = "demo") -> Story:
    """Owes 150.00 of a limit of 100.00, then 20.00, then 120.00."""
    story = Story(tenant, account_id).registered(0, credit_limit_minor=10_000)
    story.issued("I1", 1, due=30, minor=15_000, balance=15_000)
    story.issued("I2", 2, due=30, minor=1_000, balance=16_000)
    story.paid("P1", 5, {"I1": 14_000}, balance=2_000)
    return story.issued("I3", 9, due=40, minor=10_000, balance=12_000)


@pytest.mark.parametrize("size", [1, 2, 500])
async def test_a_warning_is_raised_once_per_episode_however_events_are_batched(
    client: httpx.AsyncClient, segmentation_db: Database, size: int
) -> None:
    await take(segmentation_db, over_limit().events, size=size)
    events = [item for item in await said(segmentation_db) if item.type == "early-warning-raised"]
    assert [item.payload["since_on"] for item in events] == ["2026-01-02", "2026-01-10"]
    first = events[0].payload
    assert (first["kind"], first["currency"]) == ("exposure-over-limit", "EUR")
    assert first["figures"] == {"balance_minor": 15_000, "credit_limit_minor": 10_000}
    assert first["because"] == "owes 150.00 EUR of a limit of 100.00 EUR (150 %)"
    listed = (await client.get("/v1/warnings")).json()["items"]
    assert [(item["since_on"], item["ended_on"]) for item in listed] == [
        ("2026-01-10", None),
        ("2026-01-02", "2026-01-06"),
    ]


async def test_warnings_are_filtered_paged_and_belong_to_their_tenant(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    for number in range(1, 4):
        await take(segmentation_db, over_limit(f"C{number}").events)
    await take(segmentation_db, over_limit("C9", tenant="other").events)
    seen, cursor = [], None
    while True:
        query = {"limit": 4, **({"cursor": cursor} if cursor else {})}
        body = (await client.get("/v1/warnings", params=query)).json()
        seen += body["items"]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert len({item["warning_id"] for item in seen}) == len(seen) == 6
    assert {item["account_id"] for item in seen} == {"C1", "C2", "C3"}
    for query, count in (
        ({"status": "open"}, 3),
        ({"status": "ended"}, 3),
        ({"account_id": "C2"}, 2),
        ({"kind": "escalating-delay"}, 0),
        ({"account_id": "C9"}, 0),
    ):
        found = (await client.get("/v1/warnings", params=query)).json()["items"]
        assert len(found) == count, query
    assert (await client.get("/v1/warnings?kind=bad")).status_code == 422


# ── Credit advice ───────────────────────────────────────────────────────────────────────────────


async def test_advice_on_an_account_and_on_a_prospect(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    await take(segmentation_db, growing_old().events)
    advice = (await client.get("/v1/accounts/C1/credit-advice")).json()
    assert (advice["grade"], advice["currency"]) == ("D", "EUR")
    assert {reason["about"] for reason in advice["reasons"]} >= {"grade", "limit", "terms"}
    assert (await client.get("/v1/accounts/none/credit-advice")).status_code == 404
    theirs = await client.get("/v1/accounts/C1/credit-advice", headers={"x-tenant": "other"})
    assert theirs.status_code == 404
    prospect = {
        "kind": "business",
        "currency": "EUR",
        "monthly_minor": 500_000,
        "years_known": 8,
        "references": {"paid_in_time": 12},
    }
    found = (await client.post("/v1/credit-advice", json=prospect)).json()
    assert (found["grade"], found["limit_minor"], found["terms_days"]) == ("A", 1_500_000, 45)
    assert found["cadence"] == "monthly"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"currency": "EURO"}, "/currency"),
        ({"monthly_minor": 0}, "/monthly_minor"),
        ({"monthly_minor": 1.5}, "/monthly_minor"),
        ({"kind": "person"}, "/kind"),
        ({"references": {"paid_late": -1}}, "/references/paid_late"),
        ({"turnover": 3}, "/turnover"),
    ],
)
async def test_a_bad_prospect_is_refused_with_its_place(
    client: httpx.AsyncClient, changes: dict[str, Any], pointer: str
) -> None:
    prospect = {"kind": "business", "currency": "EUR", "monthly_minor": 500_000, **changes}
    answer = await client.post("/v1/credit-advice", json=prospect)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_run_is_announced_when_it_starts_goes_on_and_stops(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    """To all readers: what runs, between which arms, and why it ended."""
    await begin(client, segmentation_db)
    await client.post(f"{URL}/stop", json={"reason": "enough is known"})
    await begin(client, segmentation_db)
    assert (await client.post(f"{URL}/start")).status_code == 409
    told = [item for item in await said(segmentation_db) if item.type.startswith("experiment-")]
    started = {"name": "tone", "champion": "control", "arms": a_design()["arms"]}
    assert [(item.key, item.type, item.payload) for item in told] == [
        ("demo/", "experiment-started", {**started, "run": 1}),
        ("demo/", "experiment-stopped", {"name": "tone", "run": 1, "because": "enough is known"}),
        ("demo/", "experiment-started", {**started, "run": 1}),
    ]


async def test_under_the_manual_clock_a_run_starts_before_all_that_is_played_after_it(
    client: httpx.AsyncClient, segmentation_db: Database
) -> None:
    """Else nobody who comes later would have come since its start."""
    await begin(client, segmentation_db)
    await take(segmentation_db, growing_old("C1").events)
    rows = await segmentation_db.fetch(
        """select type, headers::jsonb ->> 'time' as time from outbox
           where type in ('experiment-started', 'segment-changed') order by seq"""
    )
    times = [row["time"] for row in rows]
    assert [row["type"] for row in rows][:2] == ["experiment-started", "segment-changed"]
    assert times == sorted(times)
    await client.post(f"{URL}/stop", json={"reason": "enough"})
    stopped = (await client.get(URL)).json()
    assert stopped["started_at"] < times[1] < stopped["stopped_at"]
