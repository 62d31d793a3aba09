"""What stops contact about an account's invoices, folded from the ledger's events.

A promise that is open, a plan in force, a settlement accepted, either of them while it waits for a
decision, a hold, a placement. Each has its first day, and once it has ended the day on which
dunning goes on. What the ledger has announced last of each counts: judged again, it may stand
again.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from services.outreach.debtors.domain.invoices import Invoice
from shared.events import Received, ledger

StopKind = Literal["promise", "plan", "settlement", "hold", "placed"]

# After so many days dunning goes on.
RESUME_AFTER_DAYS: Mapping[StopKind, int] = {
    "promise": 1,
    "plan": 1,
    "settlement": 1,
    "hold": 0,
    "placed": 0,
}
# Holds under which nobody is contacted about anything, whatever invoices they name.
ACCOUNT_WIDE_HOLDS = frozenset(
    {"bankruptcy", "deceased", "breathing-space", "fraud", "attorney", "cease"}
)


@dataclass(frozen=True)
class Stop:
    account_id: str
    name: str  # what it is: "promise R1"
    kind: StopKind
    currency: str | None  # None: any
    invoice_ids: tuple[str, ...] | None  # None: all, also later ones
    from_on: date
    resume_on: date | None = None  # the first day without it; None: it stands

    def covers(self, invoice: Invoice) -> bool:
        return (
            invoice.account_id == self.account_id
            and self.currency in (None, invoice.currency)
            and (self.invoice_ids is None or invoice.invoice_id in self.invoice_ids)
        )

    def stands_on(self, day: date) -> bool:
        return self.from_on <= day and (self.resume_on is None or day < self.resume_on)


Stops = MutableMapping[str, Stop]  # of one account, by name


def stopped_by(stops: Iterable[Stop], invoice: Invoice, day: date) -> StopKind | None:
    """Why nobody may be asked for the invoice on a day; None: nothing stops it."""
    found = {stop.kind for stop in stops if stop.stands_on(day) and stop.covers(invoice)}
    return next((kind for kind in RESUME_AFTER_DAYS if kind in found), None)


def without_end(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """Those of which it is not known when they end. Of the others planning can look ahead."""
    return tuple(stop for stop in stops if stop.resume_on is None)


def resumed_on(stops: Iterable[Stop], invoice: Invoice) -> date | None:
    """The day on which dunning goes on after the last stop that has ended; None: there was none."""
    days = [
        stop.resume_on
        for stop in stops
        if stop.resume_on is not None and stop.resume_on > stop.from_on and stop.covers(invoice)
    ]
    return max([*days, *([invoice.resumed_on] if invoice.resumed_on else [])], default=None)


def _day(event: Received) -> date:
    return event.day or event.time.date()


def _begin(stops: Stops, name: str, kind: StopKind, data: ledger.OfAccount, on: date) -> None:
    stops[name] = Stop(data.account_id, name, kind, data.currency, data.invoice_ids, on)


def _end(stops: Stops, name: str, on: date) -> None:
    known = stops.get(name)
    if known is not None:
        after = timedelta(days=RESUME_AFTER_DAYS[known.kind])
        stops[name] = replace(known, resume_on=on + after)


def _on_promise(stops: Stops, event: Received, data: Any) -> None:
    name = f"promise {data.promise_id}"
    is_open = isinstance(data, ledger.PromiseMade) or _state(data) == "open"
    _stands(stops, name, "promise", is_open, event, data)


def _on_plan(stops: Stops, event: Received, data: Any) -> None:
    is_active = isinstance(data, ledger.PlanAgreed) or _state(data) == "active"
    _stands(stops, f"plan {data.plan_id}", "plan", is_active, event, data)


def _on_settlement(stops: Stops, event: Received, data: Any) -> None:
    is_accepted = isinstance(data, ledger.SettlementAccepted) or _state(data) == "accepted"
    _stands(stops, f"settlement {data.settlement_id}", "settlement", is_accepted, event, data)


def _state(data: Any) -> str | None:
    return data.to_state if isinstance(data, ledger.Rejudged) else None


def _stands(
    stops: Stops, name: str, kind: StopKind, stands: bool, event: Received, data: ledger.OfAccount
) -> None:
    known = stops.get(name)
    if not stands:
        _end(stops, name, _day(event))
    elif known is not None:  # judged again: as if it had never ended
        stops[name] = replace(known, resume_on=None)
    else:
        _begin(stops, name, kind, data, _day(event))


def _on_approval_needed(stops: Stops, event: Received, data: ledger.ApprovalNeeded) -> None:
    kinds: Mapping[str, StopKind] = {"plan": "plan", "settlement": "settlement"}
    if data.kind in kinds:
        _begin(stops, f"pending {data.approval_id}", kinds[data.kind], data, _day(event))


def _on_approval_closed(stops: Stops, event: Received, data: ledger.ApprovalClosed) -> None:
    _end(stops, f"pending {data.approval_id}", _day(event))


def _on_hold_placed(stops: Stops, _event: Received, data: ledger.HoldPlaced) -> None:
    name = f"hold {data.hold_id}"
    if "contact" in data.stops:
        ids = None if data.kind in ACCOUNT_WIDE_HOLDS else data.invoice_ids
        stops[name] = Stop(data.account_id, name, "hold", None, ids, data.from_on)


def _on_hold_released(stops: Stops, _event: Received, data: ledger.HoldReleased) -> None:
    _end(stops, f"hold {data.hold_id}", data.released_on)


def _on_placed(stops: Stops, event: Received, data: ledger.AccountPlaced) -> None:
    _begin(stops, f"placement {data.placement_id}", "placed", data, _day(event))


def _on_recalled(stops: Stops, event: Received, data: ledger.AccountRecalled) -> None:
    _end(stops, f"placement {data.placement_id}", _day(event))


def _on_returned(stops: Stops, event: Received, data: ledger.WriteOffReversed) -> None:
    """A sale is taken back like a write-off, by the id of the placement."""
    _end(stops, f"placement {data.write_off_id}", _day(event))


STOP_FOLDS: Mapping[str, Callable[[Stops, Received, Any], None]] = {
    **dict.fromkeys(
        [
            *("promise-made", "promise-kept", "promise-partly-kept", "promise-broken"),
            *("promise-cancelled", "promise-rejudged"),
        ],
        _on_promise,
    ),
    **dict.fromkeys(
        ("plan-agreed", "plan-completed", "plan-defaulted", "plan-cancelled", "plan-rejudged"),
        _on_plan,
    ),
    **dict.fromkeys(
        [
            *("settlement-accepted", "settlement-completed", "settlement-lapsed"),
            *("settlement-declined", "settlement-rejudged"),
        ],
        _on_settlement,
    ),
    "approval-needed": _on_approval_needed,
    "approval-closed": _on_approval_closed,
    "hold-placed": _on_hold_placed,
    "hold-released": _on_hold_released,
    "account-placed": _on_placed,
    "account-recalled": _on_recalled,
    "write-off-reversed": _on_returned,
}
