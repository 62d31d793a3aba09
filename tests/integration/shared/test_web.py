"""What every service's HTTP door does alike: answers, problems, health, and when it commits."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.database import Database
from shared.errors import NotFound
from shared.web import problems
from tests.integration.shared.web_app import (
    HEADERS,
    PROBLEM,
    client_of,
    count,
    make_test_app,
    problem_of,
)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Of an application without a database."""
    async with client_of(make_test_app(None)) as client:
        yield client


@pytest.fixture
async def db_client(producer: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_test_app(producer)) as client:
        yield client


# ------------------------------------------------------------------- when the commit happens


async def order_of(db: Database, app: FastAPI, path: str) -> tuple[int, list[str]]:
    """The status a client sees, and whether the row was there when the answer left."""
    seen: list[str] = []
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"amount_minor": 5}', "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            seen.append("committed" if await count(db) else "not committed")

    headers = [
        (b"content-type", b"application/json"),
        (b"host", b"127.0.0.1"),
        *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "root_path": "",
    }
    await app(scope, receive, send)
    return status, seen


async def test_the_commit_is_before_the_answer(producer: Database) -> None:
    app = make_test_app(producer)
    assert await order_of(producer, app, "/v1/orders") == (201, ["committed"])


async def test_fastapis_default_would_answer_before_the_commit(producer: Database) -> None:
    """Why `scope="function"` is there. When this fails, FastAPI's default has changed."""
    app = make_test_app(producer)

    async def default_session(request: Request) -> AsyncIterator[Any]:
        async with producer.transaction() as session:
            yield session

    @app.post("/default")
    async def write(session: Annotated[Any, Depends(default_session)]) -> None:
        await session.execute("insert into effects (key) values ('x')")

    assert await order_of(producer, app, "/default") == (200, ["not committed"])


async def test_a_commit_that_fails_is_told(db_client: httpx.AsyncClient) -> None:
    problem_of(await db_client.post("/v1/fails-at-commit"), 500)


async def test_an_error_of_one_module_goes_by_what_it_is_one_of() -> None:
    class _OfOneModule(NotFound):
        """Nobody outside can know it."""

    assert problems.problem_of(_OfOneModule("x"))["type"] == "urn:recoup:problem:not-found"


async def test_an_error_rolls_back(db_client: httpx.AsyncClient, producer: Database) -> None:
    problem = problem_of(await db_client.post("/v1/orders", json={"amount_minor": 409}), 409)
    assert problem["type"] == "urn:recoup:problem:invoice-already-paid"
    assert problem["title"] == "Conflict"
    assert await count(producer) == 0


async def test_a_reading_session_cannot_write(db_client: httpx.AsyncClient) -> None:
    answer = await db_client.post("/v1/writes-while-reading")
    assert answer.status_code >= 500


# ------------------------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, ["/amount_minor"]),
        ({"amount_minor": "5"}, ["/amount_minor"]),
        ({"amount_minor": 5.0}, ["/amount_minor"]),
        ({"amount_minor": True}, ["/amount_minor"]),
        ({"amount_minor": 2**53}, ["/amount_minor"]),
        ({"amount_minor": 1, "due_on": "2026-02-30"}, ["/due_on"]),
        ({"amount_minor": 1, "due_on": "2026-02-28T00:00:00"}, ["/due_on"]),
        ({"amount_minor": 1, "due_on": 20260228}, ["/due_on"]),
        ({"amount_minor": 1, "at": "2026-02-28T00:00:00"}, ["/at"]),
        ({"amount_minor": 1, "at": 5}, ["/at"]),
        ({"amount_minor": 1, "tags": ["a", 2]}, ["/tags/1"]),
        ({"amount_minor": 1, "a/b": 2}, ["/a~1b"]),
        ({"amount_minor": 0, "due_on": "x"}, ["/amount_minor", "/due_on"]),
        ([], [""]),
    ],
)
async def test_bad_fields_are_named_by_pointer(
    client: httpx.AsyncClient, body: object, errors: list[str]
) -> None:
    problem = problem_of(await client.post("/v1/echo", json=body), 422)
    assert [error["pointer"] for error in problem["errors"]] == errors
    assert all(error["detail"] for error in problem["errors"])


