"""Collection plans on a real database, over HTTP: from a draft to its end, day by day."""

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from shared.events import ledger
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.test_figures import an_invoice
from tests.metrics_figures import an_event

PLAN: dict[str, Any] = {
    "plan_id": "spring",
    "title": "Spring",
    "currency": "EUR",
    "from": "2026-02-01",
    "to": "2026-06-30",
    "objectives": [
        {"id": "cash", "kpi": "received", "days": "plan", "at_least": 250000, "by": "2026-06-30"}
    ],
    "resources": {
        "training": ["first-call"],
        "people": [{"collector": "mia", "hours_per_week": 30}],
    },
    "budget": [{"id": "calls", "kinds": ["task"], "amount_minor": 1800000}],
    "strategies": [{"name": "retail", "version": "firm"}],
    "contingencies": [
        {
            "id": "firmer",
            "when": {"objective": "cash", "verdict": ["off_track"]},
            "for_days": 7,
            "do": {"activate_strategy": {"name": "retail", "version": "firm"}},
            "once": True,
        }
    ],
    "reviews": {"every": "month", "day": 3, "people": ["lea"]},
    "people": [{"id": "lea", "name": "Lea", "email": "lea@example.com"}],
    "alerts": [
        {
            "id": "late",
            "when": {"objective": "*", "verdict": ["off_track"]},
            "for_days": 3,
            "to": ["lea"],
        }
    ],
}


async def begin_plan(world: PlanWorld, deliver: Deliver) -> None:
    """Ann wrote the plan, Bea approved it on 30 January, and it began on 1 February. The first
    invoice is so old that there are enough weeks on 1 March, and not the day before."""
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    await world.call("POST", "/v1/plans", PLAN, status=201)
    await world.start_day("2026-01-30")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    await world.start_day("2026-02-01")


@pytest.fixture
async def running(world: PlanWorld, deliver: Deliver) -> PlanWorld:
    await begin_plan(world, deliver)
    return world


async def test_met_13_a_plan_from_its_draft_to_its_contingency(
    world: PlanWorld, deliver: Deliver
) -> None:
    """MET-13: approved by another, begun, an alert after three days, a strategy after seven."""
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    await world.call("POST", "/v1/plans", PLAN, status=201)
    await world.start_day("2026-01-30")
    approval = {"version": 1}
    await world.call("POST", "/v1/plans/spring/approve", approval, status=403)
    approved = await world.call("POST", "/v1/plans/spring/approve", approval, by="bea")
    assert approved["state"] == "approved"
    assert await world.types() == ["plan-approved"]
    await world.start_day("2026-02-01")
    assert await world.types() == ["plan-approved", "plan-started"]
    await world.start_day("2026-03-03")
    assert len(await world.types()) == 2
    await world.start_day("2026-03-04", raised=1)
    type_, raised = (await world.announced())[-1]
    assert type_ == "alert-raised"
    assert (raised["rule"], raised["subject"]) == ("late", "cash")
    assert raised["days"] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    await world.start_day("2026-03-08", raised=1, acted=1)
    said = await world.announced()
    assert [each for each, _ in said][3:] == ["contingency-triggered", "contingency-acted"]
    assert said[-1][1]["from_on"] == "2026-03-09"
    ((path, body, headers),) = world.peers.asked
    assert path == "/v1/strategies/retail/activate"
    assert (body["version"], body["from"], body["in_flight"]) == ("firm", "2026-03-09", "keep")
    assert (headers["x-actor"], headers["x-tenant"]) == ("plan:spring", "demo")
    await world.start_day("2026-03-08")
    assert (await world.announced()) == said
    assert len(world.peers.asked) == 1


async def test_missed_days_come_in_their_order_and_say_the_same(running: PlanWorld) -> None:
    await running.start_day("2026-03-08", raised=2, acted=1)
    days = {
        each["rule"]: each["days"] for type_, each in await running.announced()
        if type_ == "alert-raised"
    }  # fmt: skip
    assert days == {"late": ["2026-03-01", "2026-03-02", "2026-03-03"]}
    progress = await running.call("GET", "/v1/plans/spring/progress?as_of=2026-02-28")
    assert progress["objectives"][0]["verdict"] == "too_early"
    progress = await running.call("GET", "/v1/plans/spring/progress?as_of=2026-03-07")
    (cash,) = progress["objectives"]
    assert (cash["verdict"], cash["value"], cash["target"]) == ("off_track", 0, 250000)
    assert cash["forecast"]["errors"] == 8
    assert cash["expected_today"] == pytest.approx(250000 * 35 / 150)
    assert (progress["state"], progress["version"], progress["day"]) == ("running", 1, "2026-03-07")
    assert progress["contingencies"][0]["state"] == "acted"
    assert progress["in_force"][0]["match"] == "none"
    assert progress["resources"]["people"][0]["missing"] == ["first-call"]
    assert progress["reviews"] == {"last_on": None, "next_on": "2026-02-03", "overdue": True}
    assert [alert["rule"] for alert in progress["alerts"]] == ["late", "firmer"]


