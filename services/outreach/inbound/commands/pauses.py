"""Dunning rests while an answer waits for a person, or a claim to have paid for its payment."""

from collections.abc import Collection
from datetime import date

from services.outreach.debtors.domain.stops import Stop
from services.outreach.debtors.store.stops import find_stops, upsert_stops
from services.outreach.inbound.domain.decisions import PauseKind
from shared.database import Session


def pause_name(inbound_id: str) -> str:
    """The name of its pauses: the cause of its task, too."""
    return f"inbound {inbound_id}"


async def pause_accounts(
    session: Session,
    tenant: str,
    account_ids: Collection[str],
    kind: PauseKind,
    inbound_id: str,
    from_on: date,
    *,
    is_endless: bool,
) -> None:
    stops = [
        Stop(account_id, pause_name(inbound_id), kind, None, None, from_on)  # type: ignore[arg-type]
        for account_id in account_ids
    ]
    await upsert_stops(session, [(tenant, stop) for stop in stops])


async def end_pauses(
    session: Session, tenant: str, account_ids: Collection[str], inbound_id: str, on: date
) -> None:
    """A person has seen to it."""
    raise NotImplementedError


async def pause_waiting(session: Session, item: OpenItem, sender: Sender) -> None:
    """Until the ledger answers nobody asks for what may be promised or disputed already."""
    day = local_day(item.received_at, sender.zone)
    await pause_accounts(
        session, item.tenant, sender.account_ids, "reply", item.inbound_id, day, is_endless=False
    )
