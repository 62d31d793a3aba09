"""SQL of plans, their versions and their reviews."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.metrics.domain.plans.document import CollectionPlan
from services.metrics.domain.plans.reviews import PlanReview
from services.metrics.domain.plans.states import PlanRecord, PlanVersion
from shared.database import Session
from shared.errors import NotFound
from shared.texts import shown

_ENCODER = msgspec.json.Encoder()
_PLAN = msgspec.json.Decoder(CollectionPlan)
_REVIEW = msgspec.json.Decoder(PlanReview)

_VERSIONS = """
select plan_id, version, edit, content, authors, written_on, approved_by, approved_on, holds_from
  from plan_versions where tenant_id = $1 and plan_id = any($2::text[])
 order by plan_id, version
"""


class NoSuchPlan(NotFound):
    pass


async def insert_plan(session: Session, tenant: str, record: PlanRecord) -> bool:
    """Whether it is new: an id is taken once."""
    status = await session.execute(
        "insert into plans (tenant_id, plan_id, state) values ($1, $2, $3) on conflict do nothing",
        tenant,
        record.plan_id,
        record.state,
    )
    if not status.endswith(" 1"):
        return False
    await upsert_versions(session, tenant, record)
    return True


async def update_plan(session: Session, tenant: str, record: PlanRecord) -> None:
    """Its state, and every version of it."""
    await session.execute(
        "update plans set state = $3, started_on = $4, ended_on = $5, reason = $6"
        " where tenant_id = $1 and plan_id = $2",
        tenant,
        record.plan_id,
        record.state,
        record.started_on,
        record.ended_on,
        record.reason,
    )
    await upsert_versions(session, tenant, record)


async def upsert_versions(session: Session, tenant: str, record: PlanRecord) -> None:
    for each in record.versions:
        await session.execute(
            """
            insert into plan_versions (tenant_id, plan_id, version, edit, content, authors,
                written_on, approved_by, approved_on, holds_from)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (tenant_id, plan_id, version) do update set edit = excluded.edit,
                content = excluded.content, authors = excluded.authors,
                written_on = excluded.written_on, approved_by = excluded.approved_by,
                approved_on = excluded.approved_on, holds_from = excluded.holds_from
            """,
            tenant,
            record.plan_id,
            each.version,
            each.edit,
            _ENCODER.encode(each.plan).decode(),
            list(each.authors),
            each.written_on,
            each.approved_by,
            each.approved_on,
            each.holds_from,
        )


async def get_plan(session: Session, tenant: str, plan_id: str) -> PlanRecord:
    """Raises `NoSuchPlan`."""
    row = await session.fetchrow(
        "select * from plans where tenant_id = $1 and plan_id = $2", tenant, plan_id
    )
    return await _whole(session, tenant, plan_id, row)


async def lock_plan(session: Session, tenant: str, plan_id: str) -> PlanRecord:
    """The same, until the transaction ends. Raises `NoSuchPlan`."""
    row = await session.fetchrow(
        "select * from plans where tenant_id = $1 and plan_id = $2 for update", tenant, plan_id
    )
    return await _whole(session, tenant, plan_id, row)


async def list_plans(
    session: Session,
    tenant: str,
    *,
    states: Sequence[str] | None = None,
    after: str = "",
    limit: int = 10_000,
) -> list[PlanRecord]:
    """By their ids."""
    rows = await session.fetch(
        """
        select * from plans
        where tenant_id = $1 and plan_id > $2 collate "C"
            and ($3::text[] is null or state = any($3))
        order by plan_id collate "C" limit $4
        """,
        tenant,
        after,
        None if states is None else list(states),
        limit,
    )
    versions = await session.fetch(_VERSIONS, tenant, [row["plan_id"] for row in rows])
    return [_record(row, [v for v in versions if v["plan_id"] == row["plan_id"]]) for row in rows]


async def _whole(session: Session, tenant: str, plan_id: str, row: Any) -> PlanRecord:
    if row is None:
        raise NoSuchPlan(f"There is no plan {shown(plan_id)}.")
    return _record(row, await session.fetch(_VERSIONS, tenant, [plan_id]))


def _record(row: Any, versions: Sequence[Any]) -> PlanRecord:
    return PlanRecord(
        plan_id=row["plan_id"],
        state=row["state"],
        versions=tuple(
            PlanVersion(
                version=each["version"],
                edit=each["edit"],
                plan=_PLAN.decode(each["content"]),
                authors=tuple(each["authors"]),
                written_on=each["written_on"],
                approved_by=each["approved_by"],
                approved_on=each["approved_on"],
                holds_from=each["holds_from"],
            )
            for each in versions
        ),
        started_on=row["started_on"],
        ended_on=row["ended_on"],
        reason=row["reason"],
    )


async def insert_review(session: Session, tenant: str, plan_id: str, review: PlanReview) -> bool:
    """Whether it is the first of its day."""
    status = await session.execute(
        "insert into plan_reviews (tenant_id, plan_id, for_day, content) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        tenant,
        plan_id,
        review.for_day,
        _ENCODER.encode(review).decode(),
    )
    return status.endswith(" 1")


async def list_reviews(session: Session, tenant: str, plan_id: str) -> list[PlanReview]:
    """In the order of their days."""
    rows = await session.fetch(
        "select content from plan_reviews where tenant_id = $1 and plan_id = $2 order by for_day",
        tenant,
        plan_id,
    )
    return [_REVIEW.decode(row["content"]) for row in rows]
