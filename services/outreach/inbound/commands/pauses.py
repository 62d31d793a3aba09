"""Dunning rests while an answer waits for a person, or a claim to have paid for its payment."""

from collections.abc import Collection
from datetime import date

from services.outreach.debtors.domain.own_pauses import OwnPause
from services.outreach.dunning.commands.pauses import end_pause, pause
from services.outreach.inbound.domain.decisions import PauseKind, ReplySender
from services.outreach.inbound.domain.items import OpenItem
from shared.clock import local_day
from shared.database import Session


def cause_of(inbound_id: str) -> str:
    """What its task comes of; the id of its pause too, so that who does the task can end it."""
    return f"inbound {inbound_id}"


async def pause_for(
    session: Session,
    item: OpenItem,
    sender: ReplySender,
    kind: PauseKind,
    asked: Collection[str],
    *,
    is_endless: bool,
) -> None:
    """A reply stops the whole debtor, whichever of the accounts it names; a claim those that it is
    about."""
    accounts = sorted(sender.account_ids)[:1] if kind == "reply" else sorted(asked)
    for account_id in accounts:
        wanted = OwnPause(
            pause_id=_pause_id(kind, item.inbound_id, account_id),
            account_id=account_id,
            kind=kind,
            from_on=local_day(item.received_at, sender.zone),
            created_at=item.received_at,
            is_endless=is_endless,
        )
        await pause(session, item.tenant, wanted)


async def pause_waiting(session: Session, item: OpenItem, sender: ReplySender) -> None:
    """Until the ledger answers nobody asks for what may be promised or disputed already."""
    await pause_for(session, item, sender, "reply", (), is_endless=False)


async def end_pauses(
    session: Session, tenant: str, account_ids: Collection[str], inbound_id: str, on: date
) -> None:
    """A person has seen to it, or nobody need."""
    await end_pause(session, tenant, _pause_id("reply", inbound_id, ""), on)
    for account_id in sorted(account_ids):
        await end_pause(session, tenant, _pause_id("claim", inbound_id, account_id), on)


def _pause_id(kind: PauseKind, inbound_id: str, account_id: str) -> str:
    return cause_of(inbound_id) if kind == "reply" else f"{cause_of(inbound_id)} {account_id}"
