"""An application made as the services make theirs, for the tests of what they have in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response

from shared.database import Database
from shared.errors import Conflict, Unavailable
from shared.log.lag import LagItem, LagReport
from shared.process.settings import Common
from shared.web import (
    Day,
    Instant,
    Minor,
    Model,
    PagingDep,
    ReadSessionDep,
    SessionDep,
    json_response,
    make_app,
    once,
    page,
)
from shared.web.auth import SCOPES, Caller, caller_of, needs

BODY_BYTES_MAX = 8 * 1024 * 1024
DEV_KEY = "dev-key-of-this-test"
HEADERS = {"Authorization": f"Bearer {DEV_KEY}"}

Writer = Annotated[Caller, needs("ledger:write")]


class InvoiceAlreadyPaid(Conflict):
    """A situation of a domain, as a service would name it."""


class Order(Model):
    amount_minor: Minor
    due_on: Day | None = None
    at: Instant | None = None
    tags: list[str] = Field(default_factory=list)


router = APIRouter()


@router.post("/v1/orders", status_code=201, tags=["orders"])
async def create_order(
    order: Order, request: Request, session: SessionDep, caller: Writer
) -> Response:
    async def create() -> dict[str, Any]:
        await _insert(session, str(order.amount_minor))
        count = await session.fetchval("select count(*) from effects")
        if order.amount_minor == 409:
            raise InvoiceAlreadyPaid("Invoice I1 is paid.")
        return {"amount_minor": order.amount_minor, "tenant": caller.tenant, "count": count}

    return await once(request, session, caller, create)


@router.post("/v1/echo", tags=["orders"])
async def echo(order: Order) -> Order:
    return order


@router.post("/v1/fails-at-commit")
async def fail_at_commit(session: SessionDep) -> dict[str, str]:
    await session.execute(
        "create temp table late (a int unique deferrable initially deferred) on commit drop"
    )
    await session.execute("insert into late values (1), (1)")  # noticed at COMMIT
    return {"status": "told too early"}


@router.get("/v1/rows")
async def list_rows(
    session: ReadSessionDep, paging: PagingDep, kind: Annotated[str, Query(max_length=5)] = "x"
) -> dict[str, Any]:
    (after,) = paging.after(tuple[int]) or (0,)
    rows = await session.fetch(
        "select n, key from effects where n > $1 order by n limit $2", after, paging.limit + 1
    )
    return page([dict(row) for row in rows], paging.limit, lambda row: (row["n"],))


@router.post("/v1/writes-while-reading")
async def write_while_reading(session: ReadSessionDep) -> None:
    await _insert(session, "never")


@router.get("/v1/boom/{kind}")
async def boom(kind: str) -> None:
    if kind == "unavailable":
        raise Unavailable("A peer does not answer.")
    raise RuntimeError("password=hush of ada@example.com")


async def intake(request: Request) -> Response:
    """A plain route, as the ledger's hot one."""
    caller = caller_of(request)
    body = await request.body()
    return json_response({"bytes": len(body), "tenant": caller.tenant})


async def _insert(session: Any, key: str) -> None:
    await session.execute("insert into effects (key) values ($1)", key)


async def no_lag() -> LagReport:
    return LagReport(0, [LagItem("metrics", "ledger.events", 0, 0.0, 0)])


def make_test_app(db: Database | None, *, is_ready: bool = True) -> FastAPI:
    async def ready() -> None:
        if not is_ready:
            raise Unavailable("The database does not answer.")

    app = make_app(
        title="Recoup test",
        version="1.0.0",
        description="What services have in common.",
        context=SimpleNamespace(db=db),
        lifespan=None,
        lag=no_lag,
        ready=ready,
        common=Common.from_env({"RECOUP_LOCAL": "1", "RECOUP_DEV_KEY": DEV_KEY}),
        quiet_paths=frozenset({"/v1/intake"}),
        hot={"POST /v1/hot": intake},
    )
    app.include_router(router)
    for path in ("/v1/intake", "/v1/hot"):
        allowed = [needs(*SCOPES, body_max=BODY_BYTES_MAX)]
        app.add_api_route(path, intake, methods=["POST"], dependencies=allowed, response_model=None)
    return app


@asynccontextmanager
async def client_of(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=HEADERS
    ) as client:
        yield client


PROBLEM = "application/problem+json"


def problem_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= set(problem)
    return problem


async def count(db: Database) -> int:
    async with db.reading() as session:
        found: int = await session.fetchval("select count(*) from effects")
        return found
