"""Messages that could not be applied: put aside with all they had, until an operator decides.

`replay` tries the message again (after a fix), `skip` does without it. Both release its key; what
waited behind is then applied by the consumer itself, within a second. Decisions to skip survive
rebuilds.
"""

from collections.abc import Sequence

from msgspec import Struct

from shared.database import Database, Record, Session
from shared.errors import Conflict, NotFound, Unreadable
from shared.log.forks import Fork, Head, is_fork, skip_of
from shared.log.positions import Place, Waiting, lock_heads, put_waiting, save_heads
from shared.log.wire import (
    Headers,
    RawRecord,
    dead_form,
    from_kafka,
    pack_headers,
    unpack_headers,
    value_of,
)
from shared.log.wire import Record as Message
from shared.process import telemetry

_INSERT = """
insert into dead_letters (consumer, source, part, position, topic, tenant, key, sequence,
                          is_ordered, raw_key, value, headers, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

_IS_KNOWN = """
select exists (select from dead_letters where consumer = $1 and tenant = $2 and topic = $3
                  and key = $4 and sequence = $5 and headers = $6)
"""

_LIST = """
select d.id, d.consumer, d.topic, d.tenant, d.key, d.sequence, d.reason, d.source, d.part,
       d.position, d.failed_at::text as failed_at,
       (select count(*) from waiting w where w.consumer = d.consumer and w.tenant = d.tenant
           and w.topic = d.topic and w.key = d.key) as waiting
  from dead_letters d order by d.id
"""

_GAPS = """
select w.consumer, w.topic, w.tenant, w.key, h.sequence as head, min(w.sequence) as first_waiting,
       count(*) as waiting
  from waiting w join heads h using (consumer, tenant, topic, key)
 where not h.is_parked and w.sequence > h.sequence + 1
 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4
