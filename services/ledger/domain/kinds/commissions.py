"""Commissions on payments for placed debts, and which of them an agency took itself."""

from datetime import timedelta

from services.ledger.domain.agreements import AgencyRemitted
from services.ledger.domain.credits import Credit
from services.ledger.domain.events import View, common
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.news import News
from services.ledger.domain.placements import (
    COMMISSION,
    Commission,
    Placement,
    Settled,
    commission_minor,
    placements,
)
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.events import ledger


def _payment_id(data: AgencyRemitted) -> str:
    return data.payment_id


def _learn(state: AccountState, fact: Fact, data: AgencyRemitted) -> Position | None:
    """From the payment on all is as if it had been known: the commission is another."""
    state.timeless.remitted[data.payment_id] = (data.placement_id, data.remitted)
    payment = state.credits.get(("payment", data.payment_id))
    return payment.order[1:] if payment is not None else None


def _conclude(state: AccountState, acting: Acting) -> bool:
    """Follow the payments that were touched."""
    known = [each for each in placements(state) if each.began is not None]
    if not known:
        return False
    changed = False
    for key in list(state.before_credits):
        credit = state.credits.get(key)
        if credit is not None and credit.kind == "payment":
            for placement in known:
                changed = _follow(state, placement, credit) or changed
    return changed


def _follow(state: AccountState, placement: Placement, payment: Credit) -> bool:
    if payment.currency != placement.currency or not _is_due(state, placement, payment):
        return False
    base = sum(
        [
            known.amount_minor
            for known in payment.allocations
            if known.released_at is None and known.invoice_id in placement.invoice_ids
        ]
    )
    name = (COMMISSION, f"{placement.placement_id} {payment.credit_id}")
    earlier = state.objects.values.get(name)
    if earlier is None and not base:
        return False
    agency, how = state.timeless.remitted.get(payment.credit_id, ("", ""))
    by_agency = agency == placement.placement_id
    settled: Settled = "net" if by_agency and how == "net" else "payable"
    value = Commission(
        currency=placement.currency,
        placement_id=placement.placement_id,
        payment_id=payment.credit_id,
        base_minor=base,
        commission_minor=commission_minor(base, placement.percent(by_agency=by_agency)),
        settled=settled,
        at=payment.at,
    )
    if earlier == value:
        return False
    state.objects.set(name, value)
    return True


def _is_due(state: AccountState, placement: Placement, payment: Credit) -> bool:
    """On what came after the beginning, on a day up to so many after the recall."""
    assert placement.began is not None
    if payment.order[1:] <= placement.began:
        return False
    if placement.recalled_on is None:
        return True
    last_on = placement.recalled_on + timedelta(days=placement.data.tail_days)
    return local_day(payment.at, state.zone) <= last_on


def _news(view: View, before: Commission | None, after: Commission | None) -> list[News]:
    known = after or before
    assert known is not None
    was = (before.base_minor, before.commission_minor, before.settled) if before else (0,)
    now = (after.base_minor, after.commission_minor, after.settled) if after else (0,)
    if was[0] == now[0] == 0 or was == now:
        return []
    placement = view.state.objects.values.get(("placement", known.placement_id))
    whose = common(view, placement.data) if isinstance(placement, Placement) else {}
    data = ledger.CommissionDue(
        **(whose | {"account_id": view.state.account_id}),
        currency=known.currency,
        invoice_ids=placement.invoice_ids if isinstance(placement, Placement) else None,
        placement_id=known.placement_id,
        payment_id=known.payment_id,
        base_minor=after.base_minor if after else 0,
        commission_minor=after.commission_minor if after else 0,
        settled=known.settled,
    )
    entity, cause = f"{known.placement_id} {known.payment_id}", f"{now}, {view.cause}"
    is_new = not was[0]
    return [News("commission-due", entity, cause, known.at, data, is_new, Turn.OTHER)]


def _no_event(view: View, data: AgencyRemitted) -> None:
    return None  # what it changes announces itself


KINDS = (
    Kind(
        type="agency-remitted",
        data=AgencyRemitted,
        word="remittance",
        rank=Rank.AGENCY_REMITTED,
        identity=_payment_id,
        learn=_learn,
        event=_no_event,
    ),
)

NOUNS = (Noun(name=COMMISSION, value=Commission, order=85, conclude=_conclude, news=_news),)
