"""What days charge by themselves: interest on its posting days, fees and compensation on their
steps; and discounts for early payment."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from msgspec import structs

from services.ledger.domain.accruals import NOUN as INTEREST
from services.ledger.domain.accruals import Accrual, post_interest
from services.ledger.domain.allocation import distribute
from services.ledger.domain.charging import charging_on, debt_of
from services.ledger.domain.credits import CreditKey
from services.ledger.domain.discounts import NOUN as DISCOUNT
from services.ledger.domain.discounts import Discount, discount_id
from services.ledger.domain.events import View, allocations
from services.ledger.domain.facts import Position
from services.ledger.domain.fees import NOUN as STEPS
from services.ledger.domain.fees import Steps, charge_id_of, charge_step, next_steps
from services.ledger.domain.interest import next_posting_day
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.kinds import Acting, Noun
from services.ledger.domain.movements import Movement
from services.ledger.domain.news import News
from services.ledger.domain.objects import boundary
from services.ledger.domain.policies.charges import StepKind
from services.ledger.domain.ranks import Turn
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger

KINDS = ()
_LAST = 99  # among what is new
_DAY = timedelta(days=1)


def _tie(invoice: Invoice, then: str) -> str:
    """Oldest due first; of one invoice interest, compensation, late fee."""
    return f"{invoice.due_on} {invoice.issued_on} {invoice.invoice_id} {then}"


# ── Interest ────────────────────────────────────────────────────────────────────────────────────


def _is_open_at(state: AccountState, invoice: Invoice, at: datetime) -> bool:
    """Whether something was open on it just before an instant, by all that acted so far.

    What lies behind the present place has not acted if its day has not begun.
    """
    assert state.position is not None
    if state.position[0] < at:
        return invoice.balance_minor > 0
    return any(
        level.balance_minor > 0
        for level in islice((level for level in reversed(invoice.levels) if level.at < at), 1)
    )


def _wake_interest(state: AccountState, accrual: Accrual) -> Position | None:
    """The next posting day of any rule."""
    invoice = state.invoices[accrual.invoice_id]
    assert state.position is not None
    places = []
    first_on = state.rules.charges_from
    for post in state.rules.posts:
        after_on = invoice.due_on
        if accrual.done is not None:
            after_on = local_day(accrual.done[0], state.zone)
        if first_on > after_on:
            after_on = first_on - _DAY  # the days before it bear nothing to post
        day = next_posting_day(post, invoice.due_on, max(after_on, invoice.due_on))
        while day is not None:
            place = boundary(day, state.zone, Turn.CHARGE, _tie(invoice, "1"))
            if place[0] > invoice.at and _is_open_at(state, invoice, place[0]):
                places.append(place)
                break
            if place[0] > state.position[0]:
                break  # nothing is open, and may never be again
            day = next_posting_day(post, invoice.due_on, day)
    return min(places, default=None)


def _post(state: AccountState, accrual: Accrual, at: datetime) -> None:
    """Post on the days of the rule that fits; of days that none fits by stage."""
    invoice = state.invoices[accrual.invoice_id]
    accrual = structs.replace(accrual, done=state.position)
    state.objects.set((INTEREST, accrual.invoice_id), accrual)
    day = local_day(at, state.zone)
    debt = debt_of(state, invoice, invoice.currency, day)
    rule = charging_on(state, day).interest_rule(debt)
    post = rule.rule.post if rule is not None else "stage"
    if next_posting_day(post, invoice.due_on, day - _DAY) == day:
        post_interest(state, accrual.invoice_id, at)
        distribute(state, invoice.currency, at)


def _interest_entry(invoice_id: str, place: Position) -> tuple[str, str]:
    return ("interest-charged", f"interest:{invoice_id}")


def _look_again(state: AccountState, acting: Acting) -> bool:
    """What is paid has no next day, what is open again has."""
    for invoice_id in state.before_invoices:
        for noun in (INTEREST, STEPS):
            if (noun, invoice_id) in state.objects.values:
                state.objects.touch((noun, invoice_id))
    return False


# ── Steps ───────────────────────────────────────────────────────────────────────────────────────


def _step_place(
    state: AccountState, invoice: Invoice, on: date, kind: StepKind, step: int
) -> Position:
    then = "2 0001" if kind == "compensation" else f"3 {step:04}"
    return boundary(on, state.zone, Turn.CHARGE, _tie(invoice, then))


def _wake_steps(state: AccountState, steps: Steps) -> Position | None:
    """The next day on which some version could charge something."""
    invoice = state.invoices[steps.invoice_id]
    for on, kind, step in next_steps(state, invoice):
        if on < state.rules.charges_from:
            continue
        place = _step_place(state, invoice, on, kind, step)
        is_done = steps.done is not None and place <= steps.done
        if not is_done and place[0] > invoice.at and _is_open_at(state, invoice, place[0]):
            return place
    return None


def _charge(state: AccountState, steps: Steps, at: datetime) -> None:
    assert state.position is not None
    invoice = state.invoices[steps.invoice_id]
    steps = structs.replace(steps, done=state.position)
    state.objects.set((STEPS, steps.invoice_id), steps)
    kind, step = _step_of(state.position)
    on = invoice.due_on + timedelta(days=step)
    charge_step(state, steps.invoice_id, kind, step, on, at)
    distribute(state, invoice.currency, at)


def _step_of(place: Position) -> tuple[StepKind, int]:
    _, which, step = place[2].rsplit(" ", 2)
    return ("compensation" if which == "2" else "late_fee", int(step))


def _step_entry(invoice_id: str, place: Position) -> tuple[str, str]:
    kind, step = _step_of(place)
    return ("fee-charged", charge_id_of(kind, invoice_id, step))


# ── Discounts ───────────────────────────────────────────────────────────────────────────────────


def _discount_news(view: View, before: Discount | None, after: Discount | None) -> list[News]:
    shown = after or before
    assert shown is not None
    was = before.amount_minor if before is not None else 0
    now = after.amount_minor if after is not None else 0
    if was == now:
        return []
    relief = view.state.credits.get(("discount", discount_id(shown.invoice_id)))
    key: CreditKey = ("discount", discount_id(shown.invoice_id))
    history = tuple(allocations(view.state, relief)) if relief is not None else ()
    if relief is None:
        history = view.history((key,))
    whose: dict[str, Any] = {
        "account_id": view.state.account_id,
        "currency": shown.currency,
        "invoice_ids": (shown.invoice_id,),
        "invoice_id": shown.invoice_id,
        "allocations": history,
        "amounts": (view.amounts(shown.currency),),
    }
    if now:
        assert after is not None
        granted = ledger.DiscountGranted(**whose, amount_minor=now)
        at = after.moves[-1][0][0]
        return [
            News(
                "discount-granted",
                shown.invoice_id,
                view.cause,
                at,
                granted,
                turn=_LAST,
                carries=(key,),
            )
        ]
    revoked = ledger.DiscountRevoked(**whose, amount_minor=was, because=view.cause)
    at = after.moves[-1][0][0] if after is not None else view.at
    return [
        News(
            "discount-revoked",
            shown.invoice_id,
            view.cause,
            at,
            revoked,
            is_new=False,
            turn=-99,
            carries=(key,),
        )
    ]


def _discount_movements(state: AccountState, discount: Discount) -> Iterator[Movement]:
    for place, minor in discount.moves:
        yield Movement(
            local_day(place[0], state.zone),
            place,
            "discount" if minor > 0 else "discount-revoked",
            discount_id(discount.invoice_id),
            discount.currency,
            -minor,
            discount.invoice_id,
        )


NOUNS = (
    Noun(
        name=INTEREST,
        value=Accrual,
        order=24,
        wake=_wake_interest,
        judge=_post,
        entry=_interest_entry,
        conclude=_look_again,
    ),
    Noun(
        name=STEPS,
        value=Steps,
        order=25,
        wake=_wake_steps,
        judge=_charge,
        entry=_step_entry,
    ),
    Noun(
        name=DISCOUNT,
        value=Discount,
        order=26,
        news=_discount_news,
        movements=_discount_movements,
    ),
)
