"""Imports as their callers know them: begun, cancelled, resumed."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from services.ledger.store.imports import (
    FileImport,
    cancel_import,
    find_import,
    insert_import,
    insert_part,
    restart_import,
)
from shared.database import Session
from shared.errors import Conflict, NotFound

LEASE_SECONDS = 30.0  # of who works on an import
RENEW_SECONDS = 5.0


def lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_SECONDS)


def silent_lease(now: datetime) -> datetime:
    """A lease that ends earlier was not renewed twice: its worker is gone, or hangs."""
    return now + timedelta(seconds=LEASE_SECONDS - 2 * RENEW_SECONDS)


async def begin_import(
    session: Session,
    tenant_id: str,
    import_id: str,
    *,
    name: str,
    mapping: str | None,
    parts: AsyncIterator[bytes],
    now: datetime,
) -> None:
    """Keep a file, so that a worker imports it. The same again is the same import: one that failed
    or was cancelled goes on."""
    if not await insert_import(session, tenant_id, import_id, name=name, mapping=mapping, now=now):
        await restart_import(session, tenant_id, import_id, silent_lease=silent_lease(now))
        return
    number = 0
    async for part in parts:
        await insert_part(session, tenant_id, import_id, number, part)
        number += 1


async def get_import(session: Session, tenant_id: str, import_id: str) -> FileImport:
    """Raises `NotFound`."""
    found = await find_import(session, tenant_id, import_id)
    if found is None:
        raise NotFound("there is no such import")
    return found


async def stop_import(
    session: Session, tenant_id: str, import_id: str, now: datetime
) -> FileImport:
    """What went in stays. Raises `NotFound`, or `Conflict` for one that is over."""
    if not await cancel_import(session, tenant_id, import_id, now):
        found = await get_import(session, tenant_id, import_id)
        if found.state != "cancelled":
            raise Conflict(f"the import is {found.state}: there is nothing to cancel")
    return await get_import(session, tenant_id, import_id)


async def go_on_with_import(
    session: Session, tenant_id: str, import_id: str, now: datetime
) -> FileImport:
    """Behind the last events that went in. Raises `NotFound`, or `Conflict` for one that is
    done."""
    await restart_import(session, tenant_id, import_id, silent_lease=silent_lease(now))
    found = await get_import(session, tenant_id, import_id)
    if found.state == "done":
        raise Conflict("the import is done: there is nothing to resume")
    return found
