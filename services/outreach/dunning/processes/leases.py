"""An intent whose lease has ended is a contact whose end nobody will record: it is uncertain.

That is about dead processes and not about business time, so it happens with either clock.
"""

from datetime import datetime

from msgspec.structs import replace

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.dunning.commands.results import record_outcomes
from services.outreach.dunning.domain.intents import FIND_AFTER
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.runs import RunTime
from services.outreach.dunning.store.contacts import find_ended_leases
from shared.business_time import Clock
from shared.database import Database
from shared.process import telemetry
from shared.process.failures import survived

LEASES_MAX = 100  # of each tenant, ended at a time
LEASE_ENDED = "lease-ended"

log = telemetry.logger(__name__)


async def end_leases(db: Database, clock_mode: Clock, machine_now: datetime) -> int:
    """Turn what nobody holds any more into `contact-uncertain`; gives how many."""
    async with db.reading() as session:
        found = await find_ended_leases(session, machine_now, LEASES_MAX)
    ended = 0
    for tenant, claim, contact in found:
        with survived("outreach", "leases", tenant=tenant):
            ended += await _end(db, clock_mode, tenant, claim, contact, machine_now)
    return ended


async def _end(
    db: Database,
    clock_mode: Clock,
    tenant: str,
    claim: str,
    contact: DebtorContact,
    machine_now: datetime,
) -> int:
    uncertain = replace(contact, find_at=machine_now + FIND_AFTER)
    async with db.transaction() as session:
        at = contact.attempted_at or machine_now
        time = RunTime(at, await tenant_now(session, clock_mode, tenant), machine_now, clock_mode)
        counts = await record_outcomes(
            session,
            tenant,
            time,
            [Outcome(uncertain, "uncertain", LEASE_ENDED)],
            expected={"intent"},
            claim=claim,
        )
    _warn(contact)
    return counts["uncertain"]


def _warn(contact: DebtorContact) -> None:
    log.warning("contact uncertain", contact=contact.contact_id, because=LEASE_ENDED)