async def test_a_day_that_outreach_refuses_gives_way_to_the_next(running: PlanWorld) -> None:
    running.peers.answers = [(409, {"detail": "that day has begun"})] * 2
    await running.start_day("2026-03-08", raised=2, acted=1)
    assert [body["from"] for _, body, _ in running.peers.asked] == [
        "2026-03-09",
        "2026-03-10",
        "2026-03-11",
    ]
    assert (await running.announced())[-1][1]["tries"] == 3


async def test_what_is_refused_three_times_has_failed(running: PlanWorld) -> None:
    running.peers.answers = [(409, {"detail": "that day has begun"})] * 3
    await running.start_day("2026-03-08", raised=2)
    type_, failed = (await running.announced())[-1]
    assert (type_, failed["because"]) == (
        "contingency-failed",
        "answered 409: that day has begun",
    )


async def test_without_an_answer_it_stays_due_and_is_asked_for_with_the_same_key(
    running: PlanWorld,
) -> None:
    running.peers.answers = [(503, {})]
    await running.start_day("2026-03-08", raised=2)
    assert (await running.types())[-1] == "contingency-triggered"
    async with running.db.transaction() as session:
        await session.execute("update plan_actions set next_at = now() - interval '1 second'")
    await running.start_day("2026-03-08", acted=1)
    keys = {headers["idempotency-key"] for _, _, headers in running.peers.asked}
    assert (len(running.peers.asked), len(keys)) == (2, 1)


async def test_an_alert_that_facts_refute_is_taken_back(
    running: PlanWorld, deliver: Deliver
) -> None:
    """Cash of February that is known on 5 March: the objective was never off track."""
    await running.start_day("2026-03-04", raised=1)
    await deliver([a_payment("P1", 900000, "2026-02-10", known="2026-03-05")])
    await running.start_day("2026-03-05")
    await running.start_day("2026-03-06", corrected=1)
    type_, said = (await running.announced())[-1]
    assert type_ == "alert-corrected"
    assert said["days"][0] == {"day": "2026-03-01", "was": True, "is": False}
    alerts = await running.call("GET", "/v1/alerts?state=corrected")
    assert alerts["items"][0]["corrections"][0]["was"] == "off_track"
    days = (await running.call("GET", "/v1/plans/spring/days?limit=3"))["items"]
    assert [each["day"] for each in days] == ["2026-03-05", "2026-03-04", "2026-03-03"]
    assert [each["objectives"][0]["verdict"] for each in days[1:]] == ["off_track"] * 2
    as_said = await running.call("GET", "/v1/plans/spring/progress?as_of=2026-03-03")
    assert len(as_said["objectives"][0]["path"]) == 17
    assert as_said["objectives"][0]["verdict"] == "off_track"


def a_payment(payment_id: str, amount: int, day: str, *, known: str) -> Any:
    at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
    data = ledger.PaymentReceived(
        account_id="C1",
        payment_id=payment_id,
        currency="EUR",
        amount_minor=amount,
        received_at=at,
        allocations=(),
        amounts=(),
    )
    recorded = datetime.fromisoformat(f"{known}T12:00:00").replace(tzinfo=UTC)
    return an_event(
        "payment-received",
        data,
        sequence=77,
        time=at,
        day=date.fromisoformat(day),
        recordedtime=recorded,
    )


# ------------------------------------------------------------------------------- the document


