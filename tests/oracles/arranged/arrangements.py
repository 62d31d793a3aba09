"""LEDGER-ARRANGEMENTS 1, 3 and 4: what plans and settlements have in common, and plans."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from tests.oracles.arranged.table import Arrangement, Order, Part
from tests.oracles.ledger_table import days

if TYPE_CHECKING:
    from tests.oracles.arranged.timeline import Act
    from tests.oracles.arranged.world import World


def new(noun: str, name: str, data: Any, order: Order) -> Arrangement:
    arrangement = Arrangement(name, noun=noun, data=data, order=order)
    total = 0
    for instalment in data.instalments:
        total += instalment.amount_minor
        arrangement.parts.append(
            Part(
                f"{name}/{instalment.n}",
                n=instalment.n,
                due_on=instalment.due_on,
                grace_until_on=instalment.grace_until_on,
                amount=instalment.amount_minor,
                up_to=total,
            )
        )
    return arrangement


# ── Common figures ──────────────────────────────────────────────────────────────────────────────
def paid(w: "World", arrangement: Arrangement) -> int:
    """P: the cash on its invoices, charges included, of payments that sort after the request."""
    assert arrangement.order is not None
    return sum(
        put.amount
        for put in w.standing()
        if put.is_cash
        and put.recovers is None
        and put.invoice in arrangement.invoices
        and w.source(put).order > arrangement.order
    )


def owed(w: "World", arrangement: Arrangement) -> int:
    return sum(w.owed(invoice) for invoice in arrangement.invoices)


def undisputed(w: "World", arrangement: Arrangement) -> int:
    """U; disputes change nothing in a settlement."""
    if arrangement.noun == "settlement":
        return owed(w, arrangement)
    return sum(w.undisputed(invoice) for invoice in arrangement.invoices)


def judged_on(w: "World", arrangement: Arrangement, last_day: date) -> date | None:
    """The day after the last day; of one that a hold covers it waits (6). None: without end."""
    began = w.day(arrangement.began) if arrangement.began else date.min
    while True:
        latest = last_day
        for span in w.spans:
            if not span.stops_clocks_of(arrangement.invoices) or span.never_was:
                continue
            if span.last_on is None:
                if span.from_on <= last_day:
                    return None
                continue
            after = span.last_on + days(arrangement.data.after_hold_days)
            if span.last_on >= began and span.from_on <= last_day <= after:
                latest = max(latest, after)
        if latest == last_day:
            return last_day + days(1)
        last_day = latest


def first_call(w: "World", arrangement: Arrangement, day: date) -> int:
    """Until P = c_k, k being the first instalment due on or after the day (none: the last)."""
    later = [part for part in arrangement.parts if part.due_on >= day]
    part = later[0] if later else arrangement.parts[-1]
    return max(0, part.up_to - paid(w, arrangement))


def arrears(w: "World", arrangement: Arrangement) -> int:
    """min(c_m − P, U), at least 0, m being the last instalment with due_on before the begun day."""
    due = [p for p in arrangement.parts if w.begun is not None and p.due_on < w.begun]
    if not arrangement.in_force or not due:
        return 0
    return max(0, min(due[-1].up_to - paid(w, arrangement), undisputed(w, arrangement)))


# ── Beginning and ending ────────────────────────────────────────────────────────────────────────
def end(arrangement: Arrangement, now: datetime, because: str) -> None:
    state = "cancelled" if arrangement.noun == "plan" else "lapsed"
    arrangement.become(state, now, because)


def refuse(arrangement: Arrangement, now: datetime, because: str) -> None:
    if arrangement.noun == "plan":
        arrangement.become("refused", now, because)
    else:
        settled = because if because == "withdrawn" else "approval"
        arrangement.become("declined", now, settled)


def wait(w: "World", arrangement: Arrangement, now: datetime) -> None:
    """One waits per account and currency: a newer one that waits withdraws it."""
    _withdraw_waiting(w, arrangement, now)
    arrangement.become("pending_approval", now, w.cause)


def _withdraw_waiting(w: "World", arrangement: Arrangement, now: datetime) -> None:
    for other in w.arrangements.values():
        same = other is not arrangement and other.currency == arrangement.currency
        if same and other.state == "pending_approval":
            refuse(other, now, "withdrawn")


def begin(w: "World", arrangement: Arrangement, now: datetime, because: str) -> None:
    """A newer one takes the older's place at its own instant; the older ends as a whole."""
    placed = [t for i in arrangement.invoices if (t := w.placed_by(i)) is not None]
    if placed:  # no debt is both arranged and placed
        end(arrangement, now, placed[0])
        return
    older = w.in_force(arrangement.currency)
    if older is not None:
        end(older, now, arrangement.name)
    _withdraw_waiting(w, arrangement, now)
    arrangement.began = now
    w.beginnings.append((arrangement.noun, arrangement.id))
    arrangement.become("active" if arrangement.noun == "plan" else "accepted", now, because)


