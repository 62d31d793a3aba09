"""SQL of slots: how many contacts have begun, by day and limit. Rows are locked in one order."""

from collections.abc import Collection, Mapping
from datetime import date

from shared.database import Session


async def lock_claims(session: Session, tenant: str) -> None:
    await session.execute(
        "select pg_advisory_xact_lock(hashtextextended('outreach slots ' || $1, 0))", tenant
    )


async def lock_slots(
    session: Session, tenant: str, day: date, names: Collection[str]
) -> dict[str, int]:
    """How many are taken under each limit; nobody else takes any until this transaction ends."""
    ordered = sorted(names)
    await session.execute(
        """
        insert into slots (tenant_id, day, name, taken)
        select $1, $2, name, 0 from unnest($3::text[]) as k (name) order by name
        on conflict do nothing
        """,
        tenant,
        day,
        ordered,
    )
    rows = await session.fetch(
        """
        select name, taken from slots where tenant_id = $1 and day = $2 and name = any($3)
        order by name for update
        """,
        tenant,
        day,
        ordered,
    )
    return {row["name"]: row["taken"] for row in rows}


async def add_slots(
    session: Session,
    tenant: str,
    day: date,
    more: Mapping[str, int],
    most: Mapping[str, int] | None = None,
) -> None:
    """So many more (or fewer) are taken; never fewer than none. `most`: the limits under which
    more are."""
    found = {name: number for name, number in more.items() if number}
    if not found:
        return
    await session.execute(
        """
        update slots s set taken = greatest(0, s.taken + k.more), most = coalesce(k.most, s.most)
        from (select * from unnest($3::text[], $4::int[], $5::int[]) as u (name, more, most)) as k
        where s.tenant_id = $1 and s.day = $2 and s.name = k.name
          and s.name = any(array(
            select name from slots where tenant_id = $1 and day = $2 and name = any($3)
            order by name for update))
        """,
        tenant,
        day,
        sorted(found),
        [found[name] for name in sorted(found)],
        [None if most is None else most.get(name) for name in sorted(found)],
    )


async def find_slots(session: Session, tenant: str, day: date) -> dict[str, int]:
    """How many are taken by now, without waiting for anybody."""
    rows = await session.fetch(
        "select name, taken from slots where tenant_id = $1 and day = $2", tenant, day
    )
    return {row["name"]: row["taken"] for row in rows}
