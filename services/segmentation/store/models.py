"""SQL of models: the registry, and which model has which role. Roles are an append-only list."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.segmentation.learning.cases import Target
from shared.database import Record, Session

Part = Literal["champion", "shadow"]


class Registered(Struct, frozen=True, kw_only=True):
    """A model as the registry lists it, without its document."""

    number: int
    version: str
    target: Target
    horizon_days: int
    until: date
    beside: str | None  # trees: the scorecard they were grown with
    report: Any  # figures, as they were answered
    trained_by: str
    created_at: datetime


class StoredModel(Struct, frozen=True):
    """A document, and for trees the scorecard they were grown with."""

    document: bytes
    beside: str | None


class Role(Struct, frozen=True, kw_only=True):
    """One entry of the list: from then on this model had this role."""

    target: Target
    role: Part
    number: int
    version: str | None
    from_version: str | None
    is_rollback: bool
    reason: str
    promoted_by: str
    at: datetime


async def insert_model(
    session: Session,
    tenant: str,
    *,
    version: str,
    target: Target,
    horizon_days: int,
    document: bytes,
    beside: str | None,
    report: Any,
    until: date,
    trained_by: str,
    created_at: datetime,
) -> bool:
    """Put a model into the registry. False: it was there (the same facts make the same model)."""
    await _lock(session, tenant)
    status = await session.execute(
        """insert into models (tenant_id, version, target, horizon_days, document, report, until,
                               number, trained_by, created_at, beside)
           select $1, $2, $3, $4, $5, $6, $7, coalesce(max(number), 0) + 1, $8, $9, $10
             from models where tenant_id = $1
           on conflict (tenant_id, version) do nothing""",
        tenant,
        version,
        target,
        horizon_days,
        document,
        msgspec.json.encode(report),
        until,
        trained_by,
        created_at,
        beside,
    )
    return status.endswith(" 1")


async def find_document(session: Session, tenant: str, version: str) -> StoredModel | None:
    """A model's document, as it was stored."""
    row = await session.fetchrow(
        "select document, beside from models where tenant_id = $1 and version = $2",
        tenant,
        version,
    )
    return None if row is None else StoredModel(row["document"], row["beside"])


async def find_challenger(session: Session, tenant: str, version: str) -> str | None:
    """The trees that were grown with a scorecard."""
    found: str | None = await session.fetchval(
        """select version from models where tenant_id = $1 and beside = $2
           order by number desc limit 1""",
        tenant,
        version,
    )
    return found


async def find_model(session: Session, tenant: str, version: str) -> Registered | None:
    row = await session.fetchrow(
        f"select {_COLUMNS} from models where tenant_id = $1 and version = $2", tenant, version
    )
    return None if row is None else _registered(row)


async def list_models(
    session: Session, tenant: str, *, target: str | None, before: int | None, limit: int
) -> list[Registered]:
    """The registry, the latest first."""
    rows = await session.fetch(
        f"""select {_COLUMNS} from models
           where tenant_id = $1 and ($2::text is null or target = $2)
             and ($3::bigint is null or number < $3)
           order by number desc limit $4""",
        tenant,
        target,
        before,
        limit,
    )
    return [_registered(row) for row in rows]


_COLUMNS = "number, version, target, horizon_days, until, beside, report, trained_by, created_at"


def _registered(row: Record) -> Registered:
    return Registered(**{**dict(row), "report": msgspec.json.decode(row["report"])})


async def insert_role(
    session: Session,
    tenant: str,
    *,
    target: Target,
    role: Part,
    version: str | None,
    from_version: str | None,
    is_rollback: bool,
    reason: str,
    promoted_by: str,
    at: datetime,
) -> int:
    """Give a model a role; the entry's number. Roles of a tenant are locked (`lock_roles`)."""
    number: int = await session.fetchval(
        """insert into promotions (tenant_id, target, role, number, version, from_version,
                                   is_rollback, reason, promoted_by, at)
           select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8, $9
             from promotions where tenant_id = $1 and target = $2 and role = $3
           returning number""",
        tenant,
        target,
        role,
        version,
        from_version,
        is_rollback,
        reason,
        promoted_by,
        at,
    )
    return number


async def lock_roles(session: Session, tenant: str) -> None:
    """Nobody else changes the tenant's roles before this transaction ends."""
    await _lock(session, tenant)


async def _lock(session: Session, tenant: str) -> None:
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('segmentation models ' || $1, 0))", tenant
    )


async def current_roles(session: Session, tenants: Collection[str]) -> dict[str, list[Role]]:
    """The latest entry of each target and role."""
    found: dict[str, list[Role]] = {tenant: [] for tenant in tenants}
    rows = await session.fetch(
        """select distinct on (tenant_id, target, role) * from promotions
           where tenant_id = any($1::text[]) order by tenant_id, target, role, number desc""",
        sorted(tenants),
    )
    for row in rows:
        found[row["tenant_id"]].append(_role(row))
    return found


async def list_roles(
    session: Session,
    tenant: str,
    *,
    target: str | None = None,
    before: tuple[datetime, str, str, int] | None = None,
    limit: int = 1000,
) -> list[Role]:
    """Who put what in force, and why; the latest first. `before` is the last of the page before."""
    at, its_target, role, number = before or (None, None, None, None)
    rows = await session.fetch(
        """select * from promotions where tenant_id = $1 and ($2::text is null or target = $2)
             and ($3::timestamptz is null or (at, target, role, number) < ($3, $4, $5, $6::bigint))
           order by at desc, target desc, role desc, number desc limit $7""",
        tenant,
        target,
        at,
        its_target,
        role,
        number,
        limit,
    )
    return [_role(row) for row in rows]


async def due_to_watch(session: Session, tenant: str, today: date) -> list[str]:
    """The trained models in force that were not watched on this day yet."""
    rows = await session.fetch(
        """select p.version
           from (select distinct on (target) target, version from promotions
                  where tenant_id = $1 and role = 'champion' order by target, number desc) p
           join models m on m.tenant_id = $1 and m.version = p.version
           left join watches w on w.tenant_id = $1 and w.version = p.version
           where w.on_day is null or w.on_day < $2
           order by p.target""",
        tenant,
        today,
    )
    return [row["version"] for row in rows]


async def upsert_watch(
    session: Session, tenant: str, version: str, on: date, figures: dict[str, float]
) -> None:
    await session.execute(
        """insert into watches (tenant_id, version, on_day, figures) values ($1, $2, $3, $4)
           on conflict (tenant_id, version) do update set
             on_day = excluded.on_day, figures = excluded.figures""",
        tenant,
        version,
        on,
        msgspec.json.encode(figures),
    )


async def list_watches(session: Session) -> list[tuple[str, dict[str, float]]]:
    """Target and figures of every model in force that was watched, of whatever tenant."""
    rows = await session.fetch(
        """select p.target, w.figures
           from (select distinct on (tenant_id, target) tenant_id, target, version
                   from promotions where role = 'champion'
                  order by tenant_id, target, number desc) p
           join watches w on w.tenant_id = p.tenant_id and w.version = p.version"""
    )
    return [(r["target"], msgspec.json.decode(r["figures"])) for r in rows]


async def tenants_with_models(session: Session) -> list[str]:
    rows = await session.fetch("select distinct tenant_id from promotions order by 1")
    return [row["tenant_id"] for row in rows]


def _role(row: Record) -> Role:
    values = dict(row)
    del values["tenant_id"]
    return Role(**values)
