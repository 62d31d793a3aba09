"""The interest of an invoice as it grows: exact, brought up to date only when it must be.

What a day bears depends on what is open and disputed at its beginning. So the days up to a fact's
own are counted just before it changes that, and those of a debt to which nothing happens are one
run, however long. A day of a hold, of an arrangement that freezes, or before a text was disclosed
bears nothing; what disputed parts would have borne is kept by dispute until it is resolved.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction

from msgspec import Struct, structs

from services.ledger.domain.arrangements import frozen_spans
from services.ledger.domain.charges import INTEREST, Charge, charge_of, lower, posted
from services.ledger.domain.charging import (
    charging_on,
    debt_of,
    disclosed_from,
    interest_stopped,
    is_disclosed,
)
from services.ledger.domain.facts import Position
from services.ledger.domain.holds import spans
from services.ledger.domain.interest import (
    Segment,
    half_up,
    merged,
    minimum_of,
    per_day,
    segments,
    terms_of,
    total,
)
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.objects import NO_CURRENCY, AccountObject
from services.ledger.domain.policies.charges import Applied, Charging, InterestRule
from services.ledger.domain.state import AccountState
from shared.clock import local_day

NOUN = "interest"
_DAY = timedelta(days=1)


class Withheld(Struct, frozen=True, gc=False):
    """What the part that a dispute holds would have borne."""

    dispute_id: str
    segments: tuple[Segment, ...]


class Unruled(Struct, frozen=True, gc=False):
    """Days for which no rule fitted: a later version may count them."""

    from_on: date
    to_on: date
    basis: "Basis"


class Basis(Struct, frozen=True, gc=False):
    """What is really owed less what open disputes hold of it, and what each of them holds."""

    free_minor: int
    held: tuple[tuple[str, int], ...] = ()


class Accrual(AccountObject, frozen=True, kw_only=True):
    """The interest of one invoice up to a day, posted or not."""

    invoice_id: str
    through_on: date
    done: Position | None = None  # the last posting day that was looked at
    interest: Fraction = Fraction(0)  # the sum of the segments
    segments: tuple[Segment, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    unruled: tuple[Unruled, ...] = ()


def accrual_of(state: AccountState, invoice_id: str) -> Accrual | None:
    known = state.objects.values.get((NOUN, invoice_id))
    return known if isinstance(known, Accrual) else None


def interest_charge(state: AccountState, invoice_id: str) -> Charge | None:
    return charge_of(state, f"{INTEREST}{invoice_id}")


def begin_accrual(state: AccountState, invoice: Invoice) -> None:
    """Interest may be charged on an invoice from the day after its own."""
    if state.rules.has_interest:
        day = local_day(invoice.at, state.zone)
        accrual = Accrual(currency=NO_CURRENCY, invoice_id=invoice.invoice_id, through_on=day)
        state.objects.set((NOUN, invoice.invoice_id), accrual)


# ── The basis ───────────────────────────────────────────────────────────────────────────────────


def basis_of(state: AccountState, invoice: Invoice) -> Basis:
    """Principal less all that credit notes for disputes, known by now, will still take; less what
    open disputes hold, in order of opening, each without its own credit."""
    coming = _coming(state, invoice)
    left = max(0, invoice.balance_minor - sum(coming.values()))
    held: list[tuple[str, int]] = []
    for dispute in invoice.disputes:
        part = left
        if dispute.amount_minor is not None:
            own = coming.get(dispute.dispute_id, 0)
            part = min(left, max(0, dispute.amount_minor - own))
        held.append((dispute.dispute_id, part))
        left -= part
    return Basis(left, tuple(held))


def _coming(state: AccountState, invoice: Invoice) -> dict[str, int]:
    """By dispute, what credit notes that are known will still take."""
    found: dict[str, int] = {}
    for note_id, known in state.timeless.to_credit.get(invoice.invoice_id, {}).items():
        is_replaced = known.is_own and known.dispute_id in state.settled
        is_known = not known.is_own or (known.dispute_id, invoice.invoice_id) in (
            state.timeless.disputed
        )
        if is_replaced or not is_known or known.currency not in (None, invoice.currency):
            continue
        if ("credit_note", note_id) not in state.credits:
            found[known.dispute_id] = found.get(known.dispute_id, 0) + known.amount_minor
    return found


# ── Days ────────────────────────────────────────────────────────────────────────────────────────


def accrue(state: AccountState, invoice_id: str, day: date) -> Accrual | None:
    """Count the days up to one, as what is open and disputed is at the present place."""
    known = accrual_of(state, invoice_id)
    if known is None or known.through_on >= day:
        return known
    grown = grown_to(state, known, day)
    state.objects.set((NOUN, invoice_id), grown)
    return grown


def grown_to(state: AccountState, known: Accrual, day: date) -> Accrual:
    """The same with the days up to one."""
    invoice = state.invoices[known.invoice_id]
    first = max(known.through_on, invoice.due_on) + _DAY
    basis = basis_of(state, invoice)
    if first > day or invoice.voided_at is not None or not (basis.free_minor or basis.held):
        return structs.replace(known, through_on=max(day, known.through_on))
    for from_on, to_on in _runs(state, invoice, first, day):
        known = _bear_run(state, known, invoice, basis, from_on, to_on)
    return structs.replace(known, through_on=day)


def _bear_run(
    state: AccountState, known: Accrual, invoice: Invoice, basis: Basis, from_on: date, to_on: date
) -> Accrual:
    """Days for which the same rules hold."""
    charging = charging_on(state, from_on)
    debt = debt_of(state, invoice, invoice.currency, from_on)
    rule = charging.interest_rule(debt)
    starts = state.rules.charges.from_on
    if charging.accrue_from is not None and from_on in starts and invoice.balance_minor and rule:
        known = _bring_along(state, known, invoice, charging, rule, from_on)
    if rule is not None:
        return _bear(state, known, invoice, basis, charging, rule, (from_on, to_on, from_on))
    if state.rules.brings_along:
        days = Unruled(from_on, to_on, basis)
        return structs.replace(known, unruled=(*known.unruled, days))
    return known


def _bear(
    state: AccountState,
    known: Accrual,
    invoice: Invoice,
    basis: Basis,
    charging: Charging,
    rule: Applied[InterestRule],
    days: tuple[date, date, date],
) -> Accrual:
    """Count days by a rule, and by the limits that fit on a day (the last of the three)."""
    from_on, to_on, fits_on = days
    if interest_stopped(state, invoice, from_on) or not is_disclosed(state, rule.rule, from_on):
        return known
    debt = debt_of(state, invoice, invoice.currency, fits_on)
    terms = terms_of(rule.rule, invoice.due_on, charging.limits_of(debt))
    tables = state.rules.rates
    fresh = tuple(segments(terms, tables, basis.free_minor, from_on, to_on))
    withheld = {part.dispute_id: part for part in known.withheld}
    for dispute_id, minor in basis.held:
        before = withheld.get(dispute_id)
        more = segments(terms, tables, minor, from_on, to_on)
        parts = merged((*(before.segments if before is not None else ()), *more))
        withheld[dispute_id] = Withheld(dispute_id, parts)
    return structs.replace(
        known,
        interest=known.interest + total(fresh),
        segments=_joined(known.segments, fresh),
        withheld=tuple(withheld.values()),
    )


def _joined(known: tuple[Segment, ...], more: tuple[Segment, ...]) -> tuple[Segment, ...]:
    return (*known[:-1], *merged((*known[-1:], *more)))


def _bring_along(
    state: AccountState,
    known: Accrual,
    invoice: Invoice,
    charging: Charging,
    rule: Applied[InterestRule],
    begins_on: date,
) -> Accrual:
    """Days before a version, for which no rule fitted, count with it from its `accrue_from` on."""
    assert charging.accrue_from is not None
    rest: list[Unruled] = []
    for days in known.unruled:
        from_on = max(days.from_on, charging.accrue_from)
        if from_on > days.to_on:
            rest.append(days)
            continue
        if days.from_on < from_on:
            rest.append(structs.replace(days, to_on=from_on - _DAY))
        for first, last in _runs(state, invoice, from_on, days.to_on):
            span = (first, last, begins_on)
            known = _bear(state, known, invoice, days.basis, charging, rule, span)
    return structs.replace(known, unruled=tuple(rest))


def _runs(
    state: AccountState, invoice: Invoice, first: date, last: date
) -> Iterator[tuple[date, date]]:
    """The days from one to another in runs for which the same rules hold and nothing begins to
    stop them, or ends it."""
    cuts = {day for day in state.rules.charges.from_on if first < day <= last}
    cuts.update(invoice.due_on + timedelta(days=age) for age in state.rules.ages)
    for span in spans(state):
        cuts.add(span.from_on)
        if span.last_on is not None:
            cuts.add(span.last_on + _DAY)
    for frozen in frozen_spans(state):
        cuts.add(frozen.from_on)
        if frozen.until_on is not None:
            cuts.add(frozen.until_on + _DAY)
    if state.timeless.disclosures:
        for charging in state.rules.chargings:
            for one in charging.interest:
                if one.rule.disclosure is not None:
                    cuts.add(disclosed_from(state, one.rule.disclosure) or first)
    from_on = first
    for cut in sorted(day for day in cuts if first < day <= last):
        yield from_on, cut - _DAY
        from_on = cut
    yield from_on, last


# ── Posting ─────────────────────────────────────────────────────────────────────────────────────


def post_interest(state: AccountState, invoice_id: str, at: datetime) -> None:
    """Post what has accrued through the day of an instant, unless it is below the minimum."""
    if not state.rules.has_interest:
        return
    day = local_day(at, state.zone)
    accrual = accrue(state, invoice_id, day)
    if accrual is None:
        return
    charge = interest_charge(state, invoice_id)
    before = charge.amount_minor if charge is not None else 0
    rounded = half_up(accrual.interest)
    if rounded == before or (charge is not None and charge.is_void):
        return
    invoice = state.invoices[invoice_id]
    charging = charging_on(state, day)
    rule = charging.interest_rule(debt_of(state, invoice, invoice.currency, day))
    if rule is not None and rounded < minimum_of(rule.rule.minimum, invoice.currency):
        return
    if charge is None:
        charge = Charge(
            currency=invoice.currency,
            charge_id=f"{INTEREST}{invoice_id}",
            kind="interest",
            invoice_id=invoice_id,
            charged_on=day,
            order=invoice.order,
        )
    if rule is not None:
        charge = structs.replace(
            charge,
            policy_version=charging.policy_version,
            rule=rule.rule.id,
            pack=rule.pack,
            citation=rule.rule.because,
        )
    if rounded < before:
        charge = lower(state, charge, rounded, at)
    posted(state, charge, rounded - before, at)


def release_withheld(
    state: AccountState, invoice_id: str, dispute_id: str, *, is_charged: bool
) -> None:
    """A dispute is resolved: what its part would have borne is charged, or forgotten."""
    known = accrual_of(state, invoice_id)
    if known is None:
        return
    mine = next((part for part in known.withheld if part.dispute_id == dispute_id), None)
    if mine is None:
        return
    rest = tuple([part for part in known.withheld if part is not mine])
    known = structs.replace(known, withheld=rest)
    if is_charged:
        by_day = sorted((*known.segments, *mine.segments), key=lambda part: part.from_on)
        known = structs.replace(
            known, interest=known.interest + total(mine.segments), segments=tuple(by_day)
        )
    state.objects.set((NOUN, invoice_id), known)


def forget_days(state: AccountState, invoice_id: str, after_on: date, at: datetime) -> None:
    """Days after one bear nothing after all, as an arrangement has come to freeze them: what was
    posted for them is taken back."""
    known = accrual_of(state, invoice_id)
    if known is None or known.through_on <= after_on:
        return
    kept = cut(known.segments, after_on)
    withheld = tuple(
        [Withheld(part.dispute_id, cut(part.segments, after_on)) for part in known.withheld]
    )
    known = structs.replace(known, interest=total(kept), segments=kept, withheld=withheld)
    state.objects.set((NOUN, invoice_id), known)
    charge = interest_charge(state, invoice_id)
    rounded = half_up(known.interest)
    if charge is not None and rounded < charge.amount_minor:
        posted(state, lower(state, charge, rounded, at), rounded - charge.amount_minor, at)


def cut(parts: tuple[Segment, ...], last_on: date) -> tuple[Segment, ...]:
    """The days up to one."""
    return tuple(
        [
            structs.replace(part, to_on=min(part.to_on, last_on))
            for part in parts
            if part.from_on <= last_on
        ]
    )


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────


def accrued_minor(state: AccountState, invoice_id: str, day: date | None) -> int:
    """Interest up to a day that is not posted. A void invoice bears none."""
    if day is None or not state.rules.has_interest:
        return 0
    if state.invoices[invoice_id].voided_at is not None:
        return 0
    charge = interest_charge(state, invoice_id)
    before = charge.amount_minor if charge is not None else 0
    return max(0, half_up(total(segments_through(state, invoice_id, day))) - before)


def accrued_in(state: AccountState, currency: str, day: date | None) -> int:
    """The same of all invoices of a currency."""
    return sum(
        accrued_minor(state, invoice_id, day)
        for invoice_id in state.objects.of(NOUN)
        if state.invoices[invoice_id].currency == currency
    )


def segments_through(state: AccountState, invoice_id: str, day: date) -> tuple[Segment, ...]:
    """The runs of days that bear interest up to a day."""
    known = accrual_of(state, invoice_id)
    if known is None:
        return ()
    if known.through_on < day:
        known = grown_to(state, known, day)
    return cut(known.segments, day)


def per_day_minor(state: AccountState, invoice_id: str, day: date | None) -> int:
    """What one more day bears, half up."""
    if day is None:
        return 0
    parts = segments_through(state, invoice_id, day + _DAY)
    return per_day(parts) if parts and parts[-1].to_on > day else 0
