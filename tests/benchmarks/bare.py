"""The bare limit: the rows that the ledger writes, by set-based SQL, with no rule at all.

`python -m tests.benchmarks.bare URL PORT`. One transaction per request. Nothing is checked, no
account is computed, nothing can be repeated; each invoice is open, each payment pays what it names.
"""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import uvicorn
from fastapi import FastAPI, Request, Response
from msgspec import Struct

from shared.process import serve

TENANT = "demo"

_ACCOUNTS = """
insert into accounts (tenant_id, account_id, version, is_registered, entries, journal_hash)
select $1, a, 0, true, 0, ''::bytea from unnest($2::text[]) as k(a) on conflict do nothing
"""
_TOUCH = """
update accounts set version = version + 1, entries = entries + n, journal_hash = h
  from unnest($2::text[], $3::int[], $4::bytea[]) as k(a, n, h)
 where tenant_id = $1 and account_id = a
"""
_FACTS = """
insert into facts (tenant_id, account_id, kind, fact_id, source, event_id, time, recorded_at, data,
                   version, owner)
select $1, *, 1, '' from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                                $7::timestamptz[], $8::timestamptz[], $9::bytea[])
"""
_JOURNAL = """
insert into journal (tenant_id, account_id, entry, fact_kind, fact_id, cause, currency,
                     effective_on, recorded_at, postings, hash)
select $1, * from unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::date[], $9::timestamptz[], $10::bytea[], $11::bytea[])
"""
_INVOICES = """
insert into invoices (tenant_id, account_id, invoice_id, currency, number, issued_on, due_on,
                      amount_minor, balance_minor, disputed_minor, status, stage)
select $1, a, i, c, n, d, u, m, m, 0, 'open', null
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::bigint[])
       as k(a, i, c, n, d, u, m)
"""
_PAY = """
update invoices set balance_minor = 0, status = 'paid'
  from unnest($2::text[], $3::text[]) as k(a, i)
 where tenant_id = $1 and account_id = a and invoice_id = i
"""
_SEQUENCES = """
insert into sequences as s (tenant, topic, key, last)
select $1, 'ledger.events', a, n from unnest($2::text[], $3::bigint[]) as k(a, n)
on conflict (tenant, topic, key) do update set last = s.last + excluded.last returning key, last
"""
_OUTBOX = """
insert into outbox (id, aggregatetype, aggregateid, type, sequence, payload, headers)
select id, 'ledger.events', key, type, sequence, payload, headers
  from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[])
       as k(id, key, type, sequence, payload, headers)
"""


class _Data(Struct, gc=False):
    account_id: str
    invoice_id: str | None = None
    payment_id: str | None = None
    currency: str = ""
    amount_minor: int = 0
    issued_on: date | None = None
    due_on: date | None = None
    number: str | None = None
    allocations: list[dict[str, Any]] = msgspec.field(default_factory=list)


class _Event(Struct, gc=False):
    id: str
    source: str
    type: str
    time: datetime
    data: msgspec.Raw


_one = msgspec.json.Decoder(_Event)
_many = msgspec.json.Decoder(list[_Event])
_data = msgspec.json.Decoder(_Data)


def create_app(url: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=8, max_size=8) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/v1/events", _take, methods=["POST"], response_model=None)
    return app


async def _take(request: Request) -> Response:
    body = await request.body()
    events = _many.decode(body) if body[:1] == b"[" else [_one.decode(body)]
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        if events[0].type == "account-registered":
            known = [_data.decode(event.data).account_id for event in events]
            await connection.execute(_ACCOUNTS, TENANT, known)
        else:
            await _write(connection, events)
    return Response(b'{"accepted":%d}' % len(events), media_type="application/json")


async def _write(connection: Any, events: Sequence[_Event]) -> None:
    """The rows of a batch, a statement per table; accounts in order, against deadlocks."""
    data = [_data.decode(event.data) for event in events]
    accounts = [each.account_id for each in data]
    counts = sorted(Counter(accounts).items())
    names, numbers = [name for name, _ in counts], [count for _, count in counts]
    kinds = [event.type for event in events]
    ids = [each.payment_id or each.invoice_id for each in data]
    times = [event.time for event in events]
    await connection.execute(_TOUCH, TENANT, names, numbers, [sha256(b"").digest()] * len(names))
    await connection.execute(
        _FACTS, TENANT, accounts, kinds, ids, [e.source for e in events], [e.id for e in events],
        times, times, [bytes(e.data) for e in events],
    )  # fmt: skip
    last = {row[0]: row[1] for row in await connection.fetch(_SEQUENCES, TENANT, names, numbers)}
    for name, count in counts:
        last[name] -= count
    sequences = []
    for name in accounts:
        last[name] += 1
        sequences.append(last[name])
    postings = [
        b'[["receivable",%d],["cash",%d]]' % (d.amount_minor, -d.amount_minor) for d in data
    ]
    await connection.execute(
        _JOURNAL, TENANT, accounts, sequences, kinds, ids, ids, [d.currency for d in data],
        [time.date() for time in times], times, postings, [sha256(p).digest() for p in postings],
    )  # fmt: skip
    if issued := [each for each in data if each.payment_id is None]:
        await connection.execute(
            _INVOICES, TENANT, [d.account_id for d in issued], [d.invoice_id for d in issued],
            [d.currency for d in issued], [d.number for d in issued],
            [d.issued_on for d in issued], [d.due_on for d in issued],
            [d.amount_minor for d in issued],
        )  # fmt: skip
    if paid := [each for each in data if each.payment_id is not None]:
        await connection.execute(
            _PAY, TENANT, [d.account_id for d in paid],
            [d.allocations[0]["invoice_id"] for d in paid],
        )  # fmt: skip
    await connection.execute(
        _OUTBOX, [uuid4() for _ in events], [f"{TENANT}/{name}" for name in accounts], kinds,
        sequences, [bytes(e.data).decode() for e in events], [_headers(e) for e in events],
    )  # fmt: skip


def _headers(event: _Event) -> str:
    """As long as the ledger's own."""
    return (
        f'{{"id":"00000000-0000-0000-0000-000000000000","source":"/recoup/{TENANT}/ledger",'
        f'"type":"{event.type}","subject":"A00000","time":"2026-01-01T00:00:00Z",'
        f'"tenantid":"{TENANT}","recordedtime":"2026-01-01T00:00:00.000000Z",'
        f'"dataschema":"urn:recoup:ledger:{event.type}:1","day":"2026-01-01","sequence":1,'
        f'"correlationid":"{event.id}","causationid":"{event.id}"}}'
    )


if __name__ == "__main__":
    uvicorn.Server(serve.config(create_app(sys.argv[1]), port=int(sys.argv[2]))).run()
