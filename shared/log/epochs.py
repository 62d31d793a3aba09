"""After a restore: another epoch, and positions that leave out what the restore took back.

A restored producer says other things under numbers that it gave before. What it says from now on
carries a higher epoch; with Kafka, whose topics still hold what was taken back, readers go on
behind all of that, and the producers send their whole outboxes again (docs/operations.md).
"""

from collections.abc import Mapping

from shared.database import Session
from shared.events import COMPACTED
from shared.log.lag import RELAY
from shared.log.positions import BEGIN

_SOURCE = "select id::text, epoch from database_ids for update"
_MAKE = "insert into database_ids default values on conflict do nothing"
_RAISE = "update database_ids set epoch = $1 where epoch < $1"

# The copies are of one instant, so whatever was read stands in the restored outbox.
_CARRY = """
insert into positions (consumer, source, part, position, last_id)
select consumer, $2, part, position, last_id from positions where source = $1
on conflict (consumer, source, part) do update
   set position = excluded.position, last_id = excluded.last_id
"""

_IS_WHOLE = """
select (select coalesce(sum(last), 0) from sequences where topic <> all($1::text[]))
     = (select count(*) from outbox where aggregatetype <> all($1::text[]))
"""
_GO_BEHIND = """
update positions p set position = g.position, last_id = null, caught_up_at = null
  from unnest($2::text[], $3::bigint[]) g (part, position)
 where p.source = $1 and p.part = g.part and p.consumer <> all($4::text[])
"""
_BEGIN_AT = f"""
insert into positions (consumer, source, part, position)
select '{BEGIN}', $1, g.part, case when g.part = any($4::text[]) then g.position else 0 end
  from unnest($2::text[], $3::bigint[]) g (part, position)
on conflict (consumer, source, part) do update set position = excluded.position
"""
_FORGET_SENT = f"delete from positions where consumer = '{RELAY}'"


async def known(session: Session) -> tuple[str, int]:
    """Who the database is as a source of events, and its epoch."""
    await session.execute(_MAKE)
    row = await session.fetchrow(_SOURCE)
    assert row is not None
    return row[0], row[1]


async def raise_to(session: Session, epoch: int) -> None:
    """Give what is published from now on this epoch."""
    await session.execute(_MAKE)
    await session.execute(_RAISE, epoch)


async def carry(session: Session, before: str, after: str) -> None:
    """Read a source on from where it was read before it got its new epoch."""
    await session.execute(_CARRY, before, after)


async def is_whole(session: Session) -> bool:
    """Whether the outbox still has all that was ever published, so that all can be sent again."""
    return bool(await session.fetchval(_IS_WHOLE, list(COMPACTED)))


async def go_behind(
    session: Session, cluster: str, ends: Mapping[str, int], whole: frozenset[str]
) -> None:
    """Go on behind the ends of these parts, and send what is ours again.

    `whole` are the parts whose producers send all of it again: there a reader that begins anew
    begins behind the ends, too; elsewhere it has to begin at the beginning.
    """
    parts, positions = list(ends), list(ends.values())
    await session.execute(_GO_BEHIND, cluster, parts, positions, [RELAY, BEGIN])
    await session.execute(_BEGIN_AT, cluster, parts, positions, sorted(whole))
    await session.execute(_FORGET_SENT)
