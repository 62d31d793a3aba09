"""Dunning rests while an answer waits for a person, or a claim to have paid for its payment."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from services.outreach.debtors.domain.stops import Stop
from services.outreach.debtors.store.stops import find_stops, upsert_stops
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
    *,
    is_endless: bool,
) -> None:
    del is_endless
    name = cause_of(inbound_id)
    stops = [Stop(each, name, kind, None, None, from_on) for each in account_ids]  # type: ignore[arg-type]
    await upsert_stops(session, [(tenant, stop) for stop in stops])


async def end_pauses(
    session: Session, tenant: str, account_ids: Collection[str], inbound_id: str, on: date
) -> None:
    """A person has seen to it."""
    found = await find_stops(session, {(tenant, each) for each in account_ids})
    named = [stops.get(cause_of(inbound_id)) for stops in found.values()]
    ended = [replace(stop, resume_on=on) for stop in named if stop is not None]
    await upsert_stops(session, [(tenant, stop) for stop in ended])


async def pause_waiting(session: Session, item: OpenItem, sender: Sender) -> None:
    """Until the ledger answers nobody asks for what may be promised or disputed already."""
    day = local_day(item.received_at, sender.zone)
    await pause_accounts(
        session, item.tenant, sender.account_ids, "reply", item.inbound_id, day, is_endless=False
    )
