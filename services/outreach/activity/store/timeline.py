"""SQL of the timeline: every event of an account that came in or was announced."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from shared.database import Record, Session
from shared.events import TENANTS, Event, Received

# Events, and what people wrote: the number of each is its own, so they are told apart by the last
# digit of `ord`.
_EVENTS = """
  (select at, ord * 4 as ord, topic, type, day, data from story
   where tenant_id = $1 and account_id = $2
     and ($3::timestamptz is null or (at, ord * 4) < ($3, $4::bigint))
     and ($3::timestamptz is null or at <= $3)
   order by at desc, story.ord desc limit $5)
"""
_NOTES = """
  (select at, ord * 4 + 1 as ord, 'outreach.notes' as topic, 'note' as type, null::date as day,
     convert_to(json_build_object('author', author, 'note', note, 'case_id', case_id,
       'task_id', task_id)::text, 'UTF8') as data
   from notes
   where tenant_id = $1 and account_id = $2
     and ($3::timestamptz is null or (at, ord * 4 + 1) < ($3, $4::bigint))
     and ($3::timestamptz is null or at <= $3)
   order by at desc, notes.ord desc limit $5)
"""


_ITEM = "(hashtextextended(inbound_id, 0) & 1152921504606846975) * 4 + 2"
_INBOUND = f"""
  (select received_at as at, {_ITEM} as ord, 'outreach.inbound' as topic, 'inbound' as type,
     null::date as day,
     convert_to(json_build_object('inbound_id', inbound_id, 'channel', channel, 'text', text,
       'class', reply_class, 'effect', effect, 'contact_id', contact_id)::text, 'UTF8') as data
   from inbound
   where tenant_id = $1 and account_id = $2 and text is not null
     and ($3::timestamptz is null or (received_at, {_ITEM}) < ($3, $4::bigint))
   order by received_at desc, 2 desc limit $5)
"""


async def list_timeline(
    session: Session,
    tenant: str,
    account_id: str,
    *,
    before: tuple[datetime, int] | None,
    limit: int,
    has_texts: bool = False,
) -> list[Record]:
    """The account's events, newest first: by when they happened, then by when they came in; for the
    desk with what people wrote."""
    at, ord_ = before or (None, None)
    parts = " union all ".join([_EVENTS, _NOTES, _INBOUND] if has_texts else [_EVENTS])
    return await session.fetch(
        f"select * from ({parts}) t order by at desc, ord desc limit $5",
        tenant,
        account_id,
        at,
        ord_,
        limit,
    )


async def insert_received(session: Session, events: Iterable[Received]) -> None:
    """What other services announced. Personal data stays out of it."""
    await _insert(
        session,
        [
            (
                e.tenant,
                e.key,
                e.time,
                e.topic,
                e.type,
                e.day,
                b"{}" if e.type == "contact-details" else e.data or b"{}",
                e.recordedtime,
            )
            for e in events
            if e.topic != TENANTS  # these are no account's
        ],
    )


async def insert_announced(
    session: Session, announced: Iterable[tuple[Event, tuple[str, ...]]]
) -> None:
    """What outreach announces itself, under every account that it covers."""
    await _insert(
        session,
        [
            (
                e.tenant,
                account_id,
                e.time,
                e.topic,
                e.type,
                e.day,
                msgspec.json.encode(e.data),
                e.recordedtime,
            )
            for e, account_ids in announced
            for account_id in account_ids
        ],
    )


async def _insert(session: Session, rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    await session.execute(
        """
        insert into story (tenant_id, account_id, at, topic, type, day, data, recorded_at)
        select tenant_id, account_id, at, topic, type, day, data, recorded_at
        from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::date[],
                    $7::bytea[], $8::timestamptz[])
          with ordinality
          as k (tenant_id, account_id, at, topic, type, day, data, recorded_at, ord)
        order by ord
        """,
        *[list(column) for column in zip(*rows, strict=True)],
    )


async def list_recorded(
    session: Session, tenant: str, account_ids: Collection[str], types: Sequence[tuple[str, str]]
) -> list[Received]:
    """Events of these accounts as they came in, with the instant at which each was known."""
    rows = await session.fetch(
        """
        select s.* from story s
        join unnest($3::text[], $4::text[]) as k (topic, type) using (topic, type)
        where s.tenant_id = $1 and s.account_id = any($2)
        order by s.ord
        """,
        tenant,
        sorted(account_ids),
        [topic for topic, _ in types],
        [type_ for _, type_ in types],
    )
    return [
        Received(
            topic=row["topic"],
            tenant=tenant,
            key=row["account_id"],
            type=row["type"],
            id="",
            source="",
            sequence=0,
            time=row["at"],
            day=row["day"],
            recordedtime=row["recorded_at"] or row["at"],
            data=row["data"],
        )
        for row in rows
    ]


async def erase_tags(session: Session, tenant: str, account_ids: Collection[str]) -> None:
    """Labels that people gave an account; what it did and what it owed names nobody."""
    await session.execute(
        """
        update story
        set data = convert_to((convert_from(data, 'UTF8')::jsonb - 'tags')::text, 'UTF8')
        where tenant_id = $1 and account_id = any($2)
          and type in ('account-registered', 'account-updated')
        """,
        tenant,
        sorted(account_ids),
    )
