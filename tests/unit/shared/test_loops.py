"""No loop of a worker ends because of what one round or one tenant raises."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

import services.ledger.jobs as ledger
import services.metrics.jobs as metrics
import services.outreach.jobs as outreach
import services.segmentation.jobs.guardrails as guardrails
import services.segmentation.jobs.rescoring as rescoring
import services.segmentation.jobs.watch as watch
import shared.log.pruning as pruning
from services.metrics.processes.days import Backlog
from services.segmentation.processes.rescoring import Rescorer
from shared.errors import Invalid, Unavailable

ERRORS = [
    KeyError("account"),
    AssertionError("rules"),
    Invalid("too large"),
    asyncpg.DataError("out of range"),
    OverflowError("int too large"),
    Unavailable("away"),
]
CONTEXT: Any = SimpleNamespace(
    db=None,
    clock="system",
    guard=SimpleNamespace(has_jumped=lambda: False),
    webhooks=SimpleNamespace(poster=None, box=None),
)
Loop = Callable[[asyncio.Event], Awaitable[None]]


async def run_pruning(stop: asyncio.Event) -> None:
    await pruning.run_pruning([CONTEXT.db], 1, stop=stop)


async def run_metrics_days(context: Any, *, stop: asyncio.Event) -> None:
    async def backlog() -> Backlog:
        return Backlog(0, 0.0)

    await metrics.run_scheduler(context, backlog, stop=stop)


def over(run: Callable[..., Awaitable[None]], subject: object = CONTEXT) -> Loop:
    return lambda stop: run(subject, stop=stop)


# What fails within, whose it is, and the loop.
LOOPS: dict[str, tuple[Any, str, str, Loop]] = {
    "days": (ledger, "start_days", "ledger", over(ledger.run_scheduler)),
    "runs": (outreach, "run_tenants", "outreach", over(outreach.run_scheduler)),
    "leases": (outreach, "end_leases", "outreach", over(outreach.run_leases)),
    "desk": (outreach, "tend_desk", "outreach", over(outreach.run_leases)),
    "trials": (outreach, "work_on_trials", "outreach", over(outreach.run_trials)),
    "rates": (outreach, "watch_rates", "outreach", over(outreach.run_rate_watch)),
    "webhooks": (outreach, "post_due", "outreach", over(outreach.run_webhooks)),
    "guardrails": (guardrails, "check_all", "segmentation", over(guardrails.run_guardrails)),
    "watch": (watch, "watch_tenants", "segmentation", over(watch.run_watch)),
    "show": (watch, "show", "segmentation", over(watch.run_show, CONTEXT.db)),
    "rescoring": (
        Rescorer,
        "take_slice",
        "segmentation",
        over(rescoring.run_rescoring),
    ),
    "plan-days": (metrics, "start_days", "metrics", over(run_metrics_days)),
    "contingencies": (metrics, "act_due", "metrics", over(metrics.run_actions)),
    "deliveries": (metrics, "deliver_due", "metrics", over(metrics.run_deliveries)),
    "pruning": (pruning, "prune", "local", run_pruning),
}


def failures(service: str, job: str) -> float:
    labels = {"service": service, "job": job}
    return REGISTRY.get_sample_value("recoup_job_failures_total", labels) or 0.0


@pytest.mark.parametrize("name", LOOPS)
async def test_a_loop_survives_whatever_is_raised(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, inner, service, loop = LOOPS[name]
    stop, left = asyncio.Event(), list(ERRORS)

    async def fails(*_args: Any, **_named: Any) -> bool:
        if left:
            raise left.pop()
        stop.set()
        return False

    async def at_once(_stop: asyncio.Event, _seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(owner, inner, fails)
    module = rescoring if name == "rescoring" else owner
    monkeypatch.setattr(module, "pause", at_once)
    before = failures(service, name)
    async with asyncio.timeout(60):
        await loop(stop)
    assert left == []
    assert failures(service, name) - before == len(ERRORS)
