"""SQL of versioned documents; every query names tenant and kind: kinds know nothing of others."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from shared.database import Record, Session
from shared.documents.activations import Activation
from shared.documents.history import StoredVersion
from shared.errors import Unavailable


async def lock_documents(session: Session, kind: str, tenant: str) -> None:
    """One change of a tenant's documents of a kind at a time: the next waits here for the commit
    of this one."""
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"documents\n{kind}\n{tenant}"
    )


async def insert_version(session: Session, kind: str, tenant: str, stored: StoredVersion) -> bool:
    """Whether it was new: the first text of a version stays."""
    written = await session.fetchval(
        """insert into documents (tenant_id, kind, name, version, source, hash, category,
                                  stored_at, stored_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing returning true""",
        tenant,
        kind,
        stored.name,
        stored.version,
        stored.source,
        _hash(stored.source),
        stored.category,
        stored.stored_at,
        stored.stored_by,
    )
    return bool(written)


async def find_version(
    session: Session, kind: str, tenant: str, name: str, version: str
) -> StoredVersion | None:
    row = await session.fetchrow(
        """select * from documents
           where tenant_id = $1 and kind = $2 and name = $3 and version = $4""",
        tenant,
        kind,
        name,
        version,
    )
    return None if row is None else _version(row)


async def count_versions(session: Session, kind: str, tenant: str, name: str) -> int:
    count: int = await session.fetchval(
        "select count(*) from documents where tenant_id = $1 and kind = $2 and name = $3",
        tenant,
        kind,
        name,
    )
    return count


async def list_versions(
    session: Session, kind: str, tenant: str, name: str | None = None
) -> list[StoredVersion]:
    """By name, the first stored first. Their number is a person's, not a machine's."""
    rows = await session.fetch(
        """select * from documents
           where tenant_id = $1 and kind = $2 and ($3::text is null or name = $3)
           order by name, stored_at, version""",
        tenant,
        kind,
        name,
    )
    return [_version(row) for row in rows]


async def list_latest_digests(
    session: Session, kind: str, tenant: str
) -> dict[str, tuple[str, bytes]]:
    """By name, the version stored last and the digest of its text."""
    rows = await session.fetch(
        """select distinct on (name) name, version, hash from documents
           where tenant_id = $1 and kind = $2 order by name, stored_at desc, version desc""",
        tenant,
        kind,
    )
    return {row["name"]: (row["version"], row["hash"]) for row in rows}


async def page_versions(
    session: Session,
    kind: str,
    tenant: str,
    name: str,
    *,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[StoredVersion]:
    """The versions of a name, the last stored first; `after` is the last of the page before."""
    rows = await session.fetch(
        """select * from documents
           where tenant_id = $1 and kind = $2 and name = $3
             and ($4::timestamptz is null or (stored_at, version) < ($4, $5::text))
           order by stored_at desc, version desc limit $6""",
        tenant,
        kind,
        name,
        *(after or (None, None)),
        limit,
    )
    return [_version(row) for row in rows]


async def insert_activation(
    session: Session, kind: str, tenant: str, activation: Activation
) -> None:
    options = activation.options
    await session.execute(
        """insert into activations (tenant_id, kind, number, name, version, from_version, from_on,
                                    from_at, recorded_at, recorded_by, reason, options)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        tenant,
        kind,
        activation.number,
        activation.name,
        activation.version,
        activation.from_version,
        activation.from_on,
        activation.from_at,
        activation.recorded_at,
        activation.recorded_by,
        activation.reason,
        None if options is None else msgspec.json.encode(options),
    )


async def list_activations(
    session: Session, kind: str, tenant: str, name: str | None = None
) -> list[Activation]:
    """In the order of asking."""
    rows = await session.fetch(
        """select * from activations
           where tenant_id = $1 and kind = $2 and ($3::text is null or name = $3)
           order by number""",
        tenant,
        kind,
        name,
    )
    return [_activation(row) for row in rows]


async def page_activations(
    session: Session, kind: str, tenant: str, name: str, *, before: int | None, limit: int
) -> list[Activation]:
    """Those of a name, the last asked for first; `before` is the last number of the page before."""
    rows = await session.fetch(
        """select * from activations
           where tenant_id = $1 and kind = $2 and name = $3
             and ($4::bigint is null or number < $4)
           order by number desc limit $5""",
        tenant,
        kind,
        name,
        before,
        limit,
    )
    return [_activation(row) for row in rows]


async def find_in_force(
    session: Session, kind: str, name: str, tenants: Iterable[str], at: datetime | None
) -> dict[str, Activation]:
    """`activations.in_force` of one name for many tenants; who activated nothing is left out."""
    rows = await session.fetch(
        """select latest.* from unnest($3::text[]) as asked (tenant_id)
           cross join lateral (
             select * from activations a
             where a.tenant_id = asked.tenant_id and a.kind = $1 and a.name = $2
               and ($4::timestamptz is null or a.from_at <= $4)
             order by a.from_at desc, a.number desc limit 1) latest""",
        kind,
        name,
        sorted(set(tenants)),
        at,
    )
    return {row["tenant_id"]: _activation(row) for row in rows}


async def get_revision(session: Session, kind: str, tenant: str) -> int:
    """The number of the tenant's latest activation, 0 before the first: who has read its documents
    at this revision need not read them again, whichever process activated them."""
    last: int | None = await session.fetchval(
        "select max(number) from activations where tenant_id = $1 and kind = $2", tenant, kind
    )
    return last or 0


def _version(row: Record) -> StoredVersion:
    if _hash(row["source"]) != row["hash"]:
        raise Unavailable(
            f"version {row['version']} of {row['kind']} {row['name']} is not what was stored"
        )
    return StoredVersion(
        name=row["name"],
        version=row["version"],
        source=row["source"],
        stored_at=row["stored_at"],
        stored_by=row["stored_by"],
        category=row["category"],
    )


def _activation(row: Record) -> Activation:
    return Activation(
        number=row["number"],
        name=row["name"],
        version=row["version"],
        from_version=row["from_version"],
        from_on=row["from_on"],
        from_at=row["from_at"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        reason=row["reason"],
        options=None if row["options"] is None else msgspec.json.decode(row["options"]),
    )


def _hash(source: str) -> bytes:
    return hashlib.sha256(source.encode()).digest()
