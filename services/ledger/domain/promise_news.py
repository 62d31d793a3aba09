"""What is announced of a promise that has changed: kept, broken, cancelled, or judged again."""

from services.ledger.domain.events import View, common
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step
from services.ledger.domain.promises import Promise
from services.ledger.domain.ranks import Turn
from shared.events import ledger

_TYPES: dict[str, tuple[str, type[ledger.PromiseKept]]] = {
    "kept": ("promise-kept", ledger.PromiseKept),
    "partly_kept": ("promise-partly-kept", ledger.PromisePartlyKept),  # type: ignore[dict-item]
    "broken": ("promise-broken", ledger.PromiseBroken),  # type: ignore[dict-item]
}


def promise_news(view: View, before: Promise | None, after: Promise | None) -> list[News]:
    if after is None:
        return []
    known = before.history if before is not None else after.history[:1]
    state = before.state if before is not None else "open"
    steps = after.history[len(known) :]
    if after.history[: len(known)] == known and state == "open" and len(steps) == 1:
        return [_step_news(view, after, steps[0])]
    is_other = before is not None and (
        before.state != after.state
        or (after.state != "open" and before.received_minor != after.received_minor)
        or (after.state in _TYPES and before.is_judged and before.asked_minor != after.asked_minor)
    )
    if before is None:
        is_open = after.state == "open"  # again
        return [_step_news(view, after, after.history[-1])] if steps and not is_open else []
    return [_rejudged(view, before, after)] if is_other else []


def _figures(view: View, promise: Promise) -> dict[str, object]:
    return {
        **common(view, promise.data),
        "currency": promise.currency,
        "invoice_ids": promise.data.invoice_ids,
        "promise_id": promise.promise_id,
        "received_minor": promise.received_minor,
        "amounts": (view.amounts(promise.currency),),
    }


def _step_news(view: View, promise: Promise, step: Step) -> News:
    figures = _figures(view, promise)
    cause = f"{step.state} {step.at.isoformat()}, {view.cause}"
    if step.state == "cancelled":
        ended = ledger.PromiseCancelled(**figures, because=step.because)  # type: ignore[arg-type]
        return News(
            "promise-cancelled", promise.promise_id, cause, step.at, ended, turn=Turn.PROMISE
        )
    name, shape = _TYPES[step.state]
    asked = promise.asked_minor if promise.is_judged else None
    data = shape(
        **figures,  # type: ignore[arg-type]
        amount_minor=promise.amount_minor,
        asked_minor=asked,
        due_on=promise.data.due_on,
    )
    return News(name, promise.promise_id, cause, step.at, data, turn=Turn.PROMISE)


def _rejudged(view: View, before: Promise, after: Promise) -> News:
    data = ledger.PromiseRejudged(
        **_figures(view, after),  # type: ignore[arg-type]
        amount_minor=after.amount_minor,
        asked_minor=after.asked_minor if after.is_judged else None,
        due_on=after.data.due_on,
        from_state=before.state,
        to_state=after.state,
        because=view.cause,
    )
    at = view.at if after.state == "open" else after.history[-1].at
    return News(
        "promise-rejudged",
        after.promise_id,
        view.cause,
        at,
        data,
        is_new=False,
        turn=Turn.PROMISE,
    )
