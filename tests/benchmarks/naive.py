"""The naive version: what one writes first. Pydantic models, one ORM session per event.

`python -m tests.benchmarks.naive URL PORT`. It keeps its books in the ledger's own tables, under a
lock on the account, with an outbox; it knows invoices and payments that name what they pay.
"""

import hashlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped

from services.ledger import tables
from shared.process import serve

TENANT = "demo"


class Base(DeclarativeBase):
    metadata = tables.metadata


class Account(Base):
    __table__ = tables.accounts
    if TYPE_CHECKING:
        tenant_id: Mapped[str]
        account_id: Mapped[str]
        version: Mapped[int]
        is_registered: Mapped[bool]
        name: Mapped[str | None]
        entries: Mapped[int]
        journal_hash: Mapped[bytes]


class Fact(Base):
    __table__ = tables.facts


class Invoice(Base):
    __table__ = tables.invoices
    if TYPE_CHECKING:
        balance_minor: Mapped[int]
        status: Mapped[str]


class JournalEntry(Base):
    __table__ = tables.journal


class OutboxRow(Base):
    __table__ = tables.metadata.tables["outbox"]


class Target(BaseModel):
    invoice_id: str
    amount_minor: int


class Data(BaseModel):
    account_id: str
    name: str | None = None
    invoice_id: str | None = None
    payment_id: str | None = None
    currency: str = "EUR"
    amount_minor: int = 0
    issued_on: date | None = None
    due_on: date | None = None
    number: str | None = None
    received_at: datetime | None = None
    allocations: list[Target] = []


class Event(BaseModel):
    id: str
    source: str
    type: str
    time: datetime
    data: Data


def create_app(url: str) -> FastAPI:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), pool_size=20, max_overflow=0
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/events")
    async def take(events: list[Event] | Event, request: Request) -> dict[str, int]:
        accepted = 0
        for event in events if isinstance(events, list) else [events]:
            async with request.app.state.sessions() as session, session.begin():
                accepted += await take_event(session, event)
        return {"accepted": accepted}

    return app


async def take_event(session: AsyncSession, event: Event) -> bool:
    """One event, one transaction; whether it was new."""
    data = event.data
    account = await session.scalar(
        select(Account)
        .where(Account.tenant_id == TENANT, Account.account_id == data.account_id)
        .with_for_update()
    )
    if account is None:
        account = Account(
            tenant_id=TENANT, account_id=data.account_id, version=0, is_registered=False,
            entries=0, journal_hash=b"",
        )  # fmt: skip
        session.add(account)
    if event.type == "account-registered":
        account.is_registered, account.name = True, data.name
        return True
    fact_id = data.payment_id or data.invoice_id
    key = (TENANT, data.account_id, event.type, fact_id)
    if await session.get(Fact, key) is not None:
        return False
    session.add(
        Fact(
            tenant_id=TENANT,
            account_id=data.account_id,
            kind=event.type,
            fact_id=fact_id,
            source=event.source,
            event_id=event.id,
            time=event.time,
            recorded_at=datetime.now(UTC),
            data=data.model_dump_json().encode(),
            version=1,
            owner="",
        )
    )
    if event.type == "invoice-issued":
        session.add(
            Invoice(
                tenant_id=TENANT,
                account_id=data.account_id,
                invoice_id=data.invoice_id,
                currency=data.currency,
                number=data.number,
                issued_on=data.issued_on,
                due_on=data.due_on,
                amount_minor=data.amount_minor,
                balance_minor=data.amount_minor,
                disputed_minor=0,
                status="open",
            )
        )
    else:
        for target in data.allocations:
            invoice = await session.get(Invoice, (TENANT, data.account_id, target.invoice_id))
            if invoice is not None:
                invoice.balance_minor -= target.amount_minor
                invoice.status = "open" if invoice.balance_minor else "paid"
    account.version += 1
    account.entries += 1
    _write_down(session, account, event, str(fact_id))
    return True


def _write_down(session: AsyncSession, account: Account, event: Event, fact_id: str) -> None:
    """The journal entry and the event that others are told."""
    data = event.data
    other = "revenue-clearing" if event.type == "invoice-issued" else "cash"
    sign = 1 if event.type == "invoice-issued" else -1
    postings = json.dumps(
        [["receivable", sign * data.amount_minor], [other, -sign * data.amount_minor]]
    )
    account.journal_hash = hashlib.sha256(account.journal_hash + postings.encode()).digest()
    session.add(
        JournalEntry(
            tenant_id=TENANT,
            account_id=data.account_id,
            entry=account.entries,
            fact_kind=event.type,
            fact_id=fact_id,
            cause=f"{event.type} {fact_id}",
            currency=data.currency,
            effective_on=event.time.date(),
            recorded_at=datetime.now(UTC),
            postings=postings.encode(),
            hash=account.journal_hash,
        )
    )
    headers: dict[str, Any] = {
        "id": str(uuid4()), "source": f"/recoup/{TENANT}/ledger", "type": event.type,
        "subject": data.account_id, "time": event.time.isoformat(), "tenantid": TENANT,
        "recordedtime": datetime.now(UTC).isoformat(), "sequence": account.version,
        "dataschema": f"urn:recoup:ledger:{event.type}:1", "correlationid": event.id,
        "causationid": event.id,
    }  # fmt: skip
    session.add(
        OutboxRow(
            id=uuid4(),
            aggregatetype="ledger.events",
            aggregateid=f"{TENANT}/{data.account_id}",
            type=event.type,
            sequence=account.version,
            payload=data.model_dump_json(),
            headers=json.dumps(headers),
        )
    )


if __name__ == "__main__":
    uvicorn.Server(serve.config(create_app(sys.argv[1]), port=int(sys.argv[2]))).run()
