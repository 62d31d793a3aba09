"""Plans: agreed, cancelled, completed or in default (docs/ledger.md, Plans)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import structs

from services.ledger.domain.agreements import PlanAgreed, PlanCancelled
from services.ledger.domain.approvals import approval_of, ask, close
from services.ledger.domain.arrangement_news import (
    about,
    instalment_news,
    is_continued,
    since,
    terms_of,
)
from services.ledger.domain.arrangements import (
    PENDING,
    PLAN,
    agreed,
    began_after,
    begin,
    cash_on,
    ended,
    first_later,
    in_state,
    judge_instalments,
    judged_at,
    next_judgements,
    placed_by,
    with_figures,
    withdraw_waiting,
    written_off_by,
)
from services.ledger.domain.events import View
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step, boundary
from services.ledger.domain.owed import owed_on
from services.ledger.domain.plans import Plan, plans
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from shared.clock import day_start, local_day
from shared.events import billing, ledger

_AFTER_ALL = 99  # the rank of what is seen after all facts of an instant
_ENDS = ("completed", "defaulted", "cancelled")


def _id(data: PlanAgreed | PlanCancelled) -> str:
    return data.plan_id


def _need(data: PlanAgreed | PlanCancelled) -> Need:
    return (PLAN, data.plan_id)


def _its_invoices(data: PlanAgreed) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids]


# ── Agreed, cancelled ───────────────────────────────────────────────────────────────────────────


def _agree(state: AccountState, data: PlanAgreed, at: datetime) -> None:
    assert state.position is not None
    cause = f"plan {data.plan_id}"
    plan = Plan(
        noun=PLAN,
        arrangement_id=data.plan_id,
        currency=data.currency,
        place=state.position,
        invoice_ids=tuple(
            [i for i in data.invoice_ids if state.invoices[i].currency == data.currency]
        ),
        after_hold_days=data.after_hold_days,
        instalments=agreed(data.instalments),
        state=PENDING,
        data=data,
    )
    if data.approval is None:
        begin(state, plan, at, cause)
        return
    withdraw_waiting(state, plan, at)
    waits = (Step(PENDING, at, cause),)
    state.objects.set(plan.key, structs.replace(plan, history=waits))
    ask(
        state,
        PLAN,
        data.plan_id,
        data.approval,
        currency=data.currency,
        invoice_ids=plan.invoice_ids,
        amount_minor=data.total_minor,
        by=data.by,
        at=at,
    )


def _cancel(state: AccountState, data: PlanCancelled, at: datetime) -> None:
    because = f"cancellation {data.plan_id}"
    plan = state.objects.of(PLAN)[data.plan_id]
    assert isinstance(plan, Plan)
    if plan.state == PENDING:
        close(state, f"{PLAN}:{plan.arrangement_id}", "withdrawn", at, because, data.by)
    elif plan.in_force:
        state.objects.set(plan.key, ended(plan, at, because))


# ── What follows ────────────────────────────────────────────────────────────────────────────────


def _conclude(state: AccountState, acting: Acting) -> bool:
    """By the money and the debts at this place."""
    if not state.objects.of(PLAN):
        return False
    _watch(state, acting)
    before = dict(state.objects.of(PLAN))
    for plan_id in before:
        plan = state.objects.of(PLAN)[plan_id]  # the one before it may have ended it
        assert isinstance(plan, Plan)
        if plan.state == PENDING:
            plan = _approved(state, plan, acting)
        elif plan.state == "completed":
            plan = _completed(state, plan, acting)
        if plan.in_force:
            plan = _in_force(state, plan, acting)
        state.objects.set(plan.key, plan)
    return any(before[key] != value for key, value in state.objects.of(PLAN).items())


def _approved(state: AccountState, plan: Plan, acting: Acting) -> Plan:
    request = approval_of(state, f"{PLAN}:{plan.arrangement_id}")
    if request is None or request.state == "open":
        return plan
    if request.state == "approved":
        return begin(state, plan, acting.at, acting.cause)
    return in_state(plan, "refused", acting.at, request.state)


def _in_force(state: AccountState, plan: Plan, acting: Acting) -> Plan:
    plan = with_figures(state, plan)
    placement = placed_by(state, plan)
    if placement is not None:
        return ended(plan, acting.at, placement)
    nothing_owed = not owed_on(state, plan.invoice_ids)
    if plan.cash_minor < plan.amount_minor and nothing_owed:
        write_off = written_off_by(state, plan)
        if write_off is not None:
            return ended(plan, acting.at, write_off)
        if not plan.cash_minor:
            plan = judge_instalments(state, plan, acting.at, acting.cause)
            return ended(plan, acting.at, "nothing-left")
    plan = judge_instalments(state, plan, acting.at, acting.cause)
    if plan.cash_minor >= plan.amount_minor or nothing_owed:
        return in_state(plan, "completed", acting.at, acting.cause)
    because = _defaults(state, plan, acting)
    return plan if because is None else in_state(plan, "defaulted", acting.at, because)


def _completed(state: AccountState, plan: Plan, acting: Acting) -> Plan:
    """A reversal may take it back, unless another arrangement has begun."""
    if not any(invoice_id in state.before_invoices for invoice_id in plan.invoice_ids):
        return plan
    known, cash = plan.cash_minor, cash_on(state, plan)
    plan = structs.replace(plan, cash_minor=cash)
    is_reversal = acting.fact is not None and isinstance(acting.fact.data, billing.PaymentReversed)
    is_done = cash >= plan.amount_minor or (cash and not owed_on(state, plan.invoice_ids))
    if cash >= known or not is_reversal or is_done or began_after(state, plan) is not None:
        return plan
    return in_state(plan, "active", acting.at, acting.cause)


# ── Default ─────────────────────────────────────────────────────────────────────────────────────


def _defaults(state: AccountState, plan: Plan, acting: Acting) -> str | None:
    rule, missed = plan.data.default, plan.missed
    if plan.data.has_down_payment and plan.instalments[0].state == "missed":
        return "first"
    if rule.missed is not None and len(missed) >= rule.missed:
        return "missed"
    if any(place <= acting.position for place in _stood_missed(state, plan)):
        return "days"
    return "new-invoice" if _new_invoice_is_old(state, plan, acting) else None


def _stood_missed(state: AccountState, plan: Plan) -> Iterator[Position]:
    """Where each missed instalment has stood missed for as long as it may."""
    days = plan.data.default.days
    for each in plan.missed if days is not None else ():
        assert days is not None
        last_on = local_day(each.history[-1].at, state.zone) + timedelta(days=days - 1)
        place = judged_at(state, plan, last_on, Turn.ARRANGEMENT)
        if place is not None:
            yield place


def _new_invoices(state: AccountState, plan: Plan) -> Iterator[tuple[Invoice, date]]:
    """Invoices outside the plan that came after the request, and when each reaches the stage."""
    stage = plan.data.default.new_invoice_stage
    if stage is None:
        return
    for invoice in state.invoices.values():
        is_outside = invoice.invoice_id not in plan.invoice_ids
        if is_outside and invoice.currency == plan.currency and invoice.at > plan.place[0]:
            yield invoice, invoice.due_on + timedelta(days=stage)


def _reached_at(state: AccountState, plan: Plan, invoice: Invoice, day: date) -> Position:
    """At the beginning of the stage's day; at the invoice's own instant if that is later, after
    all facts of it."""
    if day_start(day, state.zone) <= invoice.at:
        return (invoice.at, _AFTER_ALL, f"{Turn.ARRANGEMENT:02} {plan.name}")
    return boundary(day, state.zone, Turn.ARRANGEMENT, plan.name)


def _new_invoice_is_old(state: AccountState, plan: Plan, acting: Acting) -> bool:
    return any(
        invoice.balance_minor and _reached_at(state, plan, invoice, day) == acting.position
        for invoice, day in _new_invoices(state, plan)
    )


# ── Judged ──────────────────────────────────────────────────────────────────────────────────────


def _wake(state: AccountState, plan: Plan) -> Position | None:
    if not plan.in_force:
        return None

    def places() -> Iterator[Position]:
        yield from next_judgements(state, plan)
        yield from _stood_missed(state, plan)
        for invoice, day in _new_invoices(state, plan):
            yield _reached_at(state, plan, invoice, day)

    return first_later(state, places())


def _judge(state: AccountState, plan: Plan, at: datetime) -> None:
    """What is so at this place follows from what lies before it: the conclusions say it."""


def _watch(state: AccountState, acting: Acting) -> None:
    """A new invoice may let a plan default one day."""
    if acting.fact is not None and isinstance(acting.fact.data, billing.InvoiceIssued):
        for plan in plans(state):
            if plan.in_force and plan.data.default.new_invoice_stage is not None:
                state.objects.touch(plan.key)


def _entry(plan_id: str) -> tuple[str, str]:
    return ("plan-defaulted", plan_id)


# ── Announced ───────────────────────────────────────────────────────────────────────────────────


def _agreed_event(view: View, data: PlanAgreed) -> ledger.PlanAgreed | None:
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


def _no_event(view: View, data: PlanCancelled) -> None:
    return None  # the plan announces that it has ended


def _news(view: View, before: Plan | None, after: Plan | None) -> list[News]:
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


KINDS = (
    Kind(
        type="plan-agreed",
        data=PlanAgreed,
        word="plan",
        rank=Rank.PLAN_AGREED,
        identity=_id,
        also_needs=_its_invoices,
        provides=_need,
        apply=_agree,
        event=_agreed_event,
    ),
    Kind(
        type="plan-cancelled",
        data=PlanCancelled,
        word="cancellation",
        rank=Rank.PLAN_CANCELLED,
        identity=_id,
        needs=_need,
        apply=_cancel,
        event=_no_event,
    ),
)

NOUNS = (
    Noun(
        name=PLAN,
        value=Plan,
        order=30,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        conclude=_conclude,
        news=_news,
    ),
)
