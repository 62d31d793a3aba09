"""A contact record as a file, for whoever checks it elsewhere (`services.outreach.verify`)."""

from collections.abc import AsyncIterator

from services.outreach.activity.domain.contact_record import shown
from services.outreach.activity.store.contact_record import list_entries
from services.outreach.context import Context

_ENTRIES = 500  # read at a time


async def record_lines(context: Context, tenant: str, account_id: str) -> AsyncIterator[bytes]:
    """Entries never change, so that a few at a time are one record."""
    after = 0
    while True:
        async with context.db.reading() as session:
            entries = await list_entries(session, tenant, account_id, after=after, limit=_ENTRIES)
        if not entries:
            return
        yield b"".join(shown(entry, hash_) + b"\n" for _, hash_, entry in entries)
        after = entries[-1][0]
