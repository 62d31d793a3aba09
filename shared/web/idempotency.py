"""`Idempotency-Key` for POSTs that create: the first answer is kept, in the effect's transaction.

Same key and body: the first answer again. Same key, other body: 422. The first still running: 409.
Keys belong to tenant and path and end after a day. An attempt that failed left nothing behind, so
its key may be used again.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from msgspec import Struct

from shared import clock
from shared.database import Database, Session
from shared.database.retention import ANSWERS_KEPT_FOR
from shared.errors import Conflict, FieldError, Invalid
from shared.web.auth import Caller
from shared.web.models import json_bytes

_KEY_LENGTH_MAX = 255
_JSON = "application/json"
_POINTER = "/header/Idempotency-Key"
_STILL_RUNNING = "The first request with this Idempotency-Key is still running."
_at_work: set[tuple[str, str, str]] = set()  # tenant, route, key: see `first_answer`


class IdempotencyKeyReused(Invalid):
    """The key came before, with another body."""


class StillRunning(Conflict):
    """The first request with this key has not ended."""


async def once(
    request: Request,
    session: Session,
    caller: Caller,
    create: Callable[[], Awaitable[Any]],
    *,
    status: int = 201,
    within: str = "",
) -> Response:
    """The answer of `create` as JSON, made at most once per key; without a key simply made.
    `within`: whose keys they are, where one tenant has many callers who know nothing of each
    other."""
    key = _read_key(request)
    if key is None:
        status, body = _written(await create(), status)
        return Response(body, status, media_type=_JSON)
    route = _route(request, within)
    await _claim(session, caller.tenant, route, key)
    kept = await _kept_answer(request, session, caller, key, route)
    if kept is not None:
        return kept
    request_hash, now = await _hash_of(request), clock.now()
    status, body = _written(await create(), status)
    await session.execute(
        "insert into idempotency_keys"
        " (tenant, route, key, request_hash, status, content_type, body, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant, route, key) do update set"
        " request_hash = excluded.request_hash, status = excluded.status,"
        " content_type = excluded.content_type, body = excluded.body,"
        " created_at = excluded.created_at",
        caller.tenant,
        route,
        key,
        request_hash,
        status,
        _JSON,
        body,
        now,
    )
    return Response(body, status, media_type=_JSON)


class Made(Struct, frozen=True):
    """What was made, with a status of its own."""

    status: int
    content: Any


def _written(made: Any, status: int) -> tuple[int, bytes]:
    if isinstance(made, Made):
        return made.status, json_bytes(made.content)
    return status, json_bytes(made)


@asynccontextmanager
async def first_answer(
    request: Request, db: Database, caller: Caller
) -> AsyncIterator[Response | None]:
    """For work of seconds, between two transactions: the first answer to the key, if there is one.

    Without one the key is held as long as the block runs, which does the work and says `once`. Held
    in this process: another one does the work too, and `once` gives it the first answer.
    """
    key = _read_key(request)
    if key is None:
        yield None
        return
    async with db.reading() as session:
        kept = await _kept_answer(request, session, caller, key, _route(request))
    if kept is not None:
        yield kept
        return
    held = (caller.tenant, _route(request), key)
    if held in _at_work:
        raise StillRunning(_STILL_RUNNING)
    _at_work.add(held)
    try:
        yield None
    finally:
        _at_work.discard(held)


async def _kept_answer(
    request: Request, session: Session, caller: Caller, key: str, route: str
) -> Response | None:
    kept = await session.fetchrow(
        "select request_hash, status, content_type, body from idempotency_keys"
        " where tenant = $1 and route = $2 and key = $3 and created_at > $4",
        caller.tenant,
        route,
        key,
        clock.now() - ANSWERS_KEPT_FOR,
    )
    if kept is None:
        return None
    if kept["request_hash"] != await _hash_of(request):
        raise IdempotencyKeyReused(
            "This Idempotency-Key came before, with another body.",
            [FieldError(_POINTER, "was used for another request")],
        )
    replayed = {"Idempotency-Replayed": "true"}
    return Response(kept["body"], kept["status"], replayed, kept["content_type"])


async def _hash_of(request: Request) -> bytes:
    return hashlib.sha256(request.url.query.encode() + b"\n" + await request.body()).digest()


async def _claim(session: Session, tenant: str, route: str, key: str) -> None:
    """Hold the key to the end of the transaction, or say that someone else does."""
    text = "\n".join(("idempotency", tenant, route, key))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    if not await session.fetchval("select pg_try_advisory_xact_lock($1)", number):
        raise StillRunning(_STILL_RUNNING)


def _route(request: Request, within: str = "") -> str:
    return " ".join(filter(None, (request.method, request.url.path, within)))


def needed_key(request: Request) -> str:
    """The key of a route that takes none without. Raises `Invalid`."""
    key = _read_key(request)
    if key is None:
        raise Invalid(
            "This needs an Idempotency-Key: the same request again has the same one.",
            [FieldError(_POINTER, "is missing")],
        )
    return key


def _read_key(request: Request) -> str | None:
    """The key, with or without the quotes that the draft standard asks for."""
    if "idempotency-key" not in request.headers:
        return None
    key = request.headers["idempotency-key"]
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= _KEY_LENGTH_MAX or not key.isascii() or not key.isprintable():
        problem = FieldError(_POINTER, f"must be 1 to {_KEY_LENGTH_MAX} printable characters")
        raise Invalid("The Idempotency-Key cannot be used.", [problem])
    return key
