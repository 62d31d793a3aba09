"""What a database forgets with time: a slice at a time, between the transactions of others.

A worker runs its database's rules once an hour. A rule that fails is logged and tried again; it
stops nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared import clock
from shared.database.database import Database, Session
from shared.process import telemetry
from shared.process.tasks import pause

SLICE_ROWS_MAX = 2000
FIRST_AFTER_SECONDS = 60.0
EVERY_SECONDS = 3600.0
ANSWERS_KEPT_FOR = timedelta(hours=24)  # to requests with an `Idempotency-Key`

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class Rule:
    """What is forgotten, as logs call it, and how a slice of it is: it returns how many rows."""

    name: str
    forget: Callable[[Session], Awaitable[int]]


def older(table: str, column: str, age: timedelta) -> Rule:
    """Rows of a table whose `column`, an instant, lies so far back.

    By this machine's clock and by the database's: one that runs ahead makes nothing old.
    """
    delete = (
        f"delete from {table} where ctid = any(array("
        f"select ctid from {table} where {column}"
        " <= least($1::timestamptz, statement_timestamp()) - $2::interval limit $3))"
    )

    async def forget(session: Session) -> int:
        status = await session.execute(delete, clock.now(), age, SLICE_ROWS_MAX)
        return int(status.rpartition(" ")[2])

    return Rule(table, forget)


def kept_for(table: str, column: str, days: int | None) -> tuple[Rule, ...]:
    """The rule of a setting; none where it says for ever."""
    return () if days is None else (older(table, column, timedelta(days=days)),)


ANSWERS = older("idempotency_keys", "created_at", ANSWERS_KEPT_FOR)


async def run_retention(db: Database, rules: Sequence[Rule], *, stop: asyncio.Event) -> None:
    """Forget what is to be forgotten, now and then, until `stop`."""
    await pause(stop, FIRST_AFTER_SECONDS)
    while not stop.is_set():
        for rule in rules:
            try:
                await forget(db, rule, stop)
            except Exception as error:  # noqa: BLE001 - it must not end what else the worker does
                log.warning("retention.failed", of=rule.name, error=str(error))
        await pause(stop, EVERY_SECONDS)


async def forget(db: Database, rule: Rule, stop: asyncio.Event) -> int:
    """All that one rule forgets today; how many rows."""
    forgotten = 0
    while not stop.is_set():
        async with db.transaction() as session:
            rows = await rule.forget(session)
        forgotten += rows
        if rows < SLICE_ROWS_MAX:
            break
        await pause(stop, 0.0)
    if forgotten:
        log.info("retention.forgotten", of=rule.name, rows=forgotten)
    return forgotten
