"""Rule books made ready to answer by, checked before they are stored, and listed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.outreach.context import Context
from services.outreach.rulebooks.commands import business_now
from services.outreach.rulebooks.domain.kind import checked_outline, outline_of
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from services.outreach.rulebooks.processes.calculation import calculate
from shared.documents import SOURCE_HERE_MAX, Outline, store


async def ready_books(context: Context, tenant: str) -> RuleBookVersions:
    """The tenant's books as of now. What was activated and is long is read apart: once in each
    process, for books do not change."""
    books = context.rulebooks
    async with context.db.reading() as session:
        versions = await books.find(session, tenant)
        if versions is not None:
            return versions
        unread = await books.documents.list_unread(session, tenant)
    for stored in unread:
        await books.documents.read_apart(tenant, stored)
    async with context.db.reading() as session:
        return await books.of(session, tenant)


async def check_book(context: Context, tenant: str, name: str, source: str) -> Outline:
    """What is to be known of a long book before it is stored. Raises `Invalid`."""
    platform = context.rulebooks.platform
    return await calculate(context, tenant, platform, checked_outline, name, source)


@dataclass(frozen=True)
class BookList:
    """All books of a tenant at an instant."""

    at: datetime
    versions: RuleBookVersions
    waiting: Mapping[str, Outline]  # stored, but not in force at that instant or before it


async def list_books(context: Context, tenant: str) -> BookList:
    versions = await ready_books(context, tenant)
    documents = context.rulebooks.documents
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, tenant)
        stored = await store.list_latest_digests(session, documents.kind.kind, tenant)
    present = versions.present(now)
    waiting = {
        name: await _outline(context, tenant, name, *stored[name])
        for name in stored
        if name not in present
    }
    return BookList(now, versions, waiting)


async def _outline(
    context: Context, tenant: str, name: str, version: str, digest: bytes
) -> Outline:
    """Made once from each text."""
    books = context.rulebooks
    outline = books.outlines.get(digest)
    if outline is not None:
        return outline
    async with context.db.reading() as session:
        stored = await books.documents.get_version(session, tenant, name, version)
    if len(stored.source) > SOURCE_HERE_MAX:
        outline = await context.compute.run(tenant, outline_of, stored.source)
    else:
        outline = outline_of(stored.source)
    books.keep_outline(digest, outline)
    return outline
