"""SQL of what contingencies and experiments' verdicts do. Their times are the machine's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.metrics.domain.plans.contingencies import PlannedAction
from shared.database import Session

_ENCODER = msgspec.json.Encoder()
_ACTION = msgspec.json.Decoder(PlannedAction)


class KeptAction(Struct, frozen=True):
    tenant: str
    action: PlannedAction
    made_at: datetime


async def insert_action(
    session: Session, tenant: str, action: PlannedAction, *, now: datetime, next_at: datetime | None
) -> bool:
    """Whether it is the first of its day."""
    status = await session.execute(
        """
        insert into plan_actions (tenant_id, plan_id, contingency, triggered_on, state, content,
            made_at, next_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
        """,
        tenant,
        action.plan_id,
        action.contingency,
        action.triggered_on,
        action.state,
        _ENCODER.encode(action).decode(),
        now,
        next_at,
    )
    return status.endswith(" 1")


async def update_action(
    session: Session, tenant: str, action: PlannedAction, *, next_at: datetime | None
) -> None:
    await session.execute(
        """
        update plan_actions set state = $5, content = $6, next_at = $7
        where tenant_id = $1 and plan_id = $2 and contingency = $3 and triggered_on = $4
        """,
        tenant,
        action.plan_id,
        action.contingency,
        action.triggered_on,
        action.state,
        _ENCODER.encode(action).decode(),
        next_at,
    )


async def claim_actions(
    session: Session, *, now: datetime, lease_until: datetime, tenant: str | None, limit: int
) -> list[KeptAction]:
    """Those that are to be asked for now. A claim ends by itself."""
    rows = await session.fetch(
        """
        update plan_actions set next_at = $2
        where (tenant_id, plan_id, contingency, triggered_on) in (
            select tenant_id, plan_id, contingency, triggered_on from plan_actions
            where next_at <= $1 and ($3::text is null or tenant_id = $3)
            order by next_at limit $4 for update skip locked)
        returning tenant_id, content, made_at
        """,
        now,
        lease_until,
        tenant,
        limit,
    )
    return [_kept(row) for row in rows]


async def lock_action(session: Session, tenant: str, action: PlannedAction) -> PlannedAction | None:
    """As it stands by now."""
    content = await session.fetchval(
        """
        select content from plan_actions where tenant_id = $1 and plan_id = $2
            and contingency = $3 and triggered_on = $4 for update
        """,
        tenant,
        action.plan_id,
        action.contingency,
        action.triggered_on,
    )
    return None if content is None else _ACTION.decode(content)


async def list_actions(session: Session, tenant: str, plan_id: str) -> list[PlannedAction]:
    """The newest of each contingency last."""
    rows = await session.fetch(
        "select content from plan_actions where tenant_id = $1 and plan_id = $2"
        " order by triggered_on",
        tenant,
        plan_id,
    )
    return [_ACTION.decode(row["content"]) for row in rows]


async def lock_waiting(session: Session, tenants: Sequence[str]) -> list[KeptAction]:
    """Those that wait for an approval."""
    rows = await session.fetch(
        """
        select tenant_id, content, made_at from plan_actions
        where tenant_id = any($1::text[]) and state = 'waiting'
        order by tenant_id, plan_id, contingency, triggered_on for update
        """,
        list(tenants),
    )
    return [_kept(row) for row in rows]


def _kept(row: Any) -> KeptAction:
    return KeptAction(row["tenant_id"], _ACTION.decode(row["content"]), row["made_at"])


# ---------------------------------------------------------------------- experiments to be stopped


class ExperimentStop(Struct, frozen=True, kw_only=True):
    """A run that its verdict stops."""

    tenant: str
    name: str
    run: int
    verdict: str
    words: str
    made_at: datetime
    attempts: int = 0


async def insert_stop(session: Session, stop: ExperimentStop, decided_on: object) -> bool:
    """Whether it is new: a run is stopped once."""
    status = await session.execute(
        """
        insert into experiment_stops (tenant_id, name, run, verdict, words, decided_on, is_done,
            attempts, made_at, next_at)
        values ($1, $2, $3, $4, $5, $6, false, 0, $7, $7) on conflict do nothing
        """,
        stop.tenant,
        stop.name,
        stop.run,
        stop.verdict,
        stop.words,
        decided_on,
        stop.made_at,
    )
    return status.endswith(" 1")


async def claim_stops(
    session: Session, *, now: datetime, lease_until: datetime, tenant: str | None, limit: int
) -> list[ExperimentStop]:
    rows = await session.fetch(
        """
        update experiment_stops set next_at = $2
        where (tenant_id, name, run) in (
            select tenant_id, name, run from experiment_stops
            where next_at <= $1 and ($3::text is null or tenant_id = $3)
            order by next_at limit $4 for update skip locked)
        returning tenant_id, name, run, verdict, words, made_at, attempts
        """,
        now,
        lease_until,
        tenant,
        limit,
    )
    return [
        ExperimentStop(
            tenant=row["tenant_id"],
            name=row["name"],
            run=row["run"],
            verdict=row["verdict"],
            words=row["words"],
            made_at=row["made_at"],
            attempts=row["attempts"],
        )
        for row in rows
    ]


async def update_stop(
    session: Session,
    stop: ExperimentStop,
    *,
    is_done: bool,
    answer: str | None,
    next_at: datetime | None,
) -> None:
    await session.execute(
        """
        update experiment_stops set is_done = $4, answer = $5, next_at = $6, attempts = $7
        where tenant_id = $1 and name = $2 and run = $3
        """,
        stop.tenant,
        stop.name,
        stop.run,
        is_done,
        answer,
        next_at,
        stop.attempts,
    )
