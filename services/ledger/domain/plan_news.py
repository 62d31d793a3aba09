"""What is announced of plans: agreed, completed, in default, cancelled, judged again."""

from services.ledger.domain.agreements import PlanAgreed, PlanCancelled
from services.ledger.domain.arrangement_news import (
    about,
    instalment_news,
    is_continued,
    since,
    terms_of,
)
from services.ledger.domain.arrangements import PENDING, PLAN
from services.ledger.domain.events import View
from services.ledger.domain.news import News
from services.ledger.domain.plans import Plan
from services.ledger.domain.ranks import Turn
from shared.clock import local_day
from shared.events import ledger

_ENDS = ("completed", "defaulted", "cancelled")


def agreed_event(view: View, data: PlanAgreed) -> ledger.PlanAgreed | None:
    """One that waits for an approval is announced when it is agreed."""
    return None if data.approval is not None else _agreed_news(view, data)


def _agreed_news(view: View, data: PlanAgreed) -> ledger.PlanAgreed:
    plan = view.state.objects.of(PLAN)[data.plan_id]
    assert isinstance(plan, Plan)
    return ledger.PlanAgreed(
        **about(view, plan, data),
        plan_id=data.plan_id,
        kind=data.kind,
        total_minor=data.total_minor,
        instalments=terms_of(data.instalments),
        freeze=ledger.Freeze(data.freeze.fees, data.freeze.interest),
        replaces=data.replaces,
    )


def no_event(view: View, data: PlanCancelled) -> None:
    return None  # the plan announces that it has ended


def plan_news(view: View, before: Plan | None, after: Plan | None) -> list[News]:
    if after is None:
        return []
    data, found = after.data, instalment_news(view, before, after, after.data)
    was_in_force = before is not None and before.began is not None
    begins = after.began is not None and not was_in_force and data.approval is not None
    if begins:
        assert after.began is not None
        event, began_at = _agreed_news(view, data), after.began[0]
        cause = f"agreed, {view.cause}"
        found.append(News("plan-agreed", data.plan_id, cause, began_at, event, turn=-1))
    known = before.history if before is not None else ()
    state = before.state if before is not None else "active"
    is_forward = begins or (is_continued(known, after.history) and state in (PENDING, "active"))
    if is_forward and after.state in _ENDS:
        found.append(_step_news(view, after))
    elif before is not None and not begins and _said(view, before) != _said(view, after):
        found.append(_rejudged(view, before, after))
    return found


def _arrears(view: View, plan: Plan) -> int:
    """At the end of a plan, or of one in force before the begun day."""
    day = view.begun_on if plan.in_force else local_day(plan.history[-1].at, view.state.zone)
    return plan.arrears_on(day) if day is not None else 0


def _said(view: View, plan: Plan) -> tuple[object, ...]:
    """What was announced of the state in which it is."""
    if plan.state in (PENDING, "refused"):
        return ("not agreed",)
    if plan.state == "defaulted":
        return (plan.state, plan.paid_minor, _arrears(view, plan))
    return (plan.state, plan.paid_minor if plan.state in ("completed", "cancelled") else None)


def _step_news(view: View, plan: Plan) -> News:
    step = plan.history[-1]
    figures = about(view, plan, plan.data) | {
        "plan_id": plan.arrangement_id,
        "paid_minor": plan.paid_minor,
    }
    event: ledger.PlanCompleted | ledger.PlanDefaulted | ledger.PlanCancelled
    if step.state == "completed":
        event = ledger.PlanCompleted(**figures)
    elif step.state == "defaulted":
        arrears = _arrears(view, plan)
        event = ledger.PlanDefaulted(**figures, because=step.because, arrears_minor=arrears)  # type: ignore[arg-type]
    else:
        event = ledger.PlanCancelled(**figures, because=step.because)
    cause = f"{step.at.isoformat()}, {view.cause}"
    return News(
        f"plan-{step.state}", plan.arrangement_id, cause, step.at, event, turn=Turn.ARRANGEMENT
    )


def _rejudged(view: View, before: Plan, after: Plan) -> News:
    event = ledger.PlanRejudged(
        **about(view, after, after.data),
        plan_id=after.arrangement_id,
        paid_minor=after.paid_minor,
        arrears_minor=_arrears(view, after),
        from_state=before.state,
        to_state=after.state,
        because=view.cause,
    )
    return News(
        "plan-rejudged",
        after.arrangement_id,
        view.cause,
        since(view, after.state, after.history),
        event,
        is_new=False,
        turn=Turn.ARRANGEMENT,
    )
