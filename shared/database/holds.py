"""What a service does by itself may be held until a person has looked (docs/operations.md, Holds).

While one stands, the ledger begins no day by itself and outreach contacts nobody; what others ask
of them goes on. A hold has a name and belongs to all tenants or to one. It ends when a person
releases it, or by whoever placed it when its reason is gone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from shared.database.database import Database, Session
from shared.errors import Conflict
from shared.process import telemetry

ALL_TENANTS = ""

_COLUMNS = (
    "name, tenant_id as tenant, reason, measure, since_at as since, seen_at, released_at,"
    " released_by"
)
_ALL = f"select {_COLUMNS} from holds where tenant_id in ($1, $2)"
_STANDING = f"select {_COLUMNS} from holds where released_at is null order by name, tenant_id"
_PLACE = """
insert into holds as h (name, tenant_id, reason, measure) values ($1, $2, $3, $4)
on conflict (tenant_id, name) do update set
  reason = case when h.released_at is null then h.reason else excluded.reason end,
  since_at = case when h.released_at is null then h.since_at else excluded.since_at end,
  measure = excluded.measure, seen_at = excluded.seen_at, released_at = null, released_by = null
returning since_at = seen_at
"""
_RELEASE = """
update holds set released_at = statement_timestamp(), released_by = $2
where name = $1 and released_at is null and ($3::text is null or tenant_id = $3)
returning tenant_id
"""

log = telemetry.logger(__name__)


class Hold(Struct, frozen=True, kw_only=True):
    """Why something stands still, and since when (on the database's clock)."""

    name: str
    tenant: str  # or `ALL_TENANTS`
    reason: str  # says what to do about it, and names no tenant
    measure: float | None  # how much of it there was when it was last seen; what a release confirms
    since: datetime
    seen_at: datetime
    released_at: datetime | None
    released_by: str | None


class Held(Conflict):
    """A hold stands: nothing is done until it is released."""


HoldKey: TypeAlias = tuple[str, str]  # name and tenant


async def place(
    session: Session,
    name: str,
    reason: str,
    *,
    tenant: str = ALL_TENANTS,
    measure: float | None = None,
) -> bool:
    """Whether it is new. One that stands keeps its reason, and counts as seen again."""
    is_new: bool = await session.fetchval(_PLACE, name, tenant, reason, measure)
    if is_new:
        session.after_commit(
            lambda: log.error("hold.placed", hold=name, tenant=tenant or None, reason=reason)
        )
    return is_new


async def release(session: Session, name: str, *, by: str, tenant: str | None = None) -> int:
    """Let go on what stood still, of one tenant or (None) of all; how many holds that were."""
    rows = await session.fetch(_RELEASE, name, by, tenant)
    tenants = [row["tenant_id"] or "all" for row in rows]
    if tenants:
        session.after_commit(
            lambda: log.warning("hold.released", hold=name, tenants=tenants, by=by)
        )
    return len(rows)


async def list_holds(db: Database | Session) -> list[Hold]:
    """Those that stand, of all tenants."""
    return [Hold(**dict(row)) for row in await db.fetch(_STANDING)]


async def find_holds(db: Database | Session, tenant: str) -> dict[HoldKey, Hold]:
    """A tenant's and those of all, released ones too: they say what a person has confirmed."""
    found = [Hold(**dict(row)) for row in await db.fetch(_ALL, ALL_TENANTS, tenant)]
    return {(hold.name, hold.tenant): hold for hold in found}


async def refuse_if_held(db: Database | Session, tenant: str) -> None:
    """Raises `Held` while a hold stands for the tenant."""
    refuse_standing(await find_holds(db, tenant))


def refuse_standing(found: Mapping[HoldKey, Hold]) -> None:
    """Raises `Held` for the first that is not released."""
    for _, hold in sorted(found.items()):
        if hold.released_at is None:
            raise Held(f"on hold ({hold.name}): {hold.reason}")


def by_name(found: Sequence[Hold]) -> list[dict[str, object]]:
    """For those who may not know tenants: each name once, with how many it holds."""
    shown: dict[str, dict[str, object]] = {}
    for hold in found:
        one = shown.setdefault(
            hold.name, {"name": hold.name, "reason": hold.reason, "since": hold.since, "tenants": 0}
        )
        if hold.tenant == ALL_TENANTS:
            one["tenants"] = "all"
        elif isinstance(one["tenants"], int):
            one["tenants"] += 1
    return list(shown.values())


async def count_holds(db: Database, service: str) -> list[Hold]:
    """Those that stand, and the figure that says how many."""
    found = await list_holds(db)
    telemetry.HOLDS.labels(service).set(len(found))
    return found
