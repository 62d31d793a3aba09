"""Segment policies as they were sent, and which were in force when."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from shared.database import Session

_LOCK_CLASS = 1  # of the advisory locks on a tenant's policies


class Stored(Struct, frozen=True, kw_only=True):
    """A policy as it was sent."""

    policy_version: str
    source: str
    stored_at: datetime
    stored_by: str


class Activation(Struct, frozen=True, kw_only=True):
    """A policy came into force. `number` counts the tenant's activations."""

    number: int
    policy_version: str
    from_version: str
    activated_at: datetime
    activated_by: str
    reason: str | None


_STORED = "policy_version, source, stored_at, stored_by"
_ACTIVATION = "number, policy_version, from_version, activated_at, activated_by, reason"


async def lock_policies(session: Session, tenant: str) -> None:
    """One activation at a time: the next waits here for the commit of this one."""
    await session.execute("select pg_advisory_xact_lock($1, hashtext($2))", _LOCK_CLASS, tenant)


async def find_active(session: Session, tenants: Iterable[str]) -> dict[str, str]:
    """The versions in force. Tenants that never activated one are left out."""
    rows = await session.fetch(
        """select distinct on (tenant_id) tenant_id, policy_version from policy_activations
           where tenant_id = any($1::text[]) order by tenant_id, number desc""",
        sorted(tenants),
    )
    return {row["tenant_id"]: row["policy_version"] for row in rows}


async def find_policy(session: Session, tenant: str, version: str) -> Stored | None:
    row = await session.fetchrow(
        f"select {_STORED} from policies where tenant_id = $1 and policy_version = $2",
        tenant,
        version,
    )
    return None if row is None else Stored(**dict(row))


async def insert_policy(session: Session, tenant: str, stored: Stored) -> bool:
    """Whether it was new. The first text of a version stays, whatever comments later ones have."""
    status = await session.execute(
        """insert into policies (tenant_id, policy_version, source, stored_at, stored_by)
           values ($1, $2, $3, $4, $5) on conflict do nothing""",
        tenant,
        stored.policy_version,
        stored.source,
        stored.stored_at,
        stored.stored_by,
    )
    return status.endswith(" 1")


async def list_policies(
    session: Session, tenant: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[Stored]:
    """All versions, the last stored first; `after` is the last line of the page before."""
    rows = await session.fetch(
        f"""select {_STORED} from policies
            where tenant_id = $1
              and ($2::timestamptz is null or (stored_at, policy_version) < ($2, $3::text))
            order by stored_at desc, policy_version desc limit $4""",
        tenant,
        *(after or (None, None)),
        limit,
    )
    return [Stored(**dict(row)) for row in rows]


async def insert_activation(session: Session, tenant: str, activation: Activation) -> None:
    await session.execute(
        f"""insert into policy_activations (tenant_id, {_ACTIVATION})
            values ($1, $2, $3, $4, $5, $6, $7)""",
        tenant,
        activation.number,
        activation.policy_version,
        activation.from_version,
        activation.activated_at,
        activation.activated_by,
        activation.reason,
    )


async def list_activations(
    session: Session, tenant: str, *, before: int | None = None, limit: int = 1
) -> list[Activation]:
    """What came into force, the latest first."""
    rows = await session.fetch(
        f"""select {_ACTIVATION} from policy_activations
            where tenant_id = $1 and ($2::int is null or number < $2)
            order by number desc limit $3""",
        tenant,
        before,
        limit,
    )
    return [Activation(**dict(row)) for row in rows]


async def was_active(session: Session, tenant: str, version: str) -> bool:
    """Whether a version has ever been in force."""
    found = await session.fetchval(
        """select exists (select from policy_activations
                          where tenant_id = $1 and (policy_version = $2 or from_version = $2))""",
        tenant,
        version,
    )
    return bool(found)
