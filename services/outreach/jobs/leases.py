"""The machine-time loop: an intent whose lease has ended is a contact whose end nobody will tell.

It runs with either clock, because it is about dead processes and not about business time.
"""

import asyncio
from datetime import datetime

from services.outreach.commands.plans import Moment
from services.outreach.commands.results import LEASES_MAX, Outcome, record_outcomes
from services.outreach.domain.contacts import Contact
from services.outreach.store import contacts as contact_store
from services.outreach.store import debtors as debtor_store
from shared import clock
from shared.business_time import Clock
from shared.database import Database
from shared.errors import Unavailable
from shared.process import telemetry

LEASES_SECONDS = 2.0  # between two looks

LEASE_ENDED = "lease-ended"

log = telemetry.logger(__name__)


async def end_leases(db: Database, clock_mode: Clock, machine_now: datetime) -> int:
    """Turn what nobody holds any more into `contact-uncertain`; gives how many."""
    async with db.reading() as session:
        found = await contact_store.find_ended_leases(session, machine_now, LEASES_MAX)
    ended = 0
    for tenant, claim, contact in found:
        async with db.transaction() as session:
            at = contact.attempted_at or machine_now
            moment = Moment(at, at, machine_now)
            if clock_mode == "system":
                moment = Moment(at, machine_now, machine_now)
            elif (business := await debtor_store.get_business_time(session, tenant)) is not None:
                moment = Moment(at, business, machine_now)
            counts = await record_outcomes(
                session,
                tenant,
                moment,
                [Outcome(contact, "uncertain", LEASE_ENDED)],
                expected={"intent"},
                claim=claim,
            )
        ended += counts["uncertain"]
        _tell(contact)
    return ended


def _tell(contact: Contact) -> None:
    log.warning("contact uncertain", contact=contact.contact_id, because=LEASE_ENDED)


async def run_leases(db: Database, clock_mode: Clock, *, stop: asyncio.Event) -> None:
    """Look again and again until told to stop."""
    while not stop.is_set():
        try:
            await end_leases(db, clock_mode, clock.now())
        except Unavailable as error:
            log.warning("leases not looked at", reason=error.detail)
        try:
            await asyncio.wait_for(stop.wait(), LEASES_SECONDS)
        except TimeoutError:
            continue
