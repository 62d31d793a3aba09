"""SQL of organisations: their settings, and the attempts of their tenants by marks of addresses."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from services.outreach.organisations.domain import OrganisationSettings, TenantAttempt
from shared.database import Session

_SETTINGS = msgspec.json.Decoder(OrganisationSettings)


async def find_organisation(session: Session, tenant: str) -> str | None:
    """Which organisation a tenant belongs to, as the ledger announced it."""
    found: str | None = await session.fetchval(
        "select organisation from tenants where tenant_id = $1", tenant
    )
    return found


async def get_settings(session: Session, organisation: str) -> OrganisationSettings | None:
    """None: nobody has set any, and its tenants limit each other in nothing."""
    document = await session.fetchval(
        "select document from organisations where organisation = $1", organisation
    )
    return None if document is None else _SETTINGS.decode(document)


async def upsert_settings(
    session: Session, organisation: str, settings: OrganisationSettings, *, by: str, now: datetime
) -> None:
    await session.execute(
        """
        insert into organisations (organisation, document, recorded_at, recorded_by)
        values ($1, $2, $3, $4)
        on conflict (organisation) do update set document = excluded.document,
          recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
        """,
        organisation,
        msgspec.json.encode(settings),
        now,
        by,
    )


async def list_tenants(session: Session, organisation: str) -> list[str]:
    rows = await session.fetch(
        "select tenant_id from tenants where organisation = $1 order by tenant_id", organisation
    )
    return [row["tenant_id"] for row in rows]


async def lock_marks(session: Session, organisation: str, marks: Collection[bytes]) -> None:
    """Two tenants that are about to contact one person decide one after the other."""
    await session.execute(
        """
        select pg_advisory_xact_lock(hashtextextended($1 || encode(mark, 'hex'), 7))
        from (select unnest($2::bytea[]) as mark order by 1) as marks
        """,
        organisation,
        sorted(marks),
    )


async def find_attempts(
    session: Session, organisation: str, marks: Collection[bytes], since: datetime
) -> dict[bytes, list[TenantAttempt]]:
    """By mark, in the order in which they were made."""
    rows = await session.fetch(
        """
        select mark, contact_id, tenant_id, channel, at from organisation_attempts
        where organisation = $1 and mark = any($2) and at >= $3 order by at, contact_id
        """,
        organisation,
        sorted(marks),
        since,
    )
    found: dict[bytes, list[TenantAttempt]] = {}
    for row in rows:
        attempt = TenantAttempt(row["contact_id"], row["tenant_id"], row["channel"], row["at"])
        found.setdefault(bytes(row["mark"]), []).append(attempt)
    return found


async def insert_attempts(
    session: Session, organisation: str, attempts: Sequence[tuple[TenantAttempt, Collection[bytes]]]
) -> None:
    """Attempts, each under every mark of the person."""
    rows = [
        (mark, each.contact_id, each.tenant, each.channel, each.at)
        for each, marks in attempts
        for mark in sorted(marks)
    ]
    if not rows:
        return
    await session.execute(
        """
        insert into organisation_attempts (organisation, mark, contact_id, tenant_id, channel, at)
        select $1, mark, contact_id, tenant_id, channel, at
        from unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
          as k (mark, contact_id, tenant_id, channel, at)
        on conflict do nothing
        """,
        organisation,
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def delete_attempts(session: Session, contact_ids: Collection[str]) -> None:
    """They were none: nothing left us, or nothing arrived."""
    if contact_ids:
        await session.execute(
            "delete from organisation_attempts where contact_id = any($1)", sorted(contact_ids)
        )


def attempts_of(
    found: Mapping[bytes, Sequence[TenantAttempt]], marks: Collection[bytes]
) -> tuple[TenantAttempt, ...]:
    """Those on one person, each once, in order."""
    known = {each.contact_id: each for mark in marks for each in found.get(mark, ())}
    return tuple(sorted(known.values(), key=lambda each: (each.at, each.contact_id)))
