"""Take in what may be answered, what accounts owe, and when they have paid."""

from collections.abc import Sequence

from services.outreach.activity.store.debtors import mark_dirty
from services.outreach.debtors.domain.account_money import (
    AMOUNT_TYPES,
    PAYMENT_TYPES,
    AccountMoney,
    PaymentKnown,
    amounts_in,
    with_amounts,
    with_payment,
)
from services.outreach.debtors.domain.occasions import OCCASION_FOLDS, Occasion
from services.outreach.debtors.store import account_money as money_store
from services.outreach.debtors.store import occasions as store
from services.outreach.debtors.store.account_money import PaymentKey
from services.outreach.debtors.store.accounts import find_accounts
from services.outreach.debtors.store.pauses import end_pauses
from services.outreach.debtors.store.rows import AccountKey
from shared.database import Session
from shared.events import Received


async def take_occasions(session: Session, events: Sequence[Received]) -> None:
    """One ordered batch of events of accounts. What they change is marked by the caller."""
    paid_up = await _take_amounts(session, events)
    found = [event for event in events if event.type in OCCASION_FOLDS]
    keys = {(e.tenant, e.key) for e in found} | paid_up.keys()
    before = await store.find_occasions(session, keys)
    after = {key: dict(before.get(key, {})) for key in keys}
    for event in found:
        OCCASION_FOLDS[event.type](after[event.tenant, event.key], event, event.decode())
    for key, occasions in paid_up.items():
        for occasion in occasions:
            after[key].setdefault(occasion.key, occasion)
    await store.upsert_occasions(
        session,
        [
            (key[0], occasion)
            for key, occasions in after.items()
            for name, occasion in occasions.items()
            if before.get(key, {}).get(name) != occasion
        ],
    )
    await _take_payments(session, events)


async def take_warnings(session: Session, events: Sequence[Received]) -> None:
    """Early warnings of segmentation: strategies may answer them."""
    known = await find_accounts(session, {(e.tenant, e.key) for e in events if e.key})
    await mark_dirty(session, {(key[0], account.debtor_key) for key, account in known.items()})
    await take_occasions(session, [e for e in events if (e.tenant, e.key) in known])


async def _take_amounts(
    session: Session, events: Sequence[Received]
) -> dict[AccountKey, list[Occasion]]:
    """What accounts owe now; and by account that nothing is overdue any more."""
    said = [
        (event, amounts)
        for event in events
        if event.type in AMOUNT_TYPES and (amounts := amounts_in(event.decode()))
    ]
    before = await money_store.find_account_money(session, {(e.tenant, e.key) for e, _ in said})
    after: dict[AccountKey, AccountMoney] = {}
    found: dict[AccountKey, list[Occasion]] = {}
    for event, amounts in said:
        key = (event.tenant, event.key)
        if key not in before:
            continue
        day = event.day or event.time.date()
        payment = event.decode() if event.type == "payment-received" else None
        money, occasion = with_amounts(
            after.get(key, before[key]), event.key, amounts, day, payment
        )
        after[key] = money
        if occasion is not None:
            found.setdefault(key, []).append(occasion)
    changed = {key: money for key, money in after.items() if before[key] != money}
    await money_store.update_account_money(session, changed)
    return found


async def _take_payments(session: Session, events: Sequence[Received]) -> None:
    """When accounts have paid; a payment ends the pause of who says that they have."""
    decoded = [(event, event.decode()) for event in events if event.type in PAYMENT_TYPES]
    keys: set[PaymentKey] = {(e.tenant, e.key, data.payment_id) for e, data in decoded}
    before = await money_store.find_payments(session, keys)
    after: dict[PaymentKey, PaymentKnown] = {}
    for event, data in decoded:
        key = (event.tenant, event.key, data.payment_id)
        known = with_payment(after.get(key, before.get(key)), event, data)
        if known is not None:
            after[key] = known
        if event.type == "payment-received":
            day = event.day or event.time.date()
            await end_pauses(session, event.tenant, day, account_id=event.key, kind="claim")
    await money_store.upsert_payments(
        session, {key: known for key, known in after.items() if before.get(key) != known}
    )
