"""What a consumer remembers, in its own database: positions, heads, waiting events, skips.

All of it changes in the transaction of the effect, so what was applied and what is remembered as
applied cannot differ. Keys are locked in sorted order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database import Database, Session
from shared.database import Record as Row
from shared.database.columns import joined, texts
from shared.errors import NotFound
from shared.events import COMPACTED
from shared.log.forks import Head
from shared.log.wire import RawRecord, pack_headers, unpack_headers

BEGIN = "begin"  # the "consumer" whose positions are where readers of a part begin

Place = tuple[str, str, str]  # (tenant, topic, key): an account's events on one topic

_LOAD = "select part, position, last_id from positions where consumer = $1 and source = $2"

_STORED = "select source, part, position from positions where consumer = $1"

# Of a part that was never read: where it begins, unless a restore noted that all before is void.
_CREATE = f"""
insert into positions (consumer, source, part, position)
select $1, $2, g.part, coalesce(b.position, 0)
  from unnest($3::text[]) g (part)
  left join positions b on b.consumer = '{BEGIN}' and b.source = $2 and b.part = g.part
on conflict do nothing
"""

_MOVE = """
update positions p set position = g.last, last_id = g.last_id
  from unnest($3::text[], $4::bigint[], $5::bigint[], $6::uuid[])
    g (part, expected, last, last_id)
 where p.consumer = $1 and p.source = $2 and p.part = g.part and p.position = g.expected
"""

# A part that is being moved is left out, not waited for: it would be a lock against the order of
# whoever moves several, and a second later there is another chance.
_CAUGHT_UP = """
with standing as (
    select p.part from positions p
      join unnest($3::text[], $4::bigint[]) g (part, position) on p.part = g.part
     where p.consumer = $1 and p.source = $2 and p.position >= g.position
     order by 1 for no key update of p skip locked
)
update positions p set caught_up_at = $5
  from standing s where p.consumer = $1 and p.source = $2 and p.part = s.part
"""

# Keys travel as joined texts (`shared.database.columns`). One key alone that is empty (an event of
# a whole tenant) is no row of its column then, hence the `coalesce`.
_LOCK_HEADS = f"""
select h.tenant, h.topic, h.key, h.sequence, h.is_parked,
       exists (select from waiting w where w.consumer = h.consumer and w.tenant = h.tenant
                  and w.topic = h.topic and w.key = h.key),
       h.epoch, h.epoch_from, h.recent
  from heads h
  join unnest({texts(2)}, {texts(3)}, {texts(4)}) g (tenant, topic, key)
    on h.tenant = g.tenant and h.topic = g.topic and h.key = coalesce(g.key, '')
 where h.consumer = $1 order by 1, 2, 3 for update of h
"""

_SAVE_HEADS = f"""
insert into heads as h (consumer, tenant, topic, key, sequence, is_parked, epoch, epoch_from,
                        recent)
select $1, tenant, topic, coalesce(key, ''), sequence, is_parked, epoch, epoch_from,
       coalesce(recent, '')
  from unnest({texts(2)}, {texts(3)}, {texts(4)}, {texts(5)}::bigint[], {texts(6)}::boolean[],
              {texts(7)}::bigint[], {texts(8)}::bigint[], {texts(9)})
    g (tenant, topic, key, sequence, is_parked, epoch, epoch_from, recent)
 order by 2, 3, 4
on conflict (consumer, tenant, topic, key) do update
   set sequence = excluded.sequence, is_parked = excluded.is_parked, epoch = excluded.epoch,
       epoch_from = excluded.epoch_from, recent = excluded.recent
"""

_PUT_WAITING = """
insert into waiting (consumer, tenant, topic, key, sequence, headers, value, origin)
select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[],
                         $8::text[])
on conflict do nothing
"""

_TAKE_WAITING = """
delete from waiting w
 using unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) g (tenant, topic, key, sequence)
 where w.consumer = $1 and w.tenant = g.tenant and w.topic = g.topic and w.key = g.key
   and w.sequence = g.sequence
"""

_WAITING_AT = """
select tenant, topic, key, sequence, headers, value, origin from waiting w
  join unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) g (tenant, topic, key, sequence)
 using (tenant, topic, key, sequence)
 where consumer = $1
"""

_WAITING_OF = """
select tenant, topic, key, sequence, headers, value, origin from waiting w
  join unnest($2::text[], $3::text[], $4::text[]) g (tenant, topic, key) using (tenant, topic, key)
 where consumer = $1 order by sequence limit $5
