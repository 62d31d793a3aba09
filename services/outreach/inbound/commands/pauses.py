"""Dunning rests while an answer waits for a person, or a claim to have paid for its payment."""

from collections.abc import Collection
from datetime import date, datetime

from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.dunning.commands.pauses import end_pause, pause
from services.outreach.inbound.domain.decisions import PauseKind, Sender
from services.outreach.inbound.domain.items import OpenItem
from shared.clock import local_day
from shared.database import Session


def cause_of(inbound_id: str) -> str:
    """What its task, and its pause, come of."""
    return f"inbound {inbound_id}"


async def pause_accounts(
    session: Session,
    tenant: str,
    account_ids: Collection[str],
    kind: PauseKind,
    inbound_id: str,
    from_on: date,
    at: datetime,
    *,
    is_endless: bool,
) -> None:
    for account_id in sorted(account_ids):
        asked = OwnPause(
            pause_id=_pause_id(inbound_id, account_id),
            account_id=account_id,
            kind=kind,
            from_on=from_on,
            created_at=at,
            is_endless=is_endless,
        )
        await pause(session, tenant, asked)


async def end_pauses(
    session: Session, tenant: str, account_ids: Collection[str], inbound_id: str, on: date
) -> None:
    """A person has seen to it."""
    for account_id in sorted(account_ids):
        await end_pause(session, tenant, _pause_id(inbound_id, account_id), on)


async def pause_waiting(session: Session, item: OpenItem, sender: Sender) -> None:
    """Until the ledger answers nobody asks for what may be promised or disputed already."""
    day = local_day(item.received_at, sender.zone)
    await pause_accounts(
        session,
        item.tenant,
        sender.account_ids,
        "reply",
        item.inbound_id,
        day,
        item.received_at,
        is_endless=False,
    )


def _pause_id(inbound_id: str, account_id: str) -> str:
    return f"{cause_of(inbound_id)} {account_id}"
