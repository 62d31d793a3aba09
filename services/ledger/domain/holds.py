"""Holds: what each kind stops, on which days, and for which invoices (docs/ledger/holds.md)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from services.ledger.domain.agreements import By, HoldKind, PolicyRef, Role
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.objects import AccountObject, Step
from services.ledger.domain.state import AccountState
from services.ledger.domain.timeless import HoldSpan

NOUN = "hold"
MANUAL_DAYS_MAX = 90


class HoldRule(Struct, frozen=True):
    """What a kind of hold stops."""

    contact: Literal["all", "its", "none"]  # all: of the account, whatever its invoices
    fees: bool
    interest: bool
    auto_collection: bool
    clocks: bool  # promises, judgements of plans and settlements
    hand_over: Literal["ends", "no-new", "none"]
    role: Role  # that may release it
    days: int | None = None  # the default: its last day, counted from the first
    only_older: bool = False  # fees and interest: without invoices, of what was issued before it

    @property
    def stops(self) -> tuple[str, ...]:
        named = (
            ("contact", self.contact != "none"),
            ("fees", self.fees),
            ("interest", self.interest),
            ("auto-collection", self.auto_collection),
            ("clocks", self.clocks),
            ("hand-over", self.hand_over != "none"),
        )
        return tuple(name for name, does in named if does)


_WHOLE = HoldRule("all", True, True, True, True, "ends", "compliance")
HOLD_RULES: dict[HoldKind, HoldRule] = {
    "bankruptcy": HoldRule("all", True, True, True, True, "ends", "compliance", None, True),
    "deceased": _WHOLE,
    "breathing-space": HoldRule("all", True, True, False, True, "ends", "compliance", 60, True),
    "fraud": _WHOLE,
    "insurance-pending": HoldRule("its", True, True, True, True, "ends", "supervisor"),
    "hardship": HoldRule("its", True, True, True, True, "ends", "supervisor", 30),
    "complaint": HoldRule("its", True, False, False, False, "no-new", "supervisor", 56),
    "attorney": HoldRule("all", False, False, False, False, "no-new", "compliance"),
    "cease": HoldRule("all", False, False, False, False, "none", "compliance"),
    "manual": HoldRule("its", False, False, False, False, "no-new", "supervisor"),
}


class Hold(AccountObject, frozen=True, kw_only=True):
    """A hold as it is shown. Its days are the span's."""

    hold_id: str
    span: HoldSpan
    state: Literal["placed", "released", "expired"]
    history: tuple[Step, ...]
    by: By
    channel: str | None = None
    policy: PolicyRef | None = None


def _turn(span: HoldSpan) -> tuple[date, str]:
    return (span.from_on, span.hold_id)


def holds(state: AccountState) -> list[Hold]:
    """All, in the order in which they were placed."""
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, Hold)]


def spans(state: AccountState) -> list[HoldSpan]:
    """All, in the order of their days, whenever each was heard of."""
    return sorted(state.timeless.holds.values(), key=_turn)


def stops_fees(state: AccountState, invoice: Invoice | None, day: date) -> bool:
    """Whether a hold stops fees on a day; without an invoice: those of the account."""
    return any(_stops(span, invoice, day, HOLD_RULES[span.kind].fees) for span in spans(state))


def stops_interest(state: AccountState, invoice: Invoice, day: date) -> bool:
    """Whether a hold stops interest for a day."""
    return any(_stops(span, invoice, day, HOLD_RULES[span.kind].interest) for span in spans(state))


def _stops(span: HoldSpan, invoice: Invoice | None, day: date, does: bool) -> bool:
    if not does or not span.holds_on(day):
        return False
    if invoice is None:
        return span.invoice_ids is None
    if not span.names(invoice.invoice_id):
        return False
    is_general = span.invoice_ids is None and HOLD_RULES[span.kind].only_older
    return not is_general or invoice.issued_on < span.from_on


def clock_stops(state: AccountState, invoice_ids: Iterable[str]) -> list[HoldSpan]:
    """The holds that stop the clocks of a promise, plan or settlement over these invoices."""
    ids = tuple(invoice_ids)
    return [
        span
        for span in spans(state)
        if HOLD_RULES[span.kind].clocks
        and (span.last_on is None or span.last_on >= span.from_on)
        and any(span.names(invoice_id) for invoice_id in ids)
    ]


def judgement_day(
    state: AccountState,
    invoice_ids: Iterable[str],
    last_on: date,
    after_hold_days: int,
    *,
    since: date | None = None,
) -> date | None:
    """The day at whose beginning is judged what could be done until the end of `last_on`.

    A judgement whose last day lies in a hold that stops the clocks, or within `after_hold_days`
    after its last day, waits until so many days have passed. None: for ever, by what is known.
    Holds that had ended before the day `since` move nothing.
    """
    day = last_on + timedelta(days=1)
    stops = clock_stops(state, invoice_ids)
    moved = True
    while moved:
        moved = False
        for span in stops:
            if last_on < span.from_on:
                continue
            if since is not None and span.last_on is not None and span.last_on < since:
                continue
            if span.last_on is None:
                return None
            later = span.last_on + timedelta(days=1 + after_hold_days)
            if last_on <= span.last_on + timedelta(days=after_hold_days) and day < later:
                day, moved = later, True
                last_on = later - timedelta(days=1)
    return day
