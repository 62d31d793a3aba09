"""What payments recovered of invoices that were written off, as it is announced."""

from collections.abc import Iterator
from datetime import datetime

from services.ledger.domain.credits import Credit
from services.ledger.domain.events import View, allocations
from services.ledger.domain.kinds import Acting, Noun
from services.ledger.domain.movements import Movement
from services.ledger.domain.news import News
from services.ledger.domain.objects import AccountObject
from services.ledger.domain.ranks import Turn
from services.ledger.domain.recoveries import recovering
from services.ledger.domain.relief_movements import recovery_movements
from services.ledger.domain.state import AccountState
from shared.events import ledger

NOUN = "recovery"
KINDS = ()


class Recovery(AccountObject, frozen=True, kw_only=True):
    """What one payment recovers of one invoice; 0: it was taken back."""

    payment_id: str
    invoice_id: str
    write_off_id: str
    amount_minor: int
    at: datetime  # when it was put there first


def _conclude(state: AccountState, acting: Acting) -> bool:
    """Follow the payments that were touched."""
    changed = False
    for key in list(state.before_credits):
        credit = state.credits.get(key)
        if key[0] == "payment" and credit is not None:
            changed = _follow(state, credit) or changed
    return changed


def _follow(state: AccountState, payment: Credit) -> bool:
    amounts: dict[str, tuple[int, datetime]] = {}
    for known in payment.allocations:
        if known.is_recovery and known.invoice_id is not None:
            minor, at = amounts.get(known.invoice_id, (0, known.applied_at))
            more = known.amount_minor if known.released_at is None else 0
            amounts[known.invoice_id] = (minor + more, min(at, known.applied_at))
    changed = False
    for invoice_id, (minor, at) in amounts.items():
        name = (NOUN, f"{payment.credit_id} {invoice_id}")
        earlier = state.objects.values.get(name)
        write_off_id = recovering(state, invoice_id)
        if isinstance(earlier, Recovery) and (write_off_id is None or not minor):
            write_off_id = earlier.write_off_id
        value = Recovery(
            currency=payment.currency,
            payment_id=payment.credit_id,
            invoice_id=invoice_id,
            write_off_id=write_off_id or "",
            amount_minor=minor,
            at=at,
        )
        if earlier != value:
            state.objects.set(name, value)
            changed = True
    return changed


def _news(view: View, before: Recovery | None, after: Recovery | None) -> list[News]:
    known = after or before
    assert known is not None
    was, now = (each.amount_minor if each is not None else 0 for each in (before, after))
    if was == now:
        return []
    credit = view.state.credits.get(("payment", known.payment_id))
    data = ledger.RecoveryReceived(
        account_id=view.state.account_id,
        currency=known.currency,
        invoice_ids=(known.invoice_id,),
        payment_id=known.payment_id,
        write_off_id=known.write_off_id,
        invoice_id=known.invoice_id,
        amount_minor=now,
        allocations=tuple(allocations(view.state, credit)) if credit is not None else (),
        amounts=(view.amounts(known.currency),),
    )
    entity = f"{known.payment_id} {known.invoice_id}"
    is_new = not was
    cause = f"{now}, {view.cause}"
    return [News("recovery-received", entity, cause, known.at, data, is_new, Turn.OTHER)]


def _movements(state: AccountState, known: Recovery) -> Iterator[Movement]:
    return recovery_movements(state, known.payment_id, known.invoice_id)


NOUNS = (
    Noun(
        name=NOUN,
        value=Recovery,
        order=80,
        conclude=_conclude,
        news=_news,
        movements=_movements,
    ),
)
