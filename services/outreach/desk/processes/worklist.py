"""Give a person the best task there is. Calls that the contact rules put off are left until then:
each is asked about at most once for as long as it is put off."""

from services.outreach.activity.commands import tenant_now
from services.outreach.activity.domain.tasks import CALL_KINDS
from services.outreach.context import Context
from services.outreach.desk.commands.calls import load_calls
from services.outreach.desk.commands.tasks import (
    LEASE,
    announce_claimed,
    held_skills,
)
from services.outreach.desk.domain.calls import deferred_until
from services.outreach.desk.store import calls as call_store
from services.outreach.desk.store import tasks as store
from shared import clock
from shared.database import Record, Session
from shared.errors import Unavailable

_TRIES_MAX = 20  # of tasks that others take at the same instant
_ASKED_MAX = 25  # calls, in one transaction
_ROUNDS_MAX = 40


async def take_next(context: Context, tenant: str, person: str, queue: str | None) -> Record | None:
    """Claim the best task; None: there is nothing to do now."""
    for _ in range(_ROUNDS_MAX):
        async with context.db.transaction() as session:
            row, is_over = await _take(context, session, tenant, person, queue)
        if is_over:
            return row
    raise Unavailable("Many calls are put off just now; ask again.")


async def _take(
    context: Context, session: Session, tenant: str, person: str, queue: str | None
) -> tuple[Record | None, bool]:
    """A task, and whether the search is over."""
    now = await tenant_now(session, context.clock, tenant)
    skills = await held_skills(session, tenant, person, now)
    asked = contended = 0
    while asked < _ASKED_MAX and contended < _TRIES_MAX:
        machine_now = clock.now()
        row, has_more = await store.take_best(
            session,
            tenant,
            person,
            queue=queue,
            skills=skills,
            now=now,
            machine_now=machine_now,
            lease_until=machine_now + LEASE,
        )
        if row is None and not has_more:
            return None, True
        if row is None:
            contended += 1
            continue
        if row["kind"] in CALL_KINDS:
            asked += 1
            found = await load_calls(
                session, tenant, {row["account_id"]}, context.rulebooks,
                context.content.residence_default,
            )  # fmt: skip
            facts = found.get(row["account_id"])
            until = deferred_until(facts, now) if facts is not None else None
            if until is not None:
                await call_store.defer_call(session, tenant, row["task_id"], until)
                continue
        await announce_claimed(session, context.clock, row, row["timezone"])
        return row, True
    return None, False
