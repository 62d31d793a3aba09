"""Re-score a tenant's accounts after a model or a policy has come into force.

A slice is one transaction, short enough to stop no event. The job's row is locked first and its
accounts after it, in the order of their ids, as everybody does; consumers never touch the job. So
any number of workers may take slices, and a crash loses nothing: the cursor moves with the rows.
"""

from collections.abc import Collection
from datetime import date, datetime

from services.segmentation.commands.scoring import (
    before_of,
    belief_of,
    remember,
    shadows_of,
)
from services.segmentation.context import Context
from services.segmentation.domain.account import known_on
from services.segmentation.domain.announcements import Cause, announce_rescored
from services.segmentation.domain.assess import assess, update_commitments
from services.segmentation.domain.rules import Rules
from services.segmentation.store import accounts, assessments
from services.segmentation.store import rescoring as store
from services.segmentation.store.account_memory import Key
from services.segmentation.store.accounts import AccountRow
from services.segmentation.store.assessments import AssessmentRecord
from shared import clock
from shared.database import Session
from shared.events import SEGMENTATION, Announcement, Event
from shared.log import outbox

SLICE_ACCOUNTS = 500  # about a tenth of a second


async def begin_rescore(
    session: Session, tenant: str, *, because: str, at: datetime, with_shadows: bool = False
) -> int:
    """Let workers re-score all accounts by what is in force then; the job's number.

    What it changes holds from `at`. One that is under way for the tenant ends: this one covers it.
    Challengers answer when something happens to an account; `with_shadows`, for everybody now.
    """
    count = await accounts.count_accounts(session, tenant)
    return await store.insert_rescoring(
        session,
        tenant,
        because=because,
        at=at,
        accounts=count,
        with_shadows=with_shadows,
        now=clock.now(),
    )


async def rescore_slice(
    session: Session,
    context: Context,
    *,
    size: int = SLICE_ACCOUNTS,
    except_tenants: Collection[str] = (),
    claimed: list[str] | None = None,
) -> store.Rescoring | None:
    """Re-score the next accounts of the oldest open job; None: there is nothing to do.

    Its tenant is noted in `claimed`, for whoever must know whose slice has failed.
    """
    job = await store.claim_rescoring(session, except_tenants)
    if job is None:
        return None
    tenant = job.tenant_id
    if claimed is not None:
        claimed.append(tenant)
    rows = await accounts.lock_slice(session, tenant, after=job.cursor, limit=size)
    rules = (await context.rules.of(session, {tenant}))[tenant]
    changed: dict[Key, AccountRow] = {}
    moved: dict[Key, AccountRow] = {}  # of these, whose state has changed too
    believed: dict[Key, dict[date, AssessmentRecord]] = {}
    events: list[Event] = []
    for key, row in rows.items():
        found = _rescore(row, key[1], job, rules)
        if found is not None:
            changed[key], believed[key] = row, {found.record.on_day: found.record}
            if found.has_moved:
                moved[key] = row
            events += found.events
    if changed:
        await accounts.update_accounts(session, moved)
        still = {key: row for key, row in changed.items() if key not in moved}
        await accounts.update_figures(session, still)
        await assessments.upsert_assessments(session, believed)
    if job.with_shadows:
        shadows = shadows_of(changed, believed, {tenant: rules})
        await assessments.upsert_shadows(session, shadows)
    outbox.append(session, events)
    await store.advance_rescoring(
        session,
        job,
        cursor=max((account_id for _, account_id in rows), default=job.cursor),
        done=len(rows),
        changed=len(changed),
        ended_at=clock.now() if len(rows) < size else None,
    )
    return job


class _Rescored:
    """What a re-score of one account changes."""

    __slots__ = ("events", "has_moved", "record")

    def __init__(self, record: AssessmentRecord, has_moved: bool, events: list[Event]) -> None:
        self.record = record
        self.has_moved = has_moved
        self.events = events


def _rescore(
    row: AccountRow, account_id: str, job: store.Rescoring, rules: Rules
) -> _Rescored | None:
    """What is believed of an account now, where that is another thing than before."""
    state, before = row.state, before_of(row)
    figures = (row.late_probability, row.late_model_version, row.priority)
    is_new_policy = row.policy_version != rules.policy.version
    commitments = state.commitments
    stay, assignments = commitments.stay, commitments.assignments
    after = assess(state, account_id, rules)
    on_day = known_on(state)
    assert on_day is not None, "a segment comes from an event, which has a day"
    update_commitments(state, after, is_event=False)
    has_moved = (commitments.stay, commitments.assignments) != (stay, assignments)
    row.segment, row.arms = after.segment, after.arms
    row.policy_version = rules.policy.version
    remember(row, after)
    now = (row.late_probability, row.late_model_version, row.priority)
    if before_of(row) == before and now == figures and not is_new_policy and not job.with_shadows:
        return None
    on = max(on_day, clock.local_day(job.at, state.timezone))
    record = belief_of(row, after).record(on, by_rescore=True)
    at = job.at if state.known_at is None else max(job.at, state.known_at)
    announced = announce_rescored(account_id, before, after, _cause(row, job, at), rules)
    events = [_published(one, job.tenant_id, account_id, at) for one in announced]
    return _Rescored(record, has_moved, events)


def _cause(row: AccountRow, job: store.Rescoring, at: datetime) -> Cause:
    """A re-score has no fact; it holds from the job's instant, and not before what was known."""
    state = row.state
    day = clock.local_day(at, state.timezone)
    return Cause(
        id=f"rescoring {job.number}",
        because=job.because,
        time=at,
        day=day if state.latest_on is None else max(day, state.latest_on),
    )


def _published(announced: Announcement, tenant: str, account_id: str, at: datetime) -> Event:
    return Event.of(announced, topic=SEGMENTATION, tenant=tenant, key=account_id, recordedtime=at)
