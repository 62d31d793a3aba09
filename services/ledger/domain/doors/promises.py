"""The door of promises: how much, until when, for which invoices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.ledger.domain.agreements import PolicyRef, PromiseCancelled, PromiseMade
from services.ledger.domain.doors import (
    Asking,
    RequestFaults,
    Resolved,
    asked_of,
    in_the_way,
    situation,
)
from services.ledger.domain.holds import clock_stops
from services.ledger.domain.owed import owed, undisputed_on
from services.ledger.domain.policies.members import choose
from services.ledger.domain.policies.promises import PromiseRule
from services.ledger.domain.promises import NOUN, Promise, open_promises, promises
from services.ledger.domain.requests import PolicyRequest, PromiseAsked
from services.ledger.domain.state import AccountState
from services.ledger.domain.taken import taken
from shared.clock import local_day
from shared.errors import NotFound

BROKEN_DAYS = 180


@dataclass(frozen=True, kw_only=True)
class PromiseOffer:
    """What is promised."""

    promise_id: str
    currency: str
    amount_minor: int
    due_on: date
    invoice_ids: tuple[str, ...] | None = None
    supersedes: tuple[str, ...] = ()
    mandate_id: str | None = None


def covered(state: AccountState, currency: str, named: Iterable[str] | None) -> tuple[str, ...]:
    """The invoices named, or those that are open and not taken."""
    if named is not None:
        return tuple(named)
    out, sums = taken(state), state.currencies.get(currency)
    return tuple([i for _, _, i in sums.open if i not in out]) if sums is not None else ()


def most_minor(
    state: AccountState, currency: str, invoice_ids: Iterable[str], without: Iterable[str] = ()
) -> int:
    """What can still be promised: undisputed less what open promises that share one miss."""
    ids = tuple(invoice_ids)
    missing = missing_on(state, currency, ids, without)
    return max(0, undisputed_on(state, set(ids)) - missing)


def missing_on(
    state: AccountState, currency: str, invoice_ids: Iterable[str], without: Iterable[str] = ()
) -> int:
    """What open promises that share one of these invoices still miss."""
    ids, left_out = set(invoice_ids), set(without)
    return sum(
        promise.missing_minor
        for promise in open_promises(state)
        if promise.currency == currency
        and promise.promise_id not in left_out
        and not ids.isdisjoint(promise.covers)
    )


def broken_lately(state: AccountState, on: date) -> int:
    """How many were broken in the last 180 days."""
    since = on - timedelta(days=BROKEN_DAYS)
    return sum(
        known.state == "broken" and local_day(known.history[-1].at, state.zone) > since
        for known in promises(state)
    )


def make_promise(state: AccountState, offer: PromiseOffer, asking: Asking) -> Resolved:
    """Raises `Invalid` with `most_minor`, `Conflict`."""
    policy = asking.policies["promises"]
    ids = covered(state, offer.currency, offer.invoice_ids)
    asked = situation(state, asking, offer.currency, ids, undisputed_on(state, ids))
    number, rule = choose(policy.rules, asked)
    superseded = [known for known in open_promises(state) if known.promise_id in offer.supersedes]
    request = PolicyRequest(
        account_id=state.account_id,
        noun="promise",
        requested_at=asking.now,
        requested_on=asking.on,
        answer="refused",
        amount_minor=offer.amount_minor,
        situation=asked,
        asked=PromiseAsked(
            days=(offer.due_on - asking.on).days,
            open_promises=len(open_promises(state)) - len(superseded),
            renewals=max([_renewals(state, known) + 1 for known in superseded], default=0),
            broken=broken_lately(state, asking.on),
            by_supervisor="supervisor" in asking.roles,
        ),
    )
    with asked_of(policy, request):
        _check(state, offer, asking, rule, request, ids)
    fact = PromiseMade(
        **asking.common(state.account_id),
        policy=PolicyRef("promises", policy.version, number),
        promise_id=offer.promise_id,
        currency=offer.currency,
        amount_minor=offer.amount_minor,
        due_on=offer.due_on,
        grace_until_on=asking.grace(offer.due_on, rule.grace_business_days),
        kept_from_percent=rule.kept_from_percent,
        partly_from_percent=rule.partly_from_percent,
        invoice_ids=offer.invoice_ids,
        supersedes=offer.supersedes,
        mandate_id=offer.mandate_id,
    )
    return Resolved((fact,), request)


def _check(
    state: AccountState,
    offer: PromiseOffer,
    asking: Asking,
    rule: PromiseRule,
    request: PolicyRequest,
    ids: tuple[str, ...],
) -> None:
    faults = RequestFaults()
    if offer.due_on < asking.on:
        faults.add("/due_on", f"lies before {asking.on}")
    elif (offer.due_on - asking.on).days > rule.max_days:
        latest = asking.on + timedelta(days=rule.max_days)
        faults.add("/due_on", f"is later than {latest}", latest_on=latest)
    for number, invoice_id in enumerate(offer.invoice_ids or ()):
        pointer = f"/invoice_ids/{number}"
        invoice = state.invoices.get(invoice_id)
        if invoice is None or invoice.currency != offer.currency:
            faults.add(pointer, f"is no invoice of the account in {offer.currency}")
        elif not owed(state, invoice_id):
            faults.add(pointer, f"is not open: it is {invoice.status}")
    for number, promise_id in enumerate(offer.supersedes):
        if promise_id not in state.objects.of(NOUN):
            faults.add(f"/supersedes/{number}", "is no promise of the account")
    most = most_minor(state, offer.currency, ids, offer.supersedes)
    if offer.amount_minor > most:
        detail = f"is more than can be promised: at most {most}"
        faults.add("/amount_minor", detail, most_minor=most)
    faults.refuse("The promise cannot be taken.")
    out = taken(state)
    for invoice_id in ids:
        if invoice_id in out:
            because = "placed" if out[invoice_id].startswith("placement") else "arranged"
            raise in_the_way(f"{invoice_id} is in {out[invoice_id]}", because)
    for span in clock_stops(state, ids):
        if span.holds_on(asking.on):
            raise in_the_way(f"hold {span.hold_id} ({span.kind}) stops promises", "hold")
    asked = request.asked
    assert isinstance(asked, PromiseAsked)
    if asked.renewals > rule.renewals_max:
        detail = f"a promise may be superseded {rule.renewals_max} times in a row"
        raise in_the_way(detail, "supersedes")
    if asked.open_promises >= rule.open_max:
        raise in_the_way(f"{rule.open_max} promises may be open at once", "open-max")
    if asked.broken > rule.broken_max and not asked.by_supervisor:
        detail = f"more than {rule.broken_max} were broken lately: a supervisor may take it"
        raise in_the_way(detail, "broken-max")


def _renewals(state: AccountState, promise: Promise) -> int:
    """How often in a row it has superseded others."""
    earlier = [state.objects.of(NOUN).get(known) for known in promise.data.supersedes]
    return max([_renewals(state, p) + 1 for p in earlier if isinstance(p, Promise)], default=0)


def cancel_promise(state: AccountState, promise_id: str, reason: str, asking: Asking) -> Resolved:
    """Raises `NotFound`, `Conflict` with its state."""
    known = state.objects.of(NOUN).get(promise_id)
    if not isinstance(known, Promise):
        raise NotFound(f"there is no promise {promise_id!r} of the account")
    if known.state != "open":
        detail = f"promise {promise_id} is {known.state}"
        raise in_the_way(detail, known.state, state=known.state)
    common = asking.common(state.account_id)
    return Resolved((PromiseCancelled(**common, promise_id=promise_id, reason=reason),))
