"""Pause the ladders of an account or of a debtor, and let them go on."""

from datetime import date

from services.outreach.activity.store.accounts import lock_debtor_of
from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.debtors.store import pauses as store
from shared.database import Session


async def pause(session: Session, tenant: str, asked: OwnPause) -> bool:
    """Whether it is new: the same pause begins once. The debtor is planned for again. Raises
    `NotFound` for an unknown account, `Conflict` for an erased one."""
    await lock_debtor_of(session, tenant, asked.account_id)
    return await store.insert_pause(session, tenant, asked)


async def end_pause(session: Session, tenant: str, pause_id: str, day: date) -> bool:
    """It ends with 00:00 of a day in the account's zone: a person has seen to it. False: it has
    ended before, or there is none."""
    return await _ended(
        session, tenant, await store.end_pauses(session, tenant, day, pause_ids=[pause_id])
    )


async def end_account_pauses(
    session: Session, tenant: str, account_id: str, kind: str, day: date
) -> bool:
    """All of a kind that stand on an account."""
    return await _ended(
        session,
        tenant,
        await store.end_pauses(session, tenant, day, account_id=account_id, kind=kind),
    )


async def _ended(session: Session, tenant: str, account_ids: list[str]) -> bool:
    for account_id in sorted(set(account_ids)):
        await lock_debtor_of(session, tenant, account_id)
    return bool(account_ids)
