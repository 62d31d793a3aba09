"""Re-score one slice of a population: in one transaction, short enough to stop no event.

The job's row is locked first and its accounts after it, in the order of their ids, as everybody
does; consumers never touch the job. So any number of workers may take slices, and a crash loses
nothing: the cursor moves with the accounts.
"""

from datetime import date, datetime

import msgspec

from services.segmentation.commands.in_force import InForce
from services.segmentation.commands.scoring import before_of, believed_of, remember, shadows_of
from services.segmentation.domain.account import known_on
from services.segmentation.domain.announcing import Cause, announce_rescored
from services.segmentation.domain.assess import assess, settle
from services.segmentation.domain.rules import Rules
from services.segmentation.store import accounts, assessments
from services.segmentation.store import rescoring as store
from services.segmentation.store.assessments import Believed
from shared import clock
from shared.database import Session
from shared.events import Event
from shared.log import outbox

SLICE_ACCOUNTS = 250


async def rescore_slice(
    session: Session, force: InForce, *, size: int = SLICE_ACCOUNTS
) -> store.Rescoring | None:
    """Re-score the next accounts of the oldest open job; None: there is nothing to do."""
    job = await store.claim_rescoring(session)
    if job is None:
        return None
    tenant = job.tenant_id
    standings = await accounts.lock_slice(session, tenant, after=job.cursor, limit=size)
    rules = await force.of(session, {tenant})
    changed: dict[accounts.Key, accounts.Standing] = {}
    moved: dict[accounts.Key, accounts.Standing] = {}  # of these, whose state has changed too
    believed: dict[accounts.Key, dict[date, Believed]] = {}
    announcements: list[Event] = []
    for key, standing in standings.items():
        course = msgspec.json.encode(standing.state.course)
        item, said = _rescore(standing, key[1], job, rules[tenant])
        if item is not None:
            changed[key], believed[key] = standing, {item.on_day: item}
            if msgspec.json.encode(standing.state.course) != course:
                moved[key] = standing
            announcements += said
    if changed:
        if moved:
            await accounts.update_accounts(session, moved)
        still = {key: standing for key, standing in changed.items() if key not in moved}
        await accounts.update_figures(session, still)
        await assessments.upsert_assessments(
            session, {key: list(items.values()) for key, items in believed.items()}
        )
    if job.with_shadows:
        await assessments.upsert_shadows(session, shadows_of(changed, believed, rules))
    outbox.append(session, announcements)
    ended = len(standings) < size
    await store.advance_rescoring(
        session,
        job,
        cursor=max((account_id for _, account_id in standings), default=job.cursor),
        done=len(standings),
        changed=len(changed),
        ended_at=clock.now() if ended else None,
    )
    return job


def _rescore(
    standing: accounts.Standing, account_id: str, job: store.Rescoring, rules: Rules
) -> tuple[Believed | None, list[Event]]:
    """What is believed of an account now, where that is another thing than before."""
    state, before = standing.state, before_of(standing)
    seen = (before, standing.late_probability, standing.late_model_version, standing.priority)
    after = assess(state, account_id, rules)
    on_day = known_on(state)
    assert on_day is not None, "a segment comes from an event, which has a day"
    settle(state, after, is_event=False)
    said = announce_rescored(account_id, before, after, _cause(standing, job), rules)
    is_new_policy = standing.policy_version != rules.policy.version
    standing.segment, standing.arms = after.segment, after.arms
    standing.policy_version = rules.policy.version
    remember(standing, after)
    now = (
        before_of(standing),
        standing.late_probability,
        standing.late_model_version,
        standing.priority,
    )
    if now == seen and not is_new_policy and not job.with_shadows:
        return None, []
    on = max(on_day, clock.local_day(job.at, state.timezone))
    return believed_of(standing, after, on_day=on, by_rescore=True), said


def _cause(standing: accounts.Standing, job: store.Rescoring) -> Cause:
    """A re-score has no fact; it holds from the job's instant, and not before what was known."""
    state = standing.state
    at = _later(job.at, state.known_at)
    day = clock.local_day(at, state.timezone)
    return Cause(
        tenant=job.tenant_id,
        id=f"rescoring {job.number}",
        because=job.because,
        time=at,
        day=day if state.latest_on is None else max(day, state.latest_on),
        recordedtime=at,
    )


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)