async def test_a_draft_is_written_over_what_was_read(world: PlanWorld) -> None:
    made = await world.call("POST", "/v1/plans", {"plan_id": "p", "title": "One"}, status=201)
    assert (made["state"], made["version"], made["etag"]) == ("draft", 1, '"1-1"')
    await world.call("POST", "/v1/plans", {"plan_id": "p", "title": "One"}, status=409)
    two = {"plan_id": "p", "title": "Two"}
    await world.call("PUT", "/v1/plans/p", two, status=422)
    match = {"If-Match": made["etag"]}
    written = await world.call("PUT", "/v1/plans/p", two, by="bea", headers=match)
    assert (written["version"], written["versions"][0]["authors"]) == (1, ["ann", "bea"])
    await world.call("PUT", "/v1/plans/p", two, headers=match, status=412)
    refused = await world.call("POST", "/v1/plans/p/approve", {"version": 1}, by="cem", status=422)
    assert [error["pointer"] for error in refused["errors"]] == [
        "/currency",
        "/from",
        "/to",
        "/objectives",
        "/budget",
        "/reviews",
    ]
    await world.call("GET", "/v1/plans/p/progress", status=409)
    await world.call("GET", "/v1/plans/none", status=404)
    listed = await world.call("GET", "/v1/plans?limit=1")
    assert [plan["title"] for plan in listed["items"]] == ["Two"]


async def test_every_fault_is_named_at_once(world: PlanWorld) -> None:
    raw = dict(PLAN, currency="EURO", wish=1, reviews={"every": "week"})
    refused = await world.call("POST", "/v1/plans", raw, status=422)
    assert {error["pointer"] for error in refused["errors"]} == {
        "/currency",
        "/wish",
        "/reviews/weekday",
    }
    await world.call("POST", "/v1/plans", [], status=422)


async def test_another_tenant_has_other_plans(running: PlanWorld) -> None:
    other = {"X-Tenant": "other"}
    await running.call("GET", "/v1/plans/spring", headers=other, status=404)
    listed = await running.call("GET", "/v1/plans", headers=other)
    assert listed["items"] == []


async def test_an_objective_of_a_running_plan_is_the_target_of_its_kpi(
    world: PlanWorld, deliver: Deliver
) -> None:
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    dso = {"id": "dso", "kpi": "dso", "at_most": 40, "by": "2026-06-30"}
    await world.call("POST", "/v1/plans", PLAN | {"objectives": [dso], "alerts": [],
                     "contingencies": []}, status=201)  # fmt: skip
    own = {"items": [{"from_on": "2026-01-01", "split": {"currency": "EUR"}, "value": 55}]}
    await world.call("PUT", "/v1/targets/dso", own)
    await world.start_day("2026-01-30")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    path = "/v1/kpis/dso?currency=EUR&from=2025-12-01&to="
    assert (await world.call("GET", f"{path}2026-02-02"))["target"] == 55
    await world.start_day("2026-02-01")
    assert (await world.call("GET", f"{path}2026-02-02"))["target"] == 40
    assert (await world.call("GET", f"{path}2026-01-31"))["target"] == 55


async def test_a_version_beside_one_that_runs(running: PlanWorld) -> None:
    shown = await running.call("GET", "/v1/plans/spring")
    firmer = dict(PLAN, title="Firmer")
    match = {"If-Match": shown["etag"]}
    written = await running.call("PUT", "/v1/plans/spring", firmer, headers=match)
    assert (written["state"], written["version"], written["draft_version"]) == ("running", 2, 2)
    await running.call("POST", "/v1/plans/spring/approve", {"version": 2}, by="bea")
    await running.call("POST", "/v1/plans/spring/approve", {"version": 2}, by="bea")
    assert await running.types() == ["plan-approved", "plan-started", "plan-approved"]
    await running.start_day("2026-02-03")
    for day, version in (("2026-02-01", 1), ("2026-02-02", 2)):
        progress = await running.call("GET", f"/v1/plans/spring/progress?as_of={day}")
        assert progress["version"] == version
    first = await running.call("GET", "/v1/plans/spring?version=1")
    assert first["document"]["title"] == "Spring"
    await running.call("POST", "/v1/plans/spring/withdraw", {"reason": "no"}, status=409)


async def test_withdrawn_before_it_began_it_is_a_draft_again(world: PlanWorld) -> None:
    await world.call("POST", "/v1/plans", PLAN, status=201)
    await world.start_day("2026-01-30")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    reason = {"reason": "not yet"}
    drafted = await world.call("POST", "/v1/plans/spring/withdraw", reason, by="bea")
    assert (drafted["state"], drafted["draft_version"]) == ("draft", 1)
    await world.start_day("2026-02-02")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    await world.start_day("2026-02-03")
    assert await world.types() == ["plan-approved", "plan-approved", "plan-started"]


