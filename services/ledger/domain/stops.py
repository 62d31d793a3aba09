"""The stops of an account: for whom nothing is sent or collected, why, and until when."""

from datetime import date

from msgspec import Struct

from services.ledger.domain.approvals import approval_of
from services.ledger.domain.arrangements import PENDING, PLAN, Arrangement, arrangements
from services.ledger.domain.holds import HOLD_RULES, holds
from services.ledger.domain.placements import placements
from services.ledger.domain.promises import open_promises
from services.ledger.domain.state import AccountState


class Stop(Struct, frozen=True):
    """It speaks of its invoices (None: of all); a message about what made it is not stopped."""

    kind: str  # promise, plan, settlement, disputed, hold, placed, written-off
    id: str
    currency: str | None
    until: date | None
    invoice_ids: tuple[str, ...] | None
    hold_kind: str | None = None


def stops(state: AccountState, day: date | None) -> list[Stop]:
    """All that stand, by the begun day (None: none has begun)."""
    found = [
        Stop(
            "promise",
            promise.promise_id,
            promise.currency,
            promise.data.grace_until_on,
            promise.data.invoice_ids,
        )
        for promise in open_promises(state)
    ]
    found += [
        Stop(known.noun, known.arrangement_id, known.currency, stopped_until(state, known), ids)
        for known in arrangements(state)
        if known.in_force or known.state == PENDING
        for ids in (known.invoice_ids,)
    ]
    found += _holds(state, day)
    found += [
        Stop(
            "disputed",
            invoice.disputes[-1].dispute_id,
            invoice.currency,
            None,
            (invoice.invoice_id,),
        )
        for invoice in state.invoices.values()
        if invoice.balance_minor and invoice.disputed_minor == invoice.balance_minor
    ]
    found += [
        Stop("placed", known.placement_id, known.currency, known.data.until_on, known.invoice_ids)
        for known in placements(state)
        if known.is_placed
    ]
    found += [
        Stop("written-off", invoice.invoice_id, invoice.currency, None, (invoice.invoice_id,))
        for invoice in state.invoices.values()
        if invoice.status == "written_off"
    ]
    return found


def stopped_until(state: AccountState, known: Arrangement) -> date | None:
    """A plan without end; a settlement to its last end of grace; what waits, to its last day."""
    if known.state == PENDING:
        request = approval_of(state, f"{known.noun}:{known.arrangement_id}")
        return request.expires_on if request is not None else None
    return None if known.noun == PLAN else known.instalments[-1].grace_until_on


def _holds(state: AccountState, day: date | None) -> list[Stop]:
    """By their days: one that is released from a later day on still stops."""
    found = []
    for hold in holds(state):
        span, rule = hold.span, HOLD_RULES[hold.span.kind]
        is_today = day is None or span.holds_on(day)
        if not is_today or rule.contact == "none":
            continue
        ids = span.invoice_ids if rule.contact == "its" else None
        found.append(Stop("hold", hold.hold_id, None, span.last_on, ids, span.kind))
    return found
