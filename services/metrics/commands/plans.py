"""Plans: written, approved, withdrawn, reviewed, closed. Each returns the plan as it is then."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec import Struct, structs

from services.metrics.commands.own_events import announce
from services.metrics.commands.plan_times import PlanTime, plan_time
from services.metrics.domain.plans import news
from services.metrics.domain.plans.document import CollectionPlan
from services.metrics.domain.plans.drafts import approval_faults
from services.metrics.domain.plans.objectives import JudgedObjective
from services.metrics.domain.plans.reviews import PlanReview, ReviewDecision, day_of_review
from services.metrics.domain.plans.states import (
    PlanRecord,
    PlanVersion,
    approved,
    may_close,
    may_edit,
    may_review,
    withdrawn,
    written,
)
from services.metrics.store import plans as store
from services.metrics.store.changes import announce_change
from shared.business_time import Clock
from shared.database import Session
from shared.errors import AppError, Conflict, FieldError, Invalid


class PreconditionFailed(AppError):
    """Somebody has written meanwhile."""

    status = 412
    title = "Precondition failed"


class ReviewAsked(Struct, frozen=True, kw_only=True):
    """A review as it is sent."""

    for_day: date | None
    is_final: bool
    notes: str
    decisions: tuple[ReviewDecision, ...]


async def create_plan(
    session: Session, tenant: str, mode: Clock, plan: CollectionPlan, *, by: str
) -> PlanRecord:
    """Raises `Conflict` where the id is taken."""
    time = await plan_time(session, tenant, mode, first_on=plan.from_on)
    first = PlanVersion(version=1, edit=1, plan=plan, authors=(by,), written_on=time.day)
    record = PlanRecord(plan_id=plan.plan_id, state="draft", versions=(first,))
    if not await store.insert_plan(session, tenant, record):
        raise Conflict(
            f"There is a plan {plan.plan_id} already.",
            [FieldError("/plan_id", "is taken: PUT writes a plan that is there")],
        )
    await _tell(session, tenant, record)
    return record


async def write_plan(
    session: Session,
    tenant: str,
    mode: Clock,
    plan: CollectionPlan,
    *,
    if_match: str | None,
    by: str,
) -> PlanRecord:
    """Write the draft. Raises `PreconditionFailed` where it is not the one that was read."""
    record = await store.lock_plan(session, tenant, plan.plan_id)
    may_edit(record)
    _matched(record, if_match)
    time = await plan_time(session, tenant, mode, first_on=plan.from_on)
    changed = written(record, plan, by=by, on=time.day)
    if changed is not record:
        await store.update_plan(session, tenant, changed)
        await _tell(session, tenant, changed)
    return changed


async def approve_plan(
    session: Session,
    tenant: str,
    mode: Clock,
    plan_id: str,
    version: int,
    *,
    if_match: str | None,
    by: str,
) -> PlanRecord:
    """Raises `Forbidden` for who wrote it, `Invalid` for what it still lacks."""
    record = await store.lock_plan(session, tenant, plan_id)
    if if_match is not None:
        _matched(record, if_match)
    found = record.find(version)
    first_on = None if found is None else found.plan.from_on
    time = await plan_time(session, tenant, mode, first_on=first_on)
    changed = approved(record, version, by=by, on=time.day)
    if changed is record:
        return record
    found = changed.find(version)
    assert found is not None, "it was approved"
    if lacks := approval_faults(found.plan):
        raise Invalid("The plan cannot be approved yet.", lacks)
    assert found.plan.to_on is not None, "checked just now"
    if found.holds_from is not None and found.holds_from > found.plan.to_on:
        over = FieldError("/to", "the plan would be over before it begins")
        raise Invalid("The plan cannot be approved any more.", [over])
    await store.update_plan(session, tenant, changed)
    announce(session, tenant, time.now, [news.plan_approved(changed, found, time.when)])
    await _tell(session, tenant, changed)
    return changed


async def withdraw_plan(session: Session, tenant: str, plan_id: str, *, reason: str) -> PlanRecord:
    """A draft again."""
    record = await store.lock_plan(session, tenant, plan_id)
    changed = withdrawn(record)
    if changed is not record:
        await store.update_plan(session, tenant, structs.replace(changed, reason=reason))
        await _tell(session, tenant, changed)
    return changed


async def check_review(
    session: Session, tenant: str, mode: Clock, plan_id: str, asked: ReviewAsked
) -> tuple[PlanRecord, PlanTime, date]:
    """Whether a review may be held now, and the day that it is for. Raises `Conflict`."""
    record = await store.lock_plan(session, tenant, plan_id)
    time = await plan_time(session, tenant, mode)
    held = await store.list_reviews(session, tenant, plan_id)
    if record.state == "reviewed" and asked.is_final:
        return record, time, held[-1].for_day
    may_review(record, is_final=asked.is_final, day=time.day)
    assert record.approved is not None, "it runs"
    plan = record.approved.plan
    assert plan.from_on is not None, "an approved plan is whole"
    assert plan.to_on is not None, "an approved plan is whole"
    days = [review.for_day for review in held]
    day = asked.for_day or day_of_review(
        plan.reviews, days, from_on=plan.from_on, to_on=plan.to_on, day=time.day
    )
    if day > time.day:
        raise Invalid("The review cannot be held.", [FieldError("/for_day", "has not begun")])
    if day in days:
        raise Conflict(f"There is a review for {day} already.")
    return record, time, day


async def review_plan(
    session: Session,
    tenant: str,
    mode: Clock,
    plan_id: str,
    asked: ReviewAsked,
    *,
    progress: Any,
    objectives: Sequence[JudgedObjective],
    by: str,
) -> PlanReview:
    """Keep a review with the progress as it is known. The final one ends the plan."""
    record, time, day = await check_review(session, tenant, mode, plan_id, asked)
    if record.state == "reviewed":
        return (await store.list_reviews(session, tenant, plan_id))[-1]
    review = PlanReview(
        for_day=day,
        is_final=asked.is_final,
        notes=asked.notes,
        decisions=asked.decisions,
        reviewed_by=by,
        reviewed_on=time.day,
        progress=progress,
    )
    if not await store.insert_review(session, tenant, plan_id, review):
        raise Conflict(f"There is a review for {day} already.")
    if asked.is_final:
        ended = structs.replace(record, state="reviewed", ended_on=time.day)
        await store.update_plan(session, tenant, ended)
        announced = news.plan_reviewed(record, review, objectives, time.when)
        announce(session, tenant, time.now, [announced])
        record = ended
    await _tell(session, tenant, record)
    return review


async def close_plan(
    session: Session, tenant: str, mode: Clock, plan_id: str, *, reason: str | None, by: str
) -> PlanRecord:
    """Nothing changes it any more."""
    record = await store.lock_plan(session, tenant, plan_id)
    if not may_close(record, reason):
        return record
    time = await plan_time(session, tenant, mode)
    closed = structs.replace(record, state="closed", ended_on=time.day, reason=reason)
    await store.update_plan(session, tenant, closed)
    announce(session, tenant, time.now, [news.plan_closed(record, reason, by, time.when)])
    await _tell(session, tenant, closed)
    return closed


def _matched(record: PlanRecord, if_match: str | None) -> None:
    if if_match is None:
        missing = FieldError("/header/If-Match", "is missing: the ETag of what was read")
        raise Invalid("A plan is written over what was read.", [missing])
    known = record.newest.etag
    if if_match.strip() not in (known, known.strip('"'), f"W/{known}"):
        raise PreconditionFailed(
            "Somebody has written this plan since it was read.",
            members={"etag": known, "version": record.newest.version},
        )


async def _tell(session: Session, tenant: str, record: PlanRecord) -> None:
    """The live stream, last of all."""
    content = {"plan_id": record.plan_id, "state": record.state}
    await announce_change(session, tenant, "plan", content)