async def test_reviews_and_the_end_of_a_plan(running: PlanWorld) -> None:
    await running.start_day("2026-02-05")
    review = {"notes": "As thought.", "decisions": [{"text": "call more", "who": "mia"}]}
    held = await running.call("POST", "/v1/plans/spring/reviews", review, by="lea", status=201)
    assert (held["for_day"], held["progress"]["version"]) == ("2026-02-03", 1)
    again = review | {"for_day": "2026-02-03"}
    await running.call("POST", "/v1/plans/spring/reviews", again, status=409)
    final = {"final": True, "notes": "Over."}
    await running.call("POST", "/v1/plans/spring/reviews", final, status=409)
    await running.call("POST", "/v1/plans/spring/close", {}, status=409)
    await running.call("POST", "/v1/jobs/start-day", {"day": "2026-07-01"})
    progress = await running.call("GET", "/v1/plans/spring/progress?as_of=2026-06-30")
    assert progress["objectives"][0]["verdict"] == "missed"
    await running.call("POST", "/v1/plans/spring/reviews", final, by="lea", status=201)
    await running.call("POST", "/v1/plans/spring/reviews", final, by="lea", status=200)
    closed = await running.call("POST", "/v1/plans/spring/close", {})
    assert closed["state"] == "closed"
    await running.call("POST", "/v1/plans/spring/close", {})
    assert (await running.types())[-2:] == ["plan-reviewed", "plan-closed"]
    outcome = (await running.announced())[-2][1]["outcomes"]
    assert outcome == [{"objective": "cash", "verdict": "missed", "value": 0, "target": 250000}]
    match = {"If-Match": closed["etag"]}
    await running.call("PUT", "/v1/plans/spring", PLAN, headers=match, status=409)
    listed = await running.call("GET", "/v1/plans/spring/reviews")
    assert [each["is_final"] for each in listed["items"]] == [False, True]


async def test_nothing_is_judged_after_a_plan_is_over(running: PlanWorld) -> None:
    for day in ("2026-07-01", "2999-12-31"):
        path = f"/v1/plans/spring/progress?as_of={day}"
        refused = await running.call("GET", path, status=422)
        assert [error["pointer"] for error in refused["errors"]] == ["/query/as_of"]
    await running.call("GET", "/v1/plans/spring/progress?as_of=2026-06-30")


async def test_a_plan_on_paper(running: PlanWorld) -> None:
    page = await running.client.get("/v1/plans/spring/document")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for text in ("Objectives", "cash", "EUR 2,500.00", "Contingencies", "bea", "first-call"):
        assert text in page.text, text
    accept = {"Accept": "application/pdf"}
    pdf = await running.client.get("/v1/plans/spring/document", headers=accept)
    text = "\n".join(each.extract_text() for each in PdfReader(BytesIO(pdf.content)).pages)
    for word in ("Spring", "Objectives", "cash", "Approvals"):
        assert word in text, word


# ------------------------------------------------------------------------------------- alerts


async def test_alerts_are_listed_with_their_mails_and_taken_note_of(running: PlanWorld) -> None:
    await running.start_day("2026-03-04", raised=1)
    (alert,) = (await running.call("GET", "/v1/alerts"))["items"]
    assert (alert["state"], alert["acknowledged_by"]) == ("raised", None)
    assert [(each["person"], each["state"]) for each in alert["deliveries"]] == [
        ("lea", "not-configured")
    ]
    path = f"/v1/alerts/{alert['alert_id']}/acknowledge"
    noted = await running.call("POST", path, {"note": "Mia looks."}, by="lea")
    assert (noted["acknowledged_by"], noted["note"]) == ("lea", "Mia looks.")
    again = await running.call("POST", path, {}, by="tom")
    assert (again["acknowledged_by"], again["note"]) == ("lea", "Mia looks.")
    await running.call("POST", "/v1/alerts/none/acknowledge", {}, status=404)


async def test_a_day_or_an_instant_exactly_one(world: PlanWorld) -> None:
    await world.call("POST", "/v1/jobs/start-day", {}, status=422)
    both = {"day": "2026-02-02", "at": "2026-02-02T12:00:00Z"}
    await world.call("POST", "/v1/jobs/start-day", both, status=422)
    await world.call("POST", "/v1/jobs/start-day", {"at": "2026-02-02T12:00:00Z"})