"""

_SKIP = """
insert into skips (consumer, topic, tenant, key, sequence, source, part, position, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_FIRST_WAITING = """
select min(sequence) from waiting
 where consumer = $1 and tenant = $2 and topic = $3 and key = $4 and sequence > $5
"""

_OTHERS = """
select exists (select from dead_letters
                where consumer = $1 and tenant = $2 and topic = $3 and key = $4 and id <> $5)
"""

MAX_REASON = 2000

log = telemetry.logger(__name__)


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message put aside, as `list` shows it."""

    id: int
    consumer: str
    topic: str
    tenant: str | None
    key: str | None
    sequence: int | None
    reason: str
    source: str
    part: str
    position: int
    failed_at: str
    waiting: int  # messages of its key that wait behind it


class Gap(Struct, frozen=True, kw_only=True):
    """A key whose next event has not come, while later ones have."""

    consumer: str
    topic: str
    tenant: str
    key: str
    head: int
    first_waiting: int
    waiting: int


class NewDeadLetter(Struct, frozen=True, kw_only=True):
    """What is kept of a message that failed."""

    consumer: str
    source: str
    part: str
    position: int
    topic: str
    tenant: str | None = None  # whose it is, where it has no place
    place: Place | None
    sequence: int | None
    is_ordered: bool  # its key has a head; a fact from outside has none
    raw_key: bytes | None
    value: bytes | None
    headers: Headers
    reason: str


def letter_of(
    record: Message,
    *,
    consumer: str,
    where: tuple[str, str, int],
    place: Place | None,
    sequence: int | None,
    is_ordered: bool,
    reason: str,
    tenant: str | None = None,
) -> NewDeadLetter:
    """What is kept of a record from either source; `where` are its source, part and position."""
    raw_key, headers = dead_form(record)
    source, part, position = where
    return NewDeadLetter(
        consumer=consumer,
        source=source,
        part=part,
        position=position,
        topic=record.topic,
        tenant=tenant,
        place=place,
        sequence=sequence,
        is_ordered=is_ordered,
        raw_key=raw_key,
        value=value_of(record),
        headers=headers,
        reason=reason,
    )


async def insert(session: Session, letter: NewDeadLetter) -> None:
    """Put a message aside. The caller parks its key in the same transaction."""
    tenant, _, key = letter.place or (letter.tenant, None, None)
    await session.execute(
        _INSERT,
        letter.consumer,
        letter.source,
        letter.part,
        letter.position,
        letter.topic,
        tenant,
        key,
        letter.sequence,
        letter.is_ordered,
        letter.raw_key,
        letter.value,
        pack_headers(letter.headers),
        letter.reason.replace("\x00", "\\0")[:MAX_REASON],
    )


async def insert_fork(
    session: Session, consumer: str, fork: Fork, where: tuple[str, str, int] | None
) -> None:
    """Put an event of another history aside, once; `where` it stood, unless it waited."""
    event = fork.event
    letter = letter_of(
        fork.record,
        consumer=consumer,
        where=where or ("waiting", fork.origin, event.sequence),
        place=(event.tenant, event.topic, event.key),
        sequence=event.sequence,
        is_ordered=True,
        reason=fork.reason,
    )
    about = (event.tenant, event.topic, event.key, event.sequence, pack_headers(letter.headers))
    if not await session.fetchval(_IS_KNOWN, consumer, *about):
        await insert(session, letter)


def report_fork(consumer: str, fork: Fork) -> None:
    """Raise the alarm."""
    event = fork.event
    service = telemetry.current_service.get() or consumer.partition(".")[0]
    telemetry.DEAD_LETTERS.labels(service, consumer, event.topic).inc()
    log.error(
        "consume.forked",
        consumer=consumer,
        topic=event.topic,
        account=f"{event.tenant}/{event.key}",
        reason=fork.reason,
    )


async def list_dead_letters(db: Database) -> list[DeadLetter]:
    return [DeadLetter(**dict(row)) for row in await db.fetch(_LIST)]


async def list_gaps(db: Database) -> list[Gap]:
    return [Gap(**dict(row)) for row in await db.fetch(_GAPS)]


async def replay(db: Database, letter_id: int) -> None:
    """Let the consumer try the message again, in its turn."""
    async with db.transaction() as session:
        row = await _lock(session, letter_id)
        if is_fork(row["reason"]):
            raise Conflict(
                f"dead letter {letter_id} is of another history than what was taken in: restore "
                "the whole set or rebuild the reader; it can only be skipped"
            )
        if not row["is_ordered"]:
            await session.execute(
                "update dead_letters set is_replaying = true where id = $1", letter_id
            )
            return
        record = _record_of(row)
        try:
            event = from_kafka(record)
        except Unreadable as error:
            raise Conflict(f"still unreadable: {error.detail}. It can only be skipped") from error
        place = (event.tenant, event.topic, event.key)
        waiting = Waiting(record, event.sequence, f"dead letter {letter_id}")
        await put_waiting(session, row["consumer"], [(place, waiting)])
        await _release(session, row, place)


async def skip(db: Database, letter_id: int, reason: str) -> None:
    """Do without the message, now and in every rebuild; its key goes on with what follows.

    Nothing else is given up: numbers missing before it are still waited for. An event of another
    history is done without where it stands: its number belongs to what was taken in.
    """
    async with db.transaction() as session:
        row = await _lock(session, letter_id)
        place = None if row["key"] is None else (row["tenant"], row["topic"], row["key"])
        if place is None or not row["is_ordered"]:
            await session.execute("delete from dead_letters where id = $1", letter_id)
        else:
            head, number = await _release(session, row, place), row["sequence"]
            # What is missing before it may still come: then the readers step over it by the skip.
            if number == head.sequence + 1 and not is_fork(row["reason"]):
                head.advance(number, None)
                await save_heads(session, row["consumer"], {place: head})
        origin: tuple[str, str, int] = (row["source"], row["part"], row["position"])
        number = row["sequence"] if row["is_ordered"] else None
        if is_fork(row["reason"]):
            origin, number = skip_of(from_kafka(_record_of(row))), None
        about = (row["consumer"], row["topic"], row["tenant"], row["key"])
        await session.execute(_SKIP, *about, number, *origin, reason)


async def skip_gap(db: Database, consumer: str, place: Place, reason: str) -> int:
    """Do without the events missing before what waits; how many those are.

    For a log that lost events (a restored producer): nothing can bring them back.
    """
    async with db.transaction() as session:
        head = (await lock_heads(session, consumer, [place]))[place]
        tenant, topic, key = place
        first = await session.fetchval(_FIRST_WAITING, consumer, tenant, topic, key, head.sequence)
        if first is None or first == head.sequence + 1 or head.is_parked:
            raise NotFound(f"no gap at {tenant}/{key} of {topic} for {consumer}")
        missing = range(head.sequence + 1, first)
        for number in missing:
            origin = ("gap", topic, number)
            await session.execute(_SKIP, consumer, topic, tenant, key, number, *origin, reason)
        head.advance(first - 1, None)
        await save_heads(session, consumer, {place: head})
        return len(missing)


async def replays(session: Session, consumer: str) -> Sequence[tuple[int, RawRecord]]:
    """Facts from outside that an operator wants tried again, locked."""
    rows = await session.fetch(
        "select id, topic, part, position, raw_key, value, headers from dead_letters"
        " where consumer = $1 and is_replaying order by id limit 1 for update skip locked",
        consumer,
    )
    return [
        (
            row["id"],
            RawRecord(
                row["topic"],
                int(row["part"].rpartition("/")[2]),
                row["position"] - 1,
                row["raw_key"],
                row["value"],
                unpack_headers(row["headers"]),
            ),
        )
        for row in rows
    ]


async def replayed(session: Session, letter_id: int) -> None:
    await session.execute("delete from dead_letters where id = $1", letter_id)


async def failed_again(session: Session, letter_id: int, reason: str) -> None:
    await session.execute(
        "update dead_letters set is_replaying = false, reason = $2, failed_at = now()"
        " where id = $1",
        letter_id,
        reason.replace("\x00", "\\0")[:MAX_REASON],
    )


async def _lock(session: Session, letter_id: int) -> Record:
    row = await session.fetchrow("select * from dead_letters where id = $1 for update", letter_id)
    if row is None:
        raise NotFound(f"there is no dead letter {letter_id}")
    return row


def _record_of(row: Record) -> RawRecord:
    headers = unpack_headers(row["headers"])
    return RawRecord(row["topic"], 0, row["position"], row["raw_key"], row["value"], headers)


async def _release(session: Session, row: Record, place: Place) -> Head:
    """Delete the letter, and let its key go on unless another letter still parks it."""
    consumer, letter_id = row["consumer"], row["id"]
    head = (await lock_heads(session, consumer, [place]))[place]
    tenant, topic, key = place
    head.is_parked = await session.fetchval(_OTHERS, consumer, tenant, topic, key, letter_id)
    await session.execute("delete from dead_letters where id = $1", letter_id)
    await save_heads(session, consumer, {place: head})
    return head
