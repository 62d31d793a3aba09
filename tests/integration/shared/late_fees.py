"""An example: late fees as a kind of versioned document, declared as a service would declare it.

Run as a program it activates a version, as another process of the service would:
`python -m tests.integration.shared.late_fees URL TENANT VERSION DAY`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

import httpx
import msgspec
from fastapi import FastAPI, Request
from msgspec import Meta, Struct

from shared.database import Database, Session, migrate
from shared.documents import ActivationRequest, BuiltIn, DocumentKind, Documents, document_tables
from shared.errors import Invalid
from shared.field_errors import field_errors
from shared.log.lag import LagReport
from shared.log.tables import new_metadata
from shared.process.settings import Common
from shared.web import context_of, make_app
from shared.web.documents import DryRun, Surface, document_router

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAME = "late-fees"
ZONE = "America/New_York"
DEV_KEY = "dev-key-of-this-test"


class LateFees(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    percent: Annotated[int, Meta(ge=0, le=100)]


def parse(source: str) -> LateFees:
    try:
        return msgspec.json.decode(source, type=LateFees)
    except msgspec.ValidationError:
        raw = msgspec.json.decode(source)
        raise Invalid("It is no policy of late fees.", field_errors(raw, LateFees)) from None


LATE_FEES: DocumentKind[LateFees] = DocumentKind(
    kind="policies",
    word="policy",
    parse=parse,
    version_of=lambda fees: fees.version,
    name_of=lambda fees: fees.name,
)


def text(version: str, percent: int = 5) -> str:
    return msgspec.json.encode(LateFees(NAME, version, percent)).decode()


DEFAULT = BuiltIn(NAME, "default", text("default", 0), parse(text("default", 0)))


def late_fees() -> Documents[LateFees]:
    """One per process."""
    return Documents(LATE_FEES, [DEFAULT])


# ------------------------------------------------------------------------------ over HTTP


@dataclass(frozen=True, slots=True)
class Context:
    db: Database
    fees: Documents[LateFees]


def _documents(request: Request) -> Documents[LateFees]:
    context: Context = context_of(request)
    return context.fees


async def _business_now(_request: Request, _session: Session, _tenant: str) -> datetime:
    return NOW


async def _zone(_request: Request, _session: Session, _tenant: str) -> str:
    return ZONE


async def _dry_run(tried: DryRun[LateFees]) -> Any:
    return {"version": tried.parse().version, "of_1000_minor": tried.parse().percent * 10}


SURFACE = Surface(
    path="/v1/policies/{name}",
    documents=_documents,
    business_now=_business_now,
    zone=_zone,
    dry_run=_dry_run,
    schema=lambda _name: msgspec.json.schema(LateFees),
    readers=("ledger:read", "ledger:write"),
    writers=("ledger:write",),
)


def make_fees_app(db: Database) -> FastAPI:
    async def lag() -> LagReport:
        return LagReport(0, [])

    async def ready() -> None:
        return None

    app = make_app(
        title="Recoup fees",
        version="1.0.0",
        description="Late fees.",
        context=Context(db, late_fees()),
        lifespan=None,
        lag=lag,
        ready=ready,
        common=Common.from_env({"RECOUP_LOCAL": "1", "RECOUP_DEV_KEY": DEV_KEY}),
    )
    app.include_router(document_router(SURFACE, "policy of late fees", "late_fees"))
    return app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://127.0.0.1",
        headers={"Authorization": f"Bearer {DEV_KEY}"},
    ) as client:
        yield client


# ------------------------------------------------------------------------------ for tests


async def create_tables(db: Database) -> None:
    metadata = new_metadata()
    document_tables(metadata)
    engine = migrate.engine_for(db.url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()


async def activate(
    db: Database,
    fees: Documents[LateFees],
    version: str | None,
    on: date | None,
    *,
    tenant: str = "demo",
    now: datetime = NOW,
) -> int | None:
    """The number of the activation; None: it was so already."""
    asked = ActivationRequest(
        name=NAME, version=version, by="someone", now=now, from_on=on, zone=ZONE
    )
    async with db.transaction() as session:
        if version is not None and version != "default":
            await fees.keep(session, tenant, NAME, text(version), by="someone", at=now)
        done = await fees.activate(session, tenant, asked)
    return done.activation.number if done.is_new and done.activation is not None else None


async def main(url: str, tenant: str, version: str, day: str) -> None:
    db = Database(url)
    await activate(db, late_fees(), version, date.fromisoformat(day), tenant=tenant)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
