"""What a contingency does: what is asked of which service, and what its answer means."""

from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.plans.document import Contingency, Deed
from shared.ids import NAMESPACE

ContingencyState = Literal["armed", "triggered", "acted", "waiting", "failed"]
ActionName = Literal["activate_strategy", "activate_assignments", "stop_experiment", "alert"]
Service = Literal["outreach", "segmentation"]

TRIES_MAX = 3  # of days, where one is refused
GIVE_UP_AFTER = timedelta(hours=24)  # of machine time, without an answer
RETRY_FIRST, RETRY_MAX = timedelta(seconds=30), timedelta(minutes=15)
_REASON_MAX = 500


class PlannedAction(Struct, frozen=True, kw_only=True):
    """One action that was triggered, as it is kept until it has ended."""

    plan_id: str
    version: int
    contingency: str
    triggered_on: date
    alert_id: str
    deed: Deed
    reason: str
    state: ContingencyState
    from_on: date | None = None  # the day asked for
    tries: int = 0  # of days that were asked for
    attempts: int = 0  # of calls
    approval_id: str | None = None
    because: str | None = None

    @property
    def action(self) -> ActionName:
        return action_of(self.deed)

    @property
    def subject(self) -> str | None:
        if self.deed.activate_strategy is not None:
            return self.deed.activate_strategy.name
        return None if self.deed.stop_experiment is None else self.deed.stop_experiment.name


class ServiceCall(Struct, frozen=True, kw_only=True):
    """What is asked of another service."""

    service: Service
    path: str
    body: dict[str, Any]


class CallAnswer(Struct, frozen=True):
    """What it answered: an HTTP status and its JSON."""

    status: int
    body: Any


def action_of(deed: Deed) -> ActionName:
    if deed.activate_strategy is not None:
        return "activate_strategy"
    if deed.activate_assignments is not None:
        return "activate_assignments"
    return "alert" if deed.stop_experiment is None else "stop_experiment"


def idempotency_key(tenant: str, plan_id: str, contingency: str, triggered_on: date) -> UUID:
    """The same for every call of one triggering, so that it is done once."""
    return uuid5(NAMESPACE, "\x1f".join((tenant, plan_id, contingency, triggered_on.isoformat())))


def call_of(action: PlannedAction) -> ServiceCall | None:
    """What to ask, of whom. None: the alert is all there is to do."""
    deed, reason = action.deed, action.reason[:_REASON_MAX]
    if deed.activate_strategy is not None:
        assert action.from_on is not None, "the day that is asked for"
        asked = deed.activate_strategy
        return ServiceCall(
            service="outreach",
            path=f"/v1/strategies/{asked.name}/activate",
            body={
                "version": asked.version,
                "from": action.from_on.isoformat(),
                "in_flight": asked.in_flight,
                "reason": reason,
            },
        )
    if deed.activate_assignments is not None:
        assert action.from_on is not None, "the day that is asked for"
        return ServiceCall(
            service="outreach",
            path="/v1/strategy-assignments/activate",
            body={
                "version": deed.activate_assignments.version,
                "from": action.from_on.isoformat(),
                "in_flight": deed.activate_assignments.in_flight,
                "reason": reason,
            },
        )
    if deed.stop_experiment is not None:
        path = f"/v1/experiments/{deed.stop_experiment.name}/stop"
        return ServiceCall(service="segmentation", path=path, body={"reason": reason})
    return None


def triggered(
    contingency: Contingency,
    *,
    plan_id: str,
    version: int,
    day: date,
    alert_id: str,
    first_day_not_begun: date,
    words: str,
) -> PlannedAction:
    """An action that begins now."""
    return PlannedAction(
        plan_id=plan_id,
        version=version,
        contingency=contingency.id,
        triggered_on=day,
        alert_id=alert_id,
        deed=contingency.do,
        reason=f"plan {plan_id}, {contingency.id}: {words}",
        state="triggered",
        from_on=first_day_not_begun,
        tries=1,
    )


def answered(action: PlannedAction, answer: CallAnswer) -> PlannedAction:
    """The action after an answer. A day that is refused gives way to the next, three in all."""
    is_done = 200 <= answer.status < 300
    if answer.status == 202 or (is_done and _approval(answer) is not None):
        return replace(action, state="waiting", approval_id=_approval(answer))
    if is_done:
        return replace(action, state="acted")
    refused = _detail(answer)
    if action.action == "stop_experiment":
        # One that has stopped already is what was wanted.
        has_stopped = answer.status == 409
        return replace(action, state="acted" if has_stopped else "failed", because=refused)
    if answer.status == 409 and action.tries < TRIES_MAX:
        assert action.from_on is not None
        return replace(action, from_on=action.from_on + timedelta(days=1), tries=action.tries + 1)
    return replace(action, state="failed", because=refused)


def unanswered(action: PlannedAction, *, since: datetime, now: datetime) -> PlannedAction:
    """The action after a call that nobody answered: tried again, for a day."""
    later = replace(action, attempts=action.attempts + 1)
    if now - since < GIVE_UP_AFTER:
        return later
    return replace(later, state="failed", because="no answer within 24 hours")


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many calls without an answer."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(RETRY_FIRST * (1 << doublings), RETRY_MAX)


def decided(action: PlannedAction, decision: str) -> PlannedAction:
    """The action after what it waited for was decided."""
    if decision == "approved":
        return replace(action, state="acted")
    return replace(action, state="failed", because=f"the approval was {decision}")


def _approval(answer: CallAnswer) -> str | None:
    body = answer.body
    found = body.get("approval_id") if isinstance(body, dict) else None
    return found if isinstance(found, str) else None


def _detail(answer: CallAnswer) -> str:
    body = answer.body
    detail = body.get("detail") if isinstance(body, dict) else None
    words = detail if isinstance(detail, str) else "no reason given"
    return f"answered {answer.status}: {words}"[:_REASON_MAX]
