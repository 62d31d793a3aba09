"""Settlements: offered or bid, accepted, completed, lapsed (docs/ledger/settlements.md)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import structs

from services.ledger.domain.accruals import post_interest
from services.ledger.domain.agreements import (
    SettlementAccepted,
    SettlementDeclined,
    SettlementOffered,
)
from services.ledger.domain.allocation import distribute, relieve, withdraw
from services.ledger.domain.approvals import approval_of, close
from services.ledger.domain.arrangements import (
    PENDING,
    SETTLEMENT,
    agreed,
    began_after,
    begin,
    cash_on,
    ended,
    has_happened,
    in_state,
    judge_instalments,
    next_judgements,
    placed_by,
    wait,
    with_figures,
    written_off_by,
)
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.movements import Movement
from services.ledger.domain.objects import boundary
from services.ledger.domain.owed import in_currency, owed_on
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.relief_movements import relief_movements
from services.ledger.domain.settlement_news import no_event, offered_event, settlement_news
from services.ledger.domain.settlements import CONCESSION, Settlement, settlement_of
from services.ledger.domain.state import AccountState
from services.ledger.domain.waivers import restore_waived, waive_open, waived_under

_Data = SettlementOffered | SettlementAccepted | SettlementDeclined


def _id(data: _Data) -> str:
    return data.settlement_id


def _need(data: _Data) -> Need:
    return (SETTLEMENT, data.settlement_id)


def _its_invoices(data: SettlementOffered) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids]


# ── Offered, accepted, declined ─────────────────────────────────────────────────────────────────


def _offer(state: AccountState, data: SettlementOffered, at: datetime) -> None:
    assert state.position is not None
    settlement = Settlement(
        noun=SETTLEMENT,
        arrangement_id=data.settlement_id,
        currency=data.currency,
        place=state.position,
        invoice_ids=in_currency(state, data.invoice_ids, data.currency),
        after_hold_days=data.after_hold_days,
        instalments=agreed(data.instalments),
        state=PENDING,
        data=data,
    )
    for invoice_id in settlement.invoice_ids:
        post_interest(state, invoice_id, at)
    if data.verdict == "accepted":
        begin(state, settlement, at, "policy")
    elif data.verdict == "offered":
        _become_offered(state, settlement, at, f"settlement {data.settlement_id}")
    elif data.verdict == "declined":
        state.objects.set(settlement.key, in_state(settlement, "declined", at, "policy"))
    else:
        wait(state, settlement, data, data.amount_minor, at)


def _become_offered(
    state: AccountState, settlement: Settlement, at: datetime, because: str
) -> Settlement:
    """A newer offer in the currency ends the one before."""
    for known in state.objects.of(SETTLEMENT).values():
        assert isinstance(known, Settlement)
        if known.state == "offered" and known.currency == settlement.currency:
            state.objects.set(known.key, ended(known, at, "superseded"))
    settlement = with_figures(state, in_state(settlement, "offered", at, because))
    state.objects.set(settlement.key, settlement)
    return settlement


def _accept(state: AccountState, data: SettlementAccepted, at: datetime) -> None:
    settlement = settlement_of(state, data.settlement_id)
    if settlement.state == "offered":
        begin(state, settlement, at, "debtor")


def _decline(state: AccountState, data: SettlementDeclined, at: datetime) -> None:
    settlement = settlement_of(state, data.settlement_id)
    if settlement.state == PENDING:
        close(state, f"{SETTLEMENT}:{data.settlement_id}", "withdrawn", at, "declined", data.by)
    if settlement.state in ("offered", PENDING):
        state.objects.set(settlement.key, in_state(settlement, "declined", at, data.because))


# ── What follows ────────────────────────────────────────────────────────────────────────────────


def _conclude(state: AccountState, acting: Acting) -> bool:
    """By the money and the debts at this place."""
    if not state.objects.of(SETTLEMENT):
        return False
    before = dict(state.objects.of(SETTLEMENT))
    for settlement_id in before:
        settlement = settlement_of(state, settlement_id)  # the one before it may have ended it
        if settlement.state == PENDING:
            settlement = _approved(state, settlement, acting)
        if settlement.state == "offered":
            settlement = _offered(state, settlement, acting)
        if settlement.state == "accepted":
            settlement = _accepted(state, settlement, acting)
        elif settlement.state == "completed":
            settlement = _completed(state, settlement, acting)
        state.objects.set(settlement.key, settlement)
    changed = any(before[key] != value for key, value in state.objects.of(SETTLEMENT).items())
    if changed:  # there may be room now for what found none
        for currency in {known.currency for known in before.values()}:
            distribute(state, currency, acting.at)
    return changed


def _approved(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    """An offer is offered, a bid is accepted."""
    request = approval_of(state, f"{SETTLEMENT}:{settlement.arrangement_id}")
    if request is None or request.state == "open":
        return settlement
    if request.state == "approved":
        if settlement.data.kind == "offer":
            return _become_offered(state, settlement, acting.at, acting.cause)
        return begin(state, settlement, acting.at, "approval")
    because = "withdrawn" if request.state == "withdrawn" else "approval"
    return in_state(settlement, "declined", acting.at, because)


def _offered(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    """Paying is accepting; after its last day it lapses."""
    settlement = with_figures(state, settlement)
    if settlement.cash_minor >= settlement.amount_minor:
        return begin(state, settlement, acting.at, "payment")
    if has_happened(state, _lapses_at(state, settlement)):
        return ended(settlement, acting.at, "not-accepted")
    return settlement


def _accepted(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    settlement = with_figures(state, settlement)
    placement = placed_by(state, settlement)
    if placement is not None:
        return ended(settlement, acting.at, placement)
    known, nothing_owed = settlement.instalments, not owed_on(state, settlement.invoice_ids)
    write_off = written_off_by(state, settlement) if nothing_owed else None
    if write_off is not None and settlement.cash_minor < settlement.amount_minor:
        return ended(settlement, acting.at, write_off)  # that pays no instalment
    settlement = judge_instalments(state, settlement, acting.at, acting.cause)
    if _is_done(state, settlement):
        settlement = _concede(state, settlement, acting.at)
        return in_state(settlement, "completed", acting.at, acting.cause)
    if nothing_owed:
        return ended(settlement, acting.at, "nothing-left")
    for was, each in zip(known, settlement.instalments, strict=True):
        is_judged_now = each.is_judged and not was.is_judged
        if is_judged_now and settlement.cash_minor < each.up_to_minor:
            return ended(settlement, acting.at, "not-paid")
    return settlement


def _is_done(state: AccountState, settlement: Settlement) -> bool:
    """Enough was paid; or nothing is owed even without the concession, and something was paid."""
    if settlement.cash_minor >= settlement.amount_minor:
        return True
    if not settlement.cash_minor or written_off_by(state, settlement) is not None:
        return False
    return not owed_on(state, settlement.invoice_ids) and not _conceded(state, settlement)


def _completed(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    """Where less counts than before and not enough, all of the concession is taken back."""
    known = settlement.cash_minor
    settlement = structs.replace(
        settlement,
        cash_minor=cash_on(state, settlement),
        conceded_minor=_conceded(state, settlement),
    )
    if settlement.cash_minor >= known or _is_done(state, settlement):
        return settlement
    return _taken_back(state, settlement, acting)


def _taken_back(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    """It is accepted again, as long as the last instalment may still come; else it has lapsed.

    What is free by now may be enough at once: then it stays completed.
    """
    at = acting.at
    withdraw(state, CONCESSION, settlement.arrangement_id, at)
    restore_waived(state, settlement.waiver_id, at)
    newer = began_after(state, settlement)
    if newer is None:
        state.objects.set(settlement.key, structs.replace(settlement, state="accepted"))
    distribute(state, settlement.currency, at)
    settlement = structs.replace(with_figures(state, settlement), conceded_minor=0)
    if _is_done(state, settlement):
        return _concede(state, settlement, at)
    settlement = judge_instalments(state, settlement, at, acting.cause)
    if newer is not None:
        return ended(settlement, at, newer.name)
    if settlement.instalments[-1].is_judged:
        return ended(settlement, at, "not-paid")
    return in_state(settlement, "accepted", at, acting.cause)


# ── The concession ──────────────────────────────────────────────────────────────────────────────


def _conceded(state: AccountState, settlement: Settlement) -> int:
    """What lies as concession now, and what is waived of charges."""
    relief = state.credits.get((CONCESSION, settlement.arrangement_id))
    principal = relief.amount_minor if relief is not None else 0
    return principal + waived_under(state, settlement.waiver_id, settlement.invoice_ids)


def _concede(state: AccountState, settlement: Settlement, at: datetime) -> Settlement:
    """Take off what is still owed, at most what was to be conceded: charges before principal,
    oldest due first."""
    left = settlement.concession_minor
    invoices = [state.invoices[invoice_id] for invoice_id in settlement.invoice_ids]
    ids = [known.invoice_id for known in sorted(invoices, key=lambda known: known.order)]
    for invoice_id in ids:
        left -= waive_open(state, invoice_id, left, "settled", settlement.waiver_id, at)
    amounts: dict[str, int] = {}
    for invoice_id in ids:
        amounts[invoice_id] = min(left, state.invoices[invoice_id].balance_minor)
        left -= amounts[invoice_id]
    relieve(state, CONCESSION, settlement.arrangement_id, amounts, at)
    settlement = structs.replace(settlement, conceded_minor=_conceded(state, settlement))
    state.objects.set(settlement.key, structs.replace(settlement, state="completed"))
    distribute(state, settlement.currency, at)
    return settlement


# ── Judged ──────────────────────────────────────────────────────────────────────────────────────


def _lapses_at(state: AccountState, settlement: Settlement) -> Position | None:
    valid_until_on = settlement.data.valid_until_on
    if valid_until_on is None:
        return None
    day = valid_until_on + timedelta(days=1)
    return boundary(day, state.zone, Turn.OFFER_LAPSED, settlement.name)


def _wake(state: AccountState, settlement: Settlement) -> Position | None:
    if settlement.state == "offered":
        return _lapses_at(state, settlement)
    if settlement.state == "accepted":
        return min(next_judgements(state, settlement), default=None)
    return None


def _judge(state: AccountState, settlement: Settlement, at: datetime) -> None:
    """What is so at this place follows from what lies before it: the conclusions say it."""


def _entry(settlement_id: str, place: Position) -> tuple[str, str]:
    return ("settlement-lapsed", settlement_id)


KINDS = (
    Kind(
        type="settlement-offered",
        data=SettlementOffered,
        word="settlement",
        rank=Rank.SETTLEMENT_OFFERED,
        identity=_id,
        also_needs=_its_invoices,
        provides=_need,
        apply=_offer,
        event=offered_event,
    ),
    Kind(
        type="settlement-accepted",
        data=SettlementAccepted,
        word="acceptance",
        rank=Rank.SETTLEMENT_ACCEPTED,
        identity=_id,
        needs=_need,
        apply=_accept,
        event=no_event,
    ),
    Kind(
        type="settlement-declined",
        data=SettlementDeclined,
        word="refusal",
        rank=Rank.SETTLEMENT_DECLINED,
        identity=_id,
        needs=_need,
        apply=_decline,
        event=no_event,
    ),
)


def _movements(state: AccountState, known: Settlement) -> Iterator[Movement]:
    return relief_movements(state, "concession", known.arrangement_id, "concession")


NOUNS = (
    Noun(
        name=SETTLEMENT,
        value=Settlement,
        order=40,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        conclude=_conclude,
        news=settlement_news,
        movements=_movements,
    ),
)
