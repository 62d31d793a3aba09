"""What stops contact about an account's invoices: pauses, from the ledger's events and our own.

A promise that is open, a plan in force, a settlement accepted, either of them while it waits for a
decision, a dispute of all of an invoice, a hold, a placement; an answer that waits for a person, a
claim to have paid, a person's word. Each has its first day, and the day on which it ends where that
is known. When dunning goes on after it is the strategy's. What the ledger has announced last of
each counts: judged again, it may stand again.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal, get_args

from services.outreach.debtors.domain.invoices import Invoice
from shared.events import Received, ledger

# In the order in which they are given as the reason.
StopKind = Literal[
    "promise", "plan", "settlement", "disputed", "hold", "placed", "written-off", "reply", "claim",
    "manual",
]  # fmt: skip
# Holds under which nobody is contacted about anything, whatever invoices they name.
ACCOUNT_WIDE_HOLDS = frozenset(
    {"bankruptcy", "deceased", "breathing-space", "fraud", "attorney", "cease"}
)
NOT_KEPT = frozenset({"broken", "partly_kept"})  # how a promise ends that is answered


@dataclass(frozen=True)
class Stop:
    account_id: str
    name: str  # what it is: "promise R1"
    kind: StopKind
    currency: str | None  # None: any
    invoice_ids: tuple[str, ...] | None  # None: all, also later ones
    from_on: date
    ended_on: date | None = None  # the day on which it ends; None: it stands
    outcome: str | None = None  # how a promise was judged
    is_silence: bool = False  # nobody is contacted about anything
    is_endless: bool = False  # an answer that only a person ends

    def covers(self, invoice: Invoice) -> bool:
        return (
            invoice.account_id == self.account_id
            and self.currency in (None, invoice.currency)
            and (self.invoice_ids is None or invoice.invoice_id in self._ids)
        )

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(self.invoice_ids or ())

    @property
    def has_been(self) -> bool:
        """Whether it ever stood: one that ended before it began never did."""
        return self.ended_on is None or self.from_on < self.ended_on or self.kind != "hold"

    def stands_on(self, day: date) -> bool:
        return self.from_on <= day and (self.ended_on is None or day < self.ended_on)


Stops = MutableMapping[str, Stop]  # of one account, by name


def stopped_by(stops: Iterable[Stop], invoice: Invoice, day: date) -> StopKind | None:
    """Why nobody may be asked for the invoice on a day; None: nothing stops it."""
    found = {stop.kind for stop in stops if stop.stands_on(day) and stop.covers(invoice)}
    return next((kind for kind in get_args(StopKind) if kind in found), None)


def without_end(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """Those of which it is not known when they end. Of the others planning can look ahead."""
    return tuple(stop for stop in stops if stop.ended_on is None)


def _day(event: Received) -> date:
    return event.day or event.time.date()


def _begin(stops: Stops, name: str, kind: StopKind, data: ledger.OfAccount, on: date) -> None:
    stops[name] = Stop(data.account_id, name, kind, data.currency, data.invoice_ids, on)


def _end(stops: Stops, name: str, on: date, outcome: str | None = None) -> None:
    known = stops.get(name)
    if known is not None:
        stops[name] = replace(known, ended_on=on, outcome=outcome)


def _on_promise(stops: Stops, event: Received, data: Any) -> None:
    name = f"promise {data.promise_id}"
    outcome = _state(data) or event.type.removeprefix("promise-").replace("-", "_")
    is_open = isinstance(data, ledger.PromiseMade) or outcome == "open"
    _stands(stops, name, "promise", is_open, event, data, outcome)


def _on_plan(stops: Stops, event: Received, data: Any) -> None:
    is_active = isinstance(data, ledger.PlanAgreed) or _state(data) == "active"
    _stands(stops, f"plan {data.plan_id}", "plan", is_active, event, data)


def _on_settlement(stops: Stops, event: Received, data: Any) -> None:
    is_accepted = isinstance(data, ledger.SettlementAccepted) or _state(data) == "accepted"
    _stands(stops, f"settlement {data.settlement_id}", "settlement", is_accepted, event, data)


def _state(data: Any) -> str | None:
    return data.to_state if isinstance(data, ledger.Rejudged) else None


def _stands(
    stops: Stops,
    name: str,
    kind: StopKind,
    stands: bool,
    event: Received,
    data: ledger.OfAccount,
    outcome: str | None = None,
) -> None:
    known = stops.get(name)
    if not stands:
        is_same = known is not None and known.ended_on is not None and known.outcome == outcome
        if not (is_same and isinstance(data, ledger.Rejudged)):  # only its figures have changed
            _end(stops, name, _day(event), outcome)
    elif known is not None:  # judged again: as if it had never ended
        stops[name] = replace(known, ended_on=None, outcome=None)
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
        is_wide = data.kind in ACCOUNT_WIDE_HOLDS
        stops[name] = Stop(
            data.account_id,
            name,
            "hold",
            None,
            None if is_wide else data.invoice_ids,
            data.from_on,
            None if data.until_on is None else data.until_on + timedelta(days=1),
            is_silence=is_wide,
        )


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
