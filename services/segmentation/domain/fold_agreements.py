"""Events of promises, plans, settlements, holds and placements into what is known of an account."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.segmentation.domain.agreements import Agreements, Hold, Promise
from shared.events import Received, ledger

# What an event does; the day on which it counts.
AgreementFold = Callable[[Agreements, Any, date], None]


def _promise(state: str) -> AgreementFold:
    def fold(agreements: Agreements, data: Any, on: date) -> None:
        agreements.promises[data.promise_id] = Promise(state, on)

    return fold


def _promise_rejudged(agreements: Agreements, data: ledger.PromiseRejudged, on: date) -> None:
    agreements.promises[data.promise_id] = Promise(data.to_state, on)


def _plan(state: str) -> AgreementFold:
    def fold(agreements: Agreements, data: Any, _on: date) -> None:
        agreements.plans[data.plan_id] = state

    return fold


def _plan_rejudged(agreements: Agreements, data: ledger.PlanRejudged, _on: date) -> None:
    agreements.plans[data.plan_id] = data.to_state


def _settlement(state: str) -> AgreementFold:
    def fold(agreements: Agreements, data: Any, _on: date) -> None:
        agreements.settlements[data.settlement_id] = state

    return fold


def _settlement_rejudged(
    agreements: Agreements, data: ledger.SettlementRejudged, _on: date
) -> None:
    agreements.settlements[data.settlement_id] = data.to_state


def _instalment(state: str | None) -> AgreementFold:
    """`None`: the state that the event says."""

    def fold(agreements: Agreements, data: Any, _on: date) -> None:
        of = f"plan {data.plan_id}" if data.plan_id else f"settlement {data.settlement_id}"
        if (state or data.to_state) == "missed":
            agreements.missed[f"{of} {data.n}"] = None
        else:
            agreements.missed.pop(f"{of} {data.n}", None)

    return fold


def _hold_placed(agreements: Agreements, data: ledger.HoldPlaced, _on: date) -> None:
    agreements.holds[data.hold_id] = Hold(data.kind, data.from_on, data.until_on)


def _hold_released(agreements: Agreements, data: ledger.HoldReleased, _on: date) -> None:
    known = agreements.holds.get(data.hold_id)
    from_on = known.from_on if known is not None else data.released_on
    until_on = known.until_on if known is not None else None
    agreements.holds[data.hold_id] = Hold(data.kind, from_on, until_on, data.released_on)


def _placed(agreements: Agreements, data: ledger.AccountPlaced, _on: date) -> None:
    if data.kind != "sale":  # what is sold is owed to somebody else
        agreements.placements[data.placement_id] = None


def _recalled(agreements: Agreements, data: ledger.AccountRecalled, _on: date) -> None:
    agreements.placements.pop(data.placement_id, None)


FOLDS: Mapping[str, AgreementFold] = {
    "promise-made": _promise("open"),
    "promise-kept": _promise("kept"),
    "promise-partly-kept": _promise("partly_kept"),
    "promise-broken": _promise("broken"),
    "promise-cancelled": _promise("cancelled"),
    "promise-rejudged": _promise_rejudged,
    "plan-agreed": _plan("active"),
    "plan-completed": _plan("completed"),
    "plan-defaulted": _plan("defaulted"),
    "plan-cancelled": _plan("cancelled"),
    "plan-rejudged": _plan_rejudged,
    "instalment-paid": _instalment("paid"),
    "instalment-missed": _instalment("missed"),
    "instalment-rejudged": _instalment(None),
    "settlement-offered": _settlement("offered"),
    "settlement-accepted": _settlement("accepted"),
    "settlement-declined": _settlement("declined"),
    "settlement-completed": _settlement("completed"),
    "settlement-lapsed": _settlement("lapsed"),
    "settlement-rejudged": _settlement_rejudged,
    "hold-placed": _hold_placed,
    "hold-released": _hold_released,
    "account-placed": _placed,
    "account-recalled": _recalled,
}


def day_of(event: Received) -> date:
    return event.day or event.time.date()
