"""Acting on other services: claimed in one transaction, asked with none open, kept in another."""

from uuid import UUID

from msgspec import structs

from services.metrics.commands.plan_actions import LEASE, claim_actions, keep_answer
from services.metrics.context import Context
from services.metrics.domain.plans.contingencies import (
    GIVE_UP_AFTER,
    CallAnswer,
    PlannedAction,
    ServiceCall,
    answered,
    call_of,
    idempotency_key,
    retry_after,
    unanswered,
)
from services.metrics.store import plan_actions as store
from services.metrics.store.plan_actions import ExperimentStop, KeptAction
from shared import clock
from shared.errors import Unavailable
from shared.ids import event_id
from shared.process.crash import crash_point
from shared.process.failures import survived
from shared.process.parts import turn

STOPS_MAX = 20
_WORDS_MAX = 500


async def act_due(context: Context, *, tenant: str | None = None) -> int:
    """Ask for everything that is due, of one tenant or of all; how much of it is done now."""
    done = 0
    while True:
        async with context.db.transaction() as session:
            claimed = await claim_actions(session, clock.now(), tenant=tenant)
        for kept in claimed:
            turn()
            with survived("metrics", "contingencies", tenant=kept.tenant):
                done += (await _act(context, kept)).state == "acted"
        if not claimed:
            break
    return done + await _stop_due(context, tenant)


async def _act(context: Context, kept: KeptAction) -> PlannedAction:
    action, tenant = kept.action, kept.tenant
    call = call_of(action)
    assert call is not None, "an alert needs no call"
    key = idempotency_key(tenant, action.plan_id, action.contingency, action.triggered_on)
    try:
        answer = await context.peers.ask(tenant, call, key=key, actor=f"plan:{action.plan_id}")
    except Unavailable as error:
        now = clock.now()
        after = unanswered(action, since=kept.made_at, now=now)
        after = _with_reason(after, error.detail)
    else:
        now, after = clock.now(), answered(action, answer)
    crash_point("metrics.contingency.after_answer")
    async with context.db.transaction() as session:
        await keep_answer(session, tenant, after, context.clock, now)
    return after


def _with_reason(action: PlannedAction, detail: str) -> PlannedAction:
    if action.state != "failed":
        return action
    return structs.replace(action, because=f"{action.because} ({detail})")


async def _stop_due(context: Context, tenant: str | None) -> int:
    """Experiments whose verdict stops them."""
    done = 0
    now = clock.now()
    async with context.db.transaction() as session:
        claimed = await store.claim_stops(
            session, now=now, lease_until=now + LEASE, tenant=tenant, limit=STOPS_MAX
        )
    for stop in claimed:
        turn()
        with survived("metrics", "experiment-stops", tenant=stop.tenant, experiment=stop.name):
            done += await _stop(context, stop)
    return done


async def _stop(context: Context, stop: ExperimentStop) -> bool:
    call = ServiceCall(
        service="segmentation",
        path=f"/v1/experiments/{stop.name}/stop",
        body={"reason": stop.words[:_WORDS_MAX]},
    )
    key = UUID(event_id(stop.tenant, "experiment-stop", stop.name, str(stop.run)))
    answer: CallAnswer | None = None
    try:
        answer = await context.peers.ask(
            stop.tenant, call, key=key, actor=f"experiment:{stop.name}"
        )
    except Unavailable as error:
        said = error.detail
    else:
        said = f"answered {answer.status}"
    now = clock.now()
    is_done = answer is not None and (answer.status < 300 or answer.status == 409)
    is_over = answer is not None or now - stop.made_at >= GIVE_UP_AFTER
    after = structs.replace(stop, attempts=stop.attempts + 1)
    async with context.db.transaction() as session:
        await store.update_stop(
            session,
            after,
            is_done=is_done,
            answer=said,
            next_at=None if is_over else now + retry_after(after.attempts),
        )
    return is_done