@pytest.mark.parametrize("at", ["1899-12-31", "3000-01-01", "9999-12-31", "0001-01-01"])
async def test_days_and_instants_beyond_the_calendar_are_refused(
    client: httpx.AsyncClient, at: str
) -> None:
    body = {"amount_minor": 1, "due_on": at, "at": f"{at}T12:00:00-14:00"}
    problem = problem_of(await client.post("/v1/echo", json=body), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/due_on", "/at"]


@pytest.mark.parametrize("path", ["/v1/rows?kind=%00", "/v1/rows?x=a%00b&limit=1", "/v1/ro%00ws"])
async def test_a_nul_in_an_address_is_refused(client: httpx.AsyncClient, path: str) -> None:
    problem_of(await client.get(path), 422)


async def test_good_fields_are_taken(client: httpx.AsyncClient) -> None:
    body = {"amount_minor": 1, "due_on": "2026-02-28", "at": "2026-02-28T02:00:00+02:00"}
    answer = await client.post("/v1/echo", json=body)
    assert answer.json() == {**body, "at": "2026-02-28T00:00:00Z", "tags": []}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=1001", "/query/limit"),
        ("limit=many", "/query/limit"),
        ("kind=toolong", "/query/kind"),
        ("cursor=nonsense", "/query/cursor"),
    ],
)
async def test_bad_parameters_are_named(
    db_client: httpx.AsyncClient, query: str, pointer: str
) -> None:
    problem = problem_of(await db_client.get(f"/v1/rows?{query}"), 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'"\xff"', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 422),
    ],
)
async def test_bodies_that_are_not_what_they_should_be(
    client: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    answer = await client.post("/v1/echo", content=content, headers={"content-type": content_type})
    problem_of(answer, status)


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nowhere"), 404)
    problem_of(await client.get("/v1/orders/"), 404)
    answer = await client.delete("/v1/orders")
    problem_of(answer, 405)
    assert answer.headers["allow"] == "POST"
    problem_of(await client.get("/v1/intake"), 405)


async def test_a_bug_tells_nothing_but_where_to_look(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/boom/bug", headers={"X-Request-ID": "r-77"})
    problem = problem_of(answer, 500)
    assert "r-77" in problem["detail"]
    assert "hush" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_a_peer_that_is_away(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/boom/unavailable")
    problem_of(answer, 503)
    assert answer.headers["retry-after"] == "1"


async def test_without_a_token(client: httpx.AsyncClient) -> None:
    for path in ("/v1/orders", "/v1/intake", "/v1/hot"):
        answer = await client.post(path, json={"amount_minor": 1}, headers={"Authorization": ""})
        problem_of(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")


# ------------------------------------------------------------------------------- body limit

LIMIT = 8 * 1024 * 1024


@pytest.mark.parametrize("path", ["/v1/intake", "/v1/echo", "/v1/hot"])
async def test_a_body_over_the_limit(client: httpx.AsyncClient, path: str) -> None:
    problem_of(await client.post(path, content=b"x" * (LIMIT + 1)), 413)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * (LIMIT // 8)

    headers = {"content-type": "application/json"}
    problem_of(await client.post(path, content=chunks(), headers=headers), 413)


@pytest.mark.parametrize("path", ["/v1/intake", "/v1/hot"])
async def test_a_body_at_the_limit(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"x" * LIMIT)
    assert answer.json() == {"bytes": LIMIT, "tenant": "demo"}


async def test_a_hot_route_is_like_any_other(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/hot", content=b"x", headers={"X-Request-ID": "r-1"})
    assert answer.json() == {"bytes": 1, "tenant": "demo"}
    assert answer.headers["x-request-id"] == "r-1"
    problem_of(await client.get("/v1/hot"), 405)
    problem_of(await client.post("/v1/hot", headers={"X-Tenant": "No Tenant"}), 422)
    assert 'route="/v1/hot"' in (await client.get("/metrics")).text


# ------------------------------------------------------------------------------- open doors


async def test_what_is_open_without_a_token(client: httpx.AsyncClient) -> None:
    client.headers.pop("Authorization")
    for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/v1/lag"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
    assert (await client.get("/v1/lag")).json() == {
        "behind": 0,
        "items": [
            {
                "consumer": "metrics",
                "topic": "ledger.events",
                "behind": 0,
                "oldest_seconds": 0.0,
                "parked_accounts": 0,
                "forked_accounts": 0,
            }
        ],
    }


async def test_the_docs_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page


async def test_not_ready_is_503() -> None:
    async with client_of(make_test_app(None, is_ready=False)) as client:
        problem_of(await client.get("/health/ready"), 503)
        assert (await client.get("/health/live")).status_code == 200


async def test_request_ids_come_back_or_are_made(client: httpx.AsyncClient) -> None:
    given = await client.get("/health/live", headers={"X-Request-ID": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    made = [(await client.get("/health/live")).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    forged = await client.get("/health/live", headers={"X-Request-ID": "a\tb{}" * 50})
    assert forged.headers["x-request-id"].isalnum()


async def test_figures_are_kept_by_route(client: httpx.AsyncClient) -> None:
    for path in ("/v1/boom/unavailable", "/nowhere/1", "/nowhere/2"):
        await client.get(path)
    text = (await client.get("/metrics")).text
    assert 'route="/v1/boom/{kind}",service="test",status="503"' in text
    assert "/nowhere" not in text


async def test_openapi_is_valid_and_tells_of_tokens_and_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    order = document["paths"]["/v1/orders"]["post"]
    assert order["security"] == [{"token": []}]
    assert PROBLEM in order["responses"]["4XX"]["content"]
    for status in ("400", "401", "403", "413", "415", "422"):
        assert PROBLEM in order["responses"][status]["content"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert "security" not in document["paths"]["/v1/lag"]["get"]


async def test_lists_are_paged(db_client: httpx.AsyncClient) -> None:
    for number in range(1, 6):
        await db_client.post("/v1/orders", json={"amount_minor": number})
    keys: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        next_page = f"&cursor={cursor}" if cursor else ""
        found = (await db_client.get(f"/v1/rows?limit=2{next_page}")).json()
        keys += [row["key"] for row in found["items"]]
        cursor = found["next_cursor"]
    assert keys == ["1", "2", "3", "4", "5"]