def began_later(w: "World", arrangement: Arrangement) -> Arrangement | None:
    """Another arrangement of the currency that began after this one."""
    for other in w.arrangements.values():
        same = other is not arrangement and other.currency == arrangement.currency
        both = same and other.began is not None and arrangement.began is not None
        if both and w.began_in_turn(other) > w.began_in_turn(arrangement):
            return other
    return None


# ── Plans ───────────────────────────────────────────────────────────────────────────────────────
def agree(w: "World", act: "Act") -> None:
    plan = new("plan", act.data.plan_id, act.data, act.order)
    w.arrangements["plan", plan.id] = plan
    if act.data.approval is not None:
        wait(w, plan, act.instant)
    else:
        begin(w, plan, act.instant, w.cause)


def cancel(w: "World", act: "Act") -> None:
    plan = w.arrangements["plan", act.data.plan_id]
    if plan.state == "pending_approval":
        refuse(plan, act.instant, "withdrawn")
    elif plan.state == "active":
        plan.become("cancelled", act.instant, "cancelled")


def judge_instalments(w: "World", arrangement: Arrangement, now: datetime) -> None:
    """While it is in force (and completed): what is paid, missed, open, by what is so now."""
    if not arrangement.in_force and arrangement.state != "completed":
        return
    p, u, due = paid(w, arrangement), undisputed(w, arrangement), owed(w, arrangement)
    for part in arrangement.parts:
        judged = judged_on(w, arrangement, part.grace_until_on)
        short = max(0, min(part.up_to - p, u))
        if p >= part.up_to or due == 0:
            state = "paid"
        elif judged is not None and w.passed(judged) and short > 0:
            state = "missed"
        else:
            state = "open"
        if state == "missed" and part.state != "missed":
            part.missed_on = w.day(now)
        part.short = short if state == "missed" else 0
        part.become(state, now, w.cause)


def judge_plan(w: "World", plan: Arrangement, now: datetime) -> None:
    if plan.state == "completed":
        fell = paid(w, plan) < plan.paid
        plan.paid = paid(w, plan)
        if fell and w.is_reversal and not _is_done(w, plan) and began_later(w, plan) is None:
            plan.become("active", now, w.cause)
            judge_instalments(w, plan, now)
    if plan.state != "active":
        return
    plan.paid = paid(w, plan)
    if _is_done(w, plan):
        plan.become("completed", now, w.cause)
    elif owed(w, plan) == 0:
        plan.become("cancelled", now, "nothing-left")
    elif (because := _default(w, plan)) is not None:
        plan.become("defaulted", now, because)


def _is_done(w: "World", plan: Arrangement) -> bool:
    p = paid(w, plan)
    return p >= plan.parts[-1].up_to or (owed(w, plan) == 0 and p > 0)


def _default(w: "World", plan: Arrangement) -> str | None:
    rule = plan.data.default
    missed = [part for part in plan.parts if part.state == "missed"]
    if plan.data.has_down_payment and plan.parts[0] in missed:
        return "first"
    if rule.missed is not None and len(missed) >= rule.missed:
        return "missed"
    for part in missed:
        if rule.days is not None and part.missed_on is not None:
            last_day = part.missed_on + days(rule.days - 1)
            stood_until = judged_on(w, plan, last_day)
            if stood_until is not None and w.passed(stood_until):
                return "days"
    if plan.id in w.reached_by_new_invoice:
        return "new-invoice"
    return None


def look_at_new_invoices(w: "World", today: date, *, at_own_instant: bool) -> None:
    """An invoice later than the request and outside the plan reaches the stage with a balance."""
    for plan in w.arrangements.values():
        stage = plan.data.default.new_invoice_stage if plan.noun == "plan" else None
        if stage is None or plan.state != "active" or not w.passed(today):
            continue
        for bill in w.bills.values():
            later = plan.order is not None and bill.instant > plan.order[0]
            outside = bill.currency == plan.currency and bill.id not in plan.invoices
            since_on = bill.due_on + days(stage)
            at_own = since_on <= w.day(bill.instant)
            now = w.day(bill.instant) == today if at_own else since_on == today
            if later and outside and now and at_own == at_own_instant and w.principal(bill) > 0:
                w.reached_by_new_invoice.add(plan.id)
