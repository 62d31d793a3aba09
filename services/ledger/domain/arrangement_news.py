"""What is announced of the instalments of plans and settlements, and of how both changed.

A step forward has its own event. What was announced and is not so, or is taken back, or has other
figures now, is said by one `…-rejudged`.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from services.ledger.domain.agreements import Command
from services.ledger.domain.arrangements import PLAN, AgreedInstalment, Arrangement
from services.ledger.domain.events import View, common
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step
from services.ledger.domain.ranks import Turn
from shared.clock import local_day
from shared.events import ledger

_BACK = ("open", "active", "accepted", "offered", "pending_approval")  # from the cause's time on
_FORWARD = {("open", "paid"), ("open", "missed"), ("missed", "paid")}


def about(view: View, arrangement: Arrangement, data: Command) -> dict[str, Any]:
    """What every event of an arrangement carries."""
    return {
        **common(view, data),
        "currency": arrangement.currency,
        "invoice_ids": arrangement.invoice_ids,
        "amounts": (view.amounts(arrangement.currency),),
    }


def terms_of(instalments: tuple[Any, ...]) -> tuple[ledger.Instalment, ...]:
    return tuple(
        [
            ledger.Instalment(each.n, each.due_on, each.grace_until_on, each.amount_minor)
            for each in instalments
        ]
    )


def is_continued(before: tuple[Step, ...], after: tuple[Step, ...]) -> bool:
    """Whether what was still is: only steps were added."""
    return after[: len(before)] == before


def since(view: View, state: str, history: tuple[Step, ...]) -> datetime:
    """From when a state holds that is announced anew: back to an open one: the cause's instant."""
    return view.at if state in _BACK or not history else history[-1].at


def of_instalment(arrangement: Arrangement, each: AgreedInstalment) -> dict[str, Any]:
    is_plan = arrangement.noun == PLAN
    return {
        "plan_id": arrangement.arrangement_id if is_plan else None,
        "settlement_id": None if is_plan else arrangement.arrangement_id,
        "n": each.n,
        "due_on": each.due_on,
        "amount_minor": each.amount_minor,
    }


def instalment_entity(arrangement: Arrangement, n: int) -> str:
    return f"{arrangement.arrangement_id}/{n}"


def instalment_news(
    view: View, before: Arrangement | None, after: Arrangement, data: Command
) -> list[News]:
    """How its instalments changed."""
    found = []
    for index, each in enumerate(after.instalments):
        known = before.instalments[index] if before is not None else None
        history = known.history if known is not None else ()
        state = known.state if known is not None else "open"
        if each.history == history and known is not None and each.short_minor == known.short_minor:
            continue
        if is_continued(history, each.history) and (state, each.state) in _FORWARD:
            found.append(_step_news(view, after, each, data))
        elif state != each.state or (known is not None and _figures(known) != _figures(each)):
            found.append(_rejudged(view, after, each, state, data))
    return found


def _figures(each: AgreedInstalment) -> tuple[object, ...]:
    """What was announced of the state in which it is."""
    if each.state == "paid":
        return (each.history[-1].at,)
    return (each.short_minor,)


def _paid(view: View, each: AgreedInstalment) -> dict[str, Any]:
    paid_on = local_day(each.history[-1].at, view.state.zone)
    return {"paid_on": paid_on, "days_late": max(0, (paid_on - each.due_on).days)}


def _missed(arrangement: Arrangement, each: AgreedInstalment) -> dict[str, Any]:
    """`missed_count`: with those that came to be missed before it."""
    place = (each.history[-1].at, each.n)
    count = sum(1 for other in arrangement.missed if (other.history[-1].at, other.n) <= place)
    return {"short_minor": each.short_minor, "missed_count": count}


def _step_news(view: View, arrangement: Arrangement, each: AgreedInstalment, data: Command) -> News:
    figures = about(view, arrangement, data) | of_instalment(arrangement, each)
    event: Struct
    if each.state == "paid":
        event = ledger.InstalmentPaid(**figures, **_paid(view, each))
    else:
        event = ledger.InstalmentMissed(**figures, **_missed(arrangement, each))
    at = each.history[-1].at
    return News(
        f"instalment-{each.state}",
        instalment_entity(arrangement, each.n),
        f"{arrangement.noun} {at.isoformat()}, {view.cause}",
        at,
        event,
        turn=Turn.INSTALMENT,
    )


def _rejudged(
    view: View, arrangement: Arrangement, each: AgreedInstalment, state: str, data: Command
) -> News:
    more: dict[str, Any] = {}
    if each.state == "paid":
        more = _paid(view, each)
    elif each.state == "missed":
        more = _missed(arrangement, each)
    event = ledger.InstalmentRejudged(
        **about(view, arrangement, data),
        **of_instalment(arrangement, each),
        **more,
        from_state=state,
        to_state=each.state,
        because=view.cause,
    )
    return News(
        "instalment-rejudged",
        instalment_entity(arrangement, each.n),
        f"{arrangement.noun}, {view.cause}",
        since(view, each.state, each.history),
        event,
        is_new=False,
        turn=Turn.INSTALMENT,
    )
