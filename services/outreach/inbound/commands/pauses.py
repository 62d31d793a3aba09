"""Dunning rests while an answer waits for a person, or a claim to have paid for its payment."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from services.outreach.debtors.domain.stops import Stop
from services.outreach.debtors.store.stops import find_stops, upsert_stops
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
    """A reply stops all accounts of the debtor, a claim those that it is about."""
    del is_endless
    accounts = sender.account_ids if kind == "reply" else asked
    name, day = cause_of(item.inbound_id), local_day(item.received_at, sender.zone)
    stops = [Stop(each, name, kind, None, None, day) for each in accounts]  # type: ignore[arg-type]
    await upsert_stops(session, [(item.tenant, stop) for stop in stops])


async def pause_waiting(session: Session, item: OpenItem, sender: ReplySender) -> None:
    """Until the ledger answers nobody asks for what may be promised or disputed already."""
    await pause_for(session, item, sender, "reply", (), is_endless=False)


async def end_pauses(
    session: Session, tenant: str, account_ids: Collection[str], inbound_id: str, on: date
) -> None:
    """A person has seen to it, or nobody need."""
    found = await find_stops(session, {(tenant, each) for each in account_ids})
    named = [stops.get(cause_of(inbound_id)) for stops in found.values()]
    ended = [replace(stop, resume_on=on) for stop in named if stop is not None]
    await upsert_stops(session, [(tenant, stop) for stop in ended])