"""

_RESUMABLE = """
select h.tenant, h.topic, h.key from heads h
 where h.consumer = $1 and not h.is_parked and exists (
       select from waiting w where w.consumer = h.consumer and w.tenant = h.tenant
          and w.topic = h.topic and w.key = h.key
          and (w.sequence <= h.sequence + 1 or w.topic = any($2::text[])
               or w.sequence - h.sequence - 1 = (
                  select count(distinct s.sequence) from skips s
                   where s.consumer = h.consumer and s.tenant = h.tenant and s.topic = h.topic
                     and s.key = h.key and s.sequence > h.sequence and s.sequence < w.sequence)))
   and (h.tenant, h.topic, h.key) in (
       select w.tenant, w.topic, w.key from waiting w where w.consumer = $1)
 order by 1, 2, 3 limit 100
"""

_SKIPS = (
    "select topic, tenant, key, sequence, source, part, position from skips where consumer = $1"
)

_CAUGHT_UP_AT = """
select case when bool_and(caught_up_at is not null) then min(caught_up_at) end
  from positions where consumer = $1 and source = $2 and part like $3
"""


_RESTART_PART = """
update positions set position = 0, last_id = null where consumer = $1 and part = $2 returning source
"""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a part is read."""

    number: int
    last_id: UUID | None  # of the outbox row that stands there; None: another source, or not known


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for an earlier one."""

    record: RawRecord
    sequence: int
    origin: str


@dataclass(frozen=True)
class Skips:
    """Which messages operators decided to do without."""

    numbered: frozenset[tuple[str, str, str, int]]  # (tenant, topic, key, sequence)
    placed: frozenset[tuple[str, str, int]]  # (source, part, position)


async def load(
    db: Database, consumer: str, source: str, parts: Sequence[str]
) -> dict[str, Position]:
    """The positions of these parts of a source; one never read starts where it begins."""
    async with db.transaction() as session:
        await session.execute(_CREATE, consumer, source, parts)
        rows = await session.fetch(_LOAD, consumer, source)
    wanted = set(parts)
    return {part: Position(position, last_id) for part, position, last_id in rows if part in wanted}


async def stored(db: Database, consumer: str) -> dict[str, dict[str, int]]:
    """The positions by source and part as they are; what was never read is missing."""
    found: dict[str, dict[str, int]] = {}
    for source, part, position in await db.fetch(_STORED, consumer):
        found.setdefault(source, {})[part] = position
    return found


async def move(
    session: Session,
    consumer: str,
    source: str,
    moves: Mapping[str, tuple[int, int]],
    last_ids: Mapping[str, UUID] | None = None,
) -> bool:
    """Move each part from where we left it. False: someone else moved one; we are fenced off."""
    expected = [expected for expected, _ in moves.values()]
    last = [last for _, last in moves.values()]
    ids = [(last_ids or {}).get(part) for part in moves]
    status = await session.execute(_MOVE, consumer, source, list(moves), expected, last, ids)
    return status == f"UPDATE {len(moves)}"


async def note_caught_up(
    db: Database, consumer: str, source: str, ends: Mapping[str, int], at: object
) -> None:
    """Remember that at `at` these were the ends, wherever the position has reached them."""
    await db.fetch(_CAUGHT_UP, consumer, source, list(ends), list(ends.values()), at)


async def lock_heads(session: Session, consumer: str, places: Iterable[Place]) -> dict[Place, Head]:
    """The heads of these keys, locked until the transaction ends; a new key starts at 0."""
    heads = {place: Head() for place in places}
    if heads:
        for tenant, topic, key, *head in await session.fetch(_LOCK_HEADS, consumer, *_keys(heads)):
            heads[tenant, topic, key] = Head(*head)
    return heads


async def save_heads(session: Session, consumer: str, heads: Mapping[Place, Head]) -> None:
    if heads:
        found = heads.values()
        await session.execute(
            _SAVE_HEADS,
            consumer,
            *_keys(heads),
            joined([str(head.sequence) for head in found]),
            joined(["t" if head.is_parked else "f" for head in found]),
            joined([str(head.epoch) for head in found]),
            joined([str(head.epoch_from) for head in found]),
            joined([head.recent for head in found]),
        )


def _keys(places: Iterable[Place]) -> list[str]:
    """Tenants, topics and keys, each as a column."""
    return [joined(column) for column in zip(*places, strict=True)]


async def put_waiting(
    session: Session, consumer: str, waiting: Sequence[tuple[Place, Waiting]]
) -> None:
    if waiting:
        await session.execute(
            _PUT_WAITING,
            consumer,
            [place[0] for place, _ in waiting],
            [place[1] for place, _ in waiting],
            [place[2] for place, _ in waiting],
            [item.sequence for _, item in waiting],
            [pack_headers(item.record.headers) for _, item in waiting],
            [item.record.value for _, item in waiting],
            [item.origin for _, item in waiting],
        )


async def delete_waiting(
    session: Session, consumer: str, taken: Sequence[tuple[Place, int]]
) -> None:
    if taken:
        await session.execute(
            _TAKE_WAITING,
            consumer,
            [place[0] for place, _ in taken],
            [place[1] for place, _ in taken],
            [place[2] for place, _ in taken],
            [sequence for _, sequence in taken],
        )


async def waiting_of(
    session: Session, consumer: str, places: Iterable[Place], limit: int
) -> dict[Place, dict[int, Waiting]]:
    """The first waiting events of these keys, by number."""
    found: dict[Place, dict[int, Waiting]] = {place: {} for place in places}
    if found:
        tenants, topics, keys = zip(*found, strict=True)
        rows = await session.fetch(_WAITING_OF, consumer, tenants, topics, keys, limit)
        for place, item in map(_read_waiting, rows):
            found[place][item.sequence] = item
    return found


async def waiting_at(
    session: Session, consumer: str, numbers: Collection[tuple[Place, int]]
) -> dict[tuple[Place, int], Waiting]:
    """What waits under these very numbers."""
    if not numbers:
        return {}
    tenants, topics, keys = zip(*(place for place, _ in numbers), strict=True)
    wanted = [number for _, number in numbers]
    rows = await session.fetch(_WAITING_AT, consumer, tenants, topics, keys, wanted)
    return {(place, item.sequence): item for place, item in map(_read_waiting, rows)}


def _read_waiting(row: Row) -> tuple[Place, Waiting]:
    tenant, topic, key, sequence, headers, value, origin = row
    record = RawRecord(topic, 0, 0, f"{tenant}/{key}".encode(), value, unpack_headers(headers))
    return (tenant, topic, key), Waiting(record, sequence, origin)


async def resumable(db: Database, consumer: str) -> list[Place]:
    """Keys whose waiting events can go on: nothing is missing before them, nothing parks them."""
    rows = await db.fetch(_RESUMABLE, consumer, list(COMPACTED))
    return [(tenant, topic, key) for tenant, topic, key in rows]


async def load_skips(db: Database, consumer: str) -> Skips:
    rows = await db.fetch(_SKIPS, consumer)
    return Skips(
        numbered=frozenset(
            (row["tenant"], row["topic"], row["key"], row["sequence"])
            for row in rows
            if row["sequence"] is not None
        ),
        placed=frozenset(
            (row["source"], row["part"], row["position"]) for row in rows if row["sequence"] is None
        ),
    )


async def caught_up_at(
    db: Session | Database, consumer: str, source: str, topic: str
) -> datetime | None:
    """When the consumer last stood at the end of every part of a Kafka topic; None: not yet."""
    rows = await db.fetch(_CAUGHT_UP_AT, consumer, source, f"{topic}/%")
    at: datetime | None = rows[0][0]
    return at


async def restart_part(db: Database, consumer: str, part: str) -> None:
    """Read a part again from its beginning. Heads drop repeats; what was lost leaves gaps."""
    rows = await db.fetch(_RESTART_PART, consumer, part)
    if not rows:
        raise NotFound(f"{consumer} reads no part {part}")


async def send_again(db: Database, relay: str) -> None:
    """Let the relay begin anew, on every cluster; readers drop what they have."""
    await db.fetch("update positions set position = 0 where consumer = $1", relay)


async def forget(session: Session, consumer: str) -> None:
    """Make a consumer read its sources from the start. Skips stay decided.

    The caller empties what the consumer built, in the same transaction.
    """
    for table in ("positions", "heads", "waiting", "dead_letters"):
        await session.execute(f"delete from {table} where consumer = $1", consumer)


_COPY_SKIPS = """
insert into skips (consumer, topic, tenant, key, sequence, source, part, position, reason,
                   decided_at)
