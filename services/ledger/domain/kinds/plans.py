"""Plans: agreed, cancelled, completed or in default (docs/ledger/plans.md)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import structs

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.agreements import PlanAgreed, PlanCancelled
from services.ledger.domain.approvals import approval_of, close
from services.ledger.domain.arrangements import (
    PENDING,
    PLAN,
    agreed,
    began_after,
    begin,
    cash_on,
    ended,
    has_happened,
    in_state,
    judge_instalments,
    judged_at,
    next_judgements,
    placed_by,
    wait,
    with_figures,
    written_off_by,
)
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.objects import boundary
from services.ledger.domain.owed import in_currency, owed_on
from services.ledger.domain.plan_news import agreed_event, no_event, plan_news
from services.ledger.domain.plans import Plan, plans
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from shared.clock import day_start, local_day
from shared.events import billing

_AFTER_ALL = 99  # the rank of what is seen after all facts of an instant


def _id(data: PlanAgreed | PlanCancelled) -> str:
    return data.plan_id


def _need(data: PlanAgreed | PlanCancelled) -> Need:
    return (PLAN, data.plan_id)


def _its_invoices(data: PlanAgreed) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids]


# ── Agreed, cancelled ───────────────────────────────────────────────────────────────────────────


def _agree(state: AccountState, data: PlanAgreed, at: datetime) -> None:
    assert state.position is not None
    plan = Plan(
        noun=PLAN,
        arrangement_id=data.plan_id,
        currency=data.currency,
        place=state.position,
        invoice_ids=in_currency(state, data.invoice_ids, data.currency),
        after_hold_days=data.after_hold_days,
        instalments=agreed(data.instalments),
        state=PENDING,
        data=data,
    )
    for invoice_id in plan.invoice_ids:
        post_interest(state, invoice_id, at)
    if data.approval is None:
        begin(state, plan, at, plan.name)
    else:
        wait(state, plan, data, data.total_minor, at)


def _cancel(state: AccountState, data: PlanCancelled, at: datetime) -> None:
    because = f"plan cancellation {data.plan_id}"
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
        if write_off is not None:  # that pays no instalment
            return ended(plan, acting.at, write_off)
    plan = judge_instalments(state, plan, acting.at, acting.cause)
    if nothing_owed and not plan.cash_minor:
        return ended(plan, acting.at, "nothing-left")
    if plan.cash_minor >= plan.amount_minor or nothing_owed:
        return in_state(plan, "completed", acting.at, acting.cause)
    because = _defaults(state, plan, acting)
    if acting.key == plan.key:
        plan = structs.replace(plan, watched=acting.position)
    return plan if because is None else in_state(plan, "defaulted", acting.at, because)


def _completed(state: AccountState, plan: Plan, acting: Acting) -> Plan:
    """A reversal may take it back, unless another arrangement has begun."""
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
    if any(has_happened(state, place) for place in _stood_missed(state, plan)):
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

    reached = [_reached_at(state, plan, *known) for known in _new_invoices(state, plan)]
    watched = plan.watched or plan.began
    assert watched is not None
    return min(
        [
            *next_judgements(state, plan),
            *_stood_missed(state, plan),
            *(place for place in reached if place > watched),
        ],
        default=None,
    )


def _judge(state: AccountState, plan: Plan, at: datetime) -> None:
    """What is so at this place follows from what lies before it: the conclusions say it."""


def _watch(state: AccountState, acting: Acting) -> None:
    """A new invoice may let a plan default one day."""
    if acting.fact is not None and isinstance(acting.fact.data, billing.InvoiceIssued):
        for plan in plans(state):
            if plan.in_force and plan.data.default.new_invoice_stage is not None:
                state.objects.touch(plan.key)


def _entry(plan_id: str, place: Position) -> tuple[str, str]:
    return ("plan-defaulted", plan_id)


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
        event=agreed_event,
    ),
    Kind(
        type="plan-cancelled",
        data=PlanCancelled,
        word="plan cancellation",
        rank=Rank.PLAN_CANCELLED,
        identity=_id,
        needs=_need,
        apply=_cancel,
        event=no_event,
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
        news=plan_news,
    ),
)
