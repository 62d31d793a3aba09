"""A plan on all kinds of KPIs, and its budget from costs that came by events."""

from datetime import date
from typing import Any

from shared.events import METRICS, OUTREACH, Received, metrics, outreach
from tests.integration.metrics.conftest import Deliver
from tests.integration.metrics.plan_world import PlanWorld
from tests.integration.metrics.test_figures import an_invoice
from tests.integration.metrics.test_plans import PLAN
from tests.metrics_figures import an_event, at

BY = "2026-06-30"
BROAD: dict[str, Any] = PLAN | {
    "objectives": [
        {"id": "cash", "kpi": "recovered", "days": "plan", "at_least": 250000, "by": BY},
        {
            "id": "faster",
            "kpi": "average_days_to_pay",
            "split": {"kind": "business"},
            "at_most": 38,
            "by": BY,
        },
        {"id": "disputes", "kpi": "dispute_rate", "per": "account", "at_most": 0.1, "by": BY},
        {"id": "rolls", "kpi": "roll_rate", "at_most": 0.1, "by": BY},
        {"id": "cures", "kpi": "cure_rate", "at_least": 0.5, "by": BY},
    ],
    "budget": [
        {"id": "calls", "kinds": ["task"], "queues": ["collectors"], "amount_minor": 100000},
        {
            "id": "mail",
            "kinds": ["contact"],
            "channels": ["email", "sms"],
            "amount_minor": 100000,
        },
        {"id": "rest", "kinds": ["contact", "agency"], "amount_minor": 1000},
    ],
}


def cost(cost_id: str, kind: Any, amount: int, day: str, sequence: int) -> Received:
    data = metrics.CostRecorded(
        cost_id=cost_id,
        kind=kind,
        amount_minor=amount,
        currency="EUR",
        incurred_on=date.fromisoformat(day),
    )
    time = at(day, 9)
    return an_event("cost-recorded", data, key="", topic=METRICS, sequence=sequence, time=time)


def task(day: str) -> list[Received]:
    created = outreach.TaskCreated(task_id="T1", account_id="C1", queue="collectors")
    done = outreach.TaskCompleted(
        task_id="T1",
        account_id="C1",
        queue="collectors",
        completed_at=at(day, 10),
        collector="mia",
        kind="call",
        disposition="reached",
        seconds=5400,
        cost_micros=4_500_000,
        cost_currency="EUR",
    )
    return [
        an_event("task-created", created, topic=OUTREACH, sequence=1, time=at(day, 9)),
        an_event("task-completed", done, topic=OUTREACH, sequence=2, time=at(day, 10)),
    ]


async def test_met_13_costs_come_to_their_lines(world: PlanWorld, deliver: Deliver) -> None:
    """MET-13: what was spent before the plan is no part of it."""
    await deliver([an_invoice("I1", 100000, "2025-11-09", "2025-12-09")])
    await world.call("POST", "/v1/plans", BROAD, status=201)
    await world.start_day("2026-01-30")
    await world.call("POST", "/v1/plans/spring/approve", {"version": 1}, by="bea")
    await world.start_day("2026-02-01")
    await deliver(
        [
            cost("early", "legal", 7777, "2026-01-31", 1),
            cost("agency", "agency", 1500, "2026-02-15", 2),
            cost("legal", "legal", 300, "2026-02-16", 3),
            *task("2026-02-10"),
        ]
    )
    progress = await world.call("GET", "/v1/plans/spring/progress?as_of=2026-02-20")
    spent = {line["id"]: (line["actual_minor"], line["state"]) for line in progress["budget"]}
    assert spent == {
        "calls": (450, "within"),
        "mail": (0, "within"),
        "rest": (1500, "over"),
        "unplanned": (300, None),
    }
    assert progress["resources"]["people"][0]["hours"] == 1.5
    values = {each["id"]: each["value"] for each in progress["objectives"]}
    assert values == {"cash": 0, "faster": None, "disputes": 0, "rolls": 1, "cures": 0}
