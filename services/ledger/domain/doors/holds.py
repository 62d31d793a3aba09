"""The door of holds: for which invoices, from when, how long; and who may release them."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.ledger.domain.agreements import Approval, HoldKind, HoldPlaced, HoldReleased
from services.ledger.domain.approvals import approval_of
from services.ledger.domain.doors import Asking, RequestFaults, Resolved, in_the_way
from services.ledger.domain.holds import HOLD_RULES, MANUAL_DAYS_MAX, NOUN, Hold
from services.ledger.domain.state import AccountState
from shared.errors import NotFound

APPROVAL_BUSINESS_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class HoldAsked:
    """A hold that is to be placed."""

    hold_id: str
    kind: HoldKind
    invoice_ids: tuple[str, ...] | None = None
    from_on: date | None = None
    until_on: date | None = None
    reason: str = ""
    evidence_ref: str | None = None


def place_hold(state: AccountState, asked: HoldAsked, asking: Asking) -> Resolved:
    """Raises `Invalid`."""
    rule = HOLD_RULES[asked.kind]
    from_on = asked.from_on or asking.on
    until_on = asked.until_on
    if until_on is None and rule.days is not None:
        until_on = from_on + timedelta(days=rule.days - 1)
    faults = RequestFaults()
    for number, invoice_id in enumerate(asked.invoice_ids or ()):
        if invoice_id not in state.invoices:
            faults.add(f"/invoice_ids/{number}", "is no invoice of the account")
    if until_on is not None and until_on < from_on:
        faults.add("/until_on", f"lies before {from_on}")
    if asked.kind == "manual":
        latest = from_on + timedelta(days=MANUAL_DAYS_MAX - 1)
        if until_on is None:
            faults.add("/until_on", "is needed for a manual hold", latest_on=latest)
        elif until_on > latest:
            detail = f"a manual hold lasts at most {MANUAL_DAYS_MAX} days, until {latest}"
            faults.add("/until_on", detail, latest_on=latest)
    faults.refuse("The hold cannot be placed.")
    fact = HoldPlaced(
        **asking.common(state.account_id),
        hold_id=asked.hold_id,
        kind=asked.kind,
        invoice_ids=asked.invoice_ids,
        from_on=from_on,
        until_on=until_on,
        reason=asked.reason,
        evidence_ref=asked.evidence_ref,
    )
    return Resolved((fact,))


def release_hold(
    state: AccountState, hold_id: str, released_on: date | None, reason: str, asking: Asking
) -> Resolved:
    """By somebody without its role it waits for one who has it. Raises `NotFound`, `Conflict`."""
    known = state.objects.of(NOUN).get(hold_id)
    if not isinstance(known, Hold):
        raise NotFound(f"there is no hold {hold_id!r} of the account")
    if known.state != "placed" or known.span.released_on is not None:
        raise in_the_way(f"hold {hold_id} has ended", known.state, state=known.state)
    request = approval_of(state, f"{NOUN}:{hold_id}")
    role = HOLD_RULES[known.span.kind].role
    if request is not None and request.state == "open":
        because = f"approval {request.approval_id}"
        raise in_the_way(f"a release of hold {hold_id} was asked for", because)
    if request is not None and role not in asking.roles:
        detail = f"a release of hold {hold_id} was {request.state}: it needs the role {role}"
        raise in_the_way(detail, request.state, state=known.state)
    approval = None
    if role not in asking.roles:
        expires_on = asking.grace(asking.on, APPROVAL_BUSINESS_DAYS)
        approval = Approval(role, expires_on)
    fact = HoldReleased(
        **asking.common(state.account_id),
        hold_id=hold_id,
        released_on=released_on or asking.on,
        reason=reason,
        approval=approval,
        is_second=request is not None,
    )
    return Resolved((fact,))
