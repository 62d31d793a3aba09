"""Settlements: offered or bid, accepted, completed, lapsed (docs/ledger.md, Settlements)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from services.ledger.domain.agreements import (
    SettlementAccepted,
    SettlementDeclined,
    SettlementOffered,
)
from services.ledger.domain.allocation import distribute, relieve, withdraw
from services.ledger.domain.approvals import approval_of, ask, close
from services.ledger.domain.arrangement_news import (
    about,
    instalment_news,
    is_continued,
    since,
    terms_of,
)
from services.ledger.domain.arrangements import (
    PENDING,
    SETTLEMENT,
    agreed,
    began_after,
    begin,
    cash_on,
    ended,
    first_later,
    in_state,
    is_judged,
    judge_instalments,
    next_judgements,
    placed_by,
    with_figures,
    withdraw_waiting,
    written_off_by,
)
from services.ledger.domain.events import View
from services.ledger.domain.facts import Need, Position
from services.ledger.domain.kinds import Acting, Kind, Noun
from services.ledger.domain.kinds.invoices import invoice_need
from services.ledger.domain.news import News
from services.ledger.domain.objects import Step, boundary
from services.ledger.domain.owed import owed_on
from services.ledger.domain.ranks import Rank, Turn
from services.ledger.domain.settlements import CONCESSION, Settlement
from services.ledger.domain.state import AccountState
from shared.events import ledger

_Data = SettlementOffered | SettlementAccepted | SettlementDeclined


def _id(data: _Data) -> str:
    return data.settlement_id


def _need(data: _Data) -> Need:
    return (SETTLEMENT, data.settlement_id)


def _its_invoices(data: SettlementOffered) -> Iterable[Need]:
    return [invoice_need(invoice_id) for invoice_id in data.invoice_ids]


def _settlement(state: AccountState, settlement_id: str) -> Settlement:
    known = state.objects.of(SETTLEMENT)[settlement_id]
    assert isinstance(known, Settlement)
    return known


# ── Offered, accepted, declined ─────────────────────────────────────────────────────────────────


def _offer(state: AccountState, data: SettlementOffered, at: datetime) -> None:
    assert state.position is not None
    settlement = Settlement(
        noun=SETTLEMENT,
        arrangement_id=data.settlement_id,
        currency=data.currency,
        place=state.position,
        invoice_ids=tuple(
            [i for i in data.invoice_ids if state.invoices[i].currency == data.currency]
        ),
        after_hold_days=data.after_hold_days,
        instalments=agreed(data.instalments),
        state=PENDING,
        data=data,
    )
    if data.verdict == "accepted":
        begin(state, settlement, at, "policy")
    elif data.verdict == "offered":
        _become_offered(state, settlement, at, f"settlement {data.settlement_id}")
    elif data.verdict == "declined":
        state.objects.set(settlement.key, in_state(settlement, "declined", at, "policy"))
    else:
        _wait(state, settlement, data, at)


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


def _wait(
    state: AccountState, settlement: Settlement, data: SettlementOffered, at: datetime
) -> None:
    assert data.approval is not None
    withdraw_waiting(state, settlement, at)
    waits = (Step(PENDING, at, settlement.name),)
    state.objects.set(settlement.key, structs.replace(settlement, history=waits))
    ask(
        state,
        SETTLEMENT,
        data.settlement_id,
        data.approval,
        currency=data.currency,
        invoice_ids=settlement.invoice_ids,
        amount_minor=data.amount_minor,
        by=data.by,
        at=at,
    )


def _accept(state: AccountState, data: SettlementAccepted, at: datetime) -> None:
    settlement = _settlement(state, data.settlement_id)
    if settlement.state == "offered":
        begin(state, settlement, at, "debtor")


def _decline(state: AccountState, data: SettlementDeclined, at: datetime) -> None:
    settlement = _settlement(state, data.settlement_id)
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
        settlement = _settlement(state, settlement_id)  # the one before it may have ended it
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
    place = _lapses_at(state, settlement)
    if place is not None and place <= acting.position:
        return ended(settlement, acting.at, "not-accepted")
    return settlement


def _accepted(state: AccountState, settlement: Settlement, acting: Acting) -> Settlement:
    settlement = with_figures(state, settlement)
    placement = placed_by(state, settlement)
    if placement is not None:
        return ended(settlement, acting.at, placement)
    if _is_done(state, settlement):
        settlement = judge_instalments(state, settlement, acting.at, acting.cause)
        return in_state(
            _concede(state, settlement, acting.at), "completed", acting.at, acting.cause
        )
    if not owed_on(state, settlement.invoice_ids):
        write_off = written_off_by(state, settlement)
        if write_off is None:
            settlement = judge_instalments(state, settlement, acting.at, acting.cause)
        return ended(settlement, acting.at, write_off or "nothing-left")
    settlement = judge_instalments(state, settlement, acting.at, acting.cause)
    judged = [each for each in settlement.instalments if is_judged(state, settlement, each)]
    fresh = judged[settlement.judged :]
    settlement = structs.replace(settlement, judged=len(judged))
    if any(settlement.cash_minor < each.up_to_minor for each in fresh):
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
    if not any(invoice_id in state.before_invoices for invoice_id in settlement.invoice_ids):
        return settlement
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
    newer = began_after(state, settlement)
    if newer is None:
        state.objects.set(settlement.key, structs.replace(settlement, state="accepted"))
    distribute(state, settlement.currency, at)
    settlement = structs.replace(with_figures(state, settlement), conceded_minor=0)
    if _is_done(state, settlement):
        return _concede(state, settlement, at)
    judged = [each for each in settlement.instalments if is_judged(state, settlement, each)]
    settlement = structs.replace(
        judge_instalments(state, settlement, at, acting.cause), judged=len(judged)
    )
    if newer is not None:
        return ended(settlement, at, newer.name)
    if len(judged) == len(settlement.instalments):
        return ended(settlement, at, "not-paid")
    return in_state(settlement, "accepted", at, acting.cause)


# ── The concession ──────────────────────────────────────────────────────────────────────────────


def _conceded(state: AccountState, settlement: Settlement) -> int:
    """What lies as concession now."""
    relief = state.credits.get((CONCESSION, settlement.arrangement_id))
    return relief.amount_minor if relief is not None else 0


def _concede(state: AccountState, settlement: Settlement, at: datetime) -> Settlement:
    """Take off what is still owed, at most what was to be conceded, oldest due first."""
    left = settlement.concession_minor
    amounts: dict[str, int] = {}
    invoices = [state.invoices[invoice_id] for invoice_id in settlement.invoice_ids]
    for invoice in sorted(invoices, key=lambda known: known.order):
        amounts[invoice.invoice_id] = min(left, invoice.balance_minor)
        left -= amounts[invoice.invoice_id]
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
    def places() -> Iterator[Position]:
        lapses_at = _lapses_at(state, settlement)
        if settlement.state == "offered" and lapses_at is not None:
            yield lapses_at
        if settlement.state == "accepted":
            yield from next_judgements(state, settlement)

    return first_later(state, places())


def _judge(state: AccountState, settlement: Settlement, at: datetime) -> None:
    """What is so at this place follows from what lies before it: the conclusions say it."""


def _entry(settlement_id: str) -> tuple[str, str]:
    return ("settlement-lapsed", settlement_id)


# ── Announced ───────────────────────────────────────────────────────────────────────────────────

_ENDS = ("completed", "lapsed", "declined")


def _offered_event(view: View, data: SettlementOffered) -> ledger.SettlementOffered | None:
    """Whatever else it came to at once is announced by the settlement itself."""
    settlement = _settlement(view.state, data.settlement_id)
    if data.verdict == "offered":
        return ledger.SettlementOffered(**_terms(view, settlement))
    return None


def _terms(view: View, settlement: Settlement) -> dict[str, Any]:
    data = settlement.data
    return {
        **about(view, settlement, data),
        "settlement_id": data.settlement_id,
        "kind": data.kind,
        "base_minor": data.base_minor,
        "amount_minor": data.amount_minor,
        "conceded_minor": settlement.concession_minor,
        "instalments": terms_of(data.instalments),
        "valid_until_on": data.valid_until_on,
    }


def _no_event(view: View, data: SettlementAccepted | SettlementDeclined) -> None:
    return None  # the settlement announces what became of it


def _news(view: View, before: Settlement | None, after: Settlement | None) -> list[News]:
    if after is None:
        return []
    found = instalment_news(view, before, after, after.data)
    known = before.history if before is not None else ()
    fresh = after.history[len(known) :] if is_continued(known, after.history) else ()
    began_newly = after.began is not None and (before is None or before.began is None)
    if after.data.approval is not None:
        found += [_begun_news(view, after, step) for step in fresh if step.state == "offered"]
    if began_newly:
        found += [
            _begun_news(view, after, step) for step in after.history if step.state == "accepted"
        ][:1]
    state = before.state if before is not None else PENDING
    is_step = began_newly or (bool(fresh) and state in (PENDING, "offered", "accepted"))
    if is_step and after.state in _ENDS:
        found.append(_step_news(view, after))
    elif before is not None and not is_step and _said(before) != _said(after):
        found.append(_rejudged(view, before, after))
    return found


def _said(settlement: Settlement) -> tuple[object, ...]:
    """What was announced of the state in which it is."""
    figures = settlement.state in ("completed", "lapsed")
    return (
        settlement.state,
        settlement.paid_minor if figures else None,
        settlement.conceded_minor,
    )


def _begun_news(view: View, settlement: Settlement, step: Step) -> News:
    event: ledger.SettlementOffered | ledger.SettlementAccepted
    if step.state == "offered":
        event = ledger.SettlementOffered(**_terms(view, settlement))
    else:
        event = ledger.SettlementAccepted(**_terms(view, settlement), how=step.because)  # type: ignore[arg-type]
    cause = f"{step.at.isoformat()}, {view.cause}"
    kind = f"settlement-{step.state}"
    return News(kind, settlement.arrangement_id, cause, step.at, event, turn=-1)


def _step_news(view: View, settlement: Settlement) -> News:
    step = settlement.history[-1]
    figures = about(view, settlement, settlement.data)
    figures["settlement_id"] = settlement.arrangement_id
    carries: tuple[tuple[str, str], ...] = ()
    event: ledger.SettlementDeclined | ledger.SettlementCompleted | ledger.SettlementLapsed
    if step.state == "declined":
        data = settlement.data
        is_by_policy = data.verdict == "declined"
        event = ledger.SettlementDeclined(
            **figures,
            because=step.because,  # type: ignore[arg-type]
            counter_minor=data.counter_minor if is_by_policy else None,
        )
    elif step.state == "completed":
        carries = ((CONCESSION, settlement.arrangement_id),)
        event = ledger.SettlementCompleted(
            **figures,
            paid_minor=settlement.paid_minor,
            conceded_minor=settlement.conceded_minor,
            allocations=view.history(carries),  # type: ignore[arg-type]
        )
    else:
        event = ledger.SettlementLapsed(
            **figures, because=step.because, paid_minor=settlement.paid_minor
        )
    return News(
        f"settlement-{step.state}",
        settlement.arrangement_id,
        f"{step.at.isoformat()}, {view.cause}",
        step.at,
        event,
        turn=Turn.ARRANGEMENT,
        carries=carries,
    )


def _rejudged(view: View, before: Settlement, after: Settlement) -> News:
    event = ledger.SettlementRejudged(
        **about(view, after, after.data),
        settlement_id=after.arrangement_id,
        paid_minor=after.paid_minor,
        conceded_minor=after.conceded_minor,
        from_state=before.state,
        to_state=after.state,
        because=view.cause,
    )
    return News(
        "settlement-rejudged",
        after.arrangement_id,
        view.cause,
        since(view, after.state, after.history),
        event,
        is_new=False,
        turn=Turn.ARRANGEMENT,
    )


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
        event=_offered_event,
    ),
    Kind(
        type="settlement-accepted",
        data=SettlementAccepted,
        word="acceptance",
        rank=Rank.SETTLEMENT_ACCEPTED,
        identity=_id,
        needs=_need,
        apply=_accept,
        event=_no_event,
    ),
    Kind(
        type="settlement-declined",
        data=SettlementDeclined,
        word="refusal",
        rank=Rank.SETTLEMENT_DECLINED,
        identity=_id,
        needs=_need,
        apply=_decline,
        event=_no_event,
    ),
)

NOUNS = (
    Noun(
        name=SETTLEMENT,
        value=Settlement,
        order=40,
        wake=_wake,
        judge=_judge,
        entry=_entry,
        conclude=_conclude,
        news=_news,
    ),
)