select $2, topic, tenant, key, sequence, source, part, position, reason, decided_at
  from skips s
 where consumer = $1 and not exists (
       select from skips o where o.consumer = $2 and o.topic = s.topic and o.source = s.source
          and o.part = s.part and o.position = s.position
          and o.sequence is not distinct from s.sequence)
"""

_IS_AHEAD = """
select not exists (
    select from positions o join positions p using (source, part)
     where p.consumer = $1 and o.consumer = $2 and p.position < o.position)
"""


_FORGET_HEADS = """
delete from heads where ctid = any(array(select ctid from heads where consumer = $1 limit $2))
"""


async def copy_skips(session: Session, consumer: str, other: str) -> None:
    """What operators decided to do without holds for another consumer of the same, too."""
    await session.execute(_COPY_SKIPS, consumer, other)


async def has_reached(session: Session, consumer: str, other: str) -> bool:
    """Whether a consumer is as far as another, whose positions stand until the end. Sources that it
    does not read (a log that was replaced) don't count."""
    await session.execute("select from positions where consumer = $1 for update", other)
    return bool(await session.fetchval(_IS_AHEAD, consumer, other))


async def forget_heads(session: Session, consumer: str, limit: int) -> int:
    """Forget a slice of the heads of a consumer that is no more; how many."""
    status = await session.execute(_FORGET_HEADS, consumer, limit)
    return int(status.rpartition(" ")[2])
