"""`Idempotency-Key`: an effect once, its first answer as often as it is asked for."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request

from shared.database import Database
from shared.web.auth import Caller
from shared.web.idempotency import StillRunning, _claim, first_answer, once
from tests.integration.shared.web_app import client_of, count, make_test_app, problem_of


@pytest.fixture
async def client(producer: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_test_app(producer)) as client:
        yield client


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_the_same_request_gets_the_first_answer_again(
    client: httpx.AsyncClient, producer: Database
) -> None:
    first, again = [
        await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
        for _ in range(2)
    ]
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    quoted = await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed('"k1"'))
    assert quoted.content == first.content
    assert await count(producer) == 1


async def test_another_body_with_the_same_key_is_refused(
    client: httpx.AsyncClient, producer: Database
) -> None:
    await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
    answer = await client.post("/v1/orders", json={"amount_minor": 8}, headers=keyed("k1"))
    problem = problem_of(answer, 422)
    assert problem["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert await count(producer) == 1


async def test_keys_belong_to_their_tenant(client: httpx.AsyncClient, producer: Database) -> None:
    for tenant in ("a", "b"):
        headers = {**keyed("k1"), "X-Tenant": tenant}
        answer = await client.post("/v1/orders", json={"amount_minor": 7}, headers=headers)
        assert answer.json()["tenant"] == tenant
    assert await count(producer) == 2


async def test_a_failed_attempt_leaves_its_key_free(
    client: httpx.AsyncClient, producer: Database
) -> None:
    for _ in range(2):
        answer = await client.post("/v1/orders", json={"amount_minor": 409}, headers=keyed("k1"))
        problem_of(answer, 409)
    answer = await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
    assert answer.status_code == 201


async def test_while_the_first_runs_the_second_is_a_conflict(
    client: httpx.AsyncClient, producer: Database
) -> None:
    async with producer.transaction() as session:
        await _claim(session, "demo", "POST /v1/orders", "k1")
        answer = await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
        assert problem_of(answer, 409)["type"] == "urn:recoup:problem:still-running"
    answer = await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
    assert answer.status_code == 201


def a_request(key: str) -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    headers = [(b"idempotency-key", key.encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/reports", "query_string": b""}
    return Request({**scope, "headers": headers}, receive)


async def test_while_long_work_goes_on_the_second_is_a_conflict(producer: Database) -> None:
    """Work between two transactions, neither of which holds the key meanwhile."""
    caller = Caller("x", "demo", frozenset(), any_tenant=False)

    async def create() -> dict[str, str]:
        return {"report": "good"}

    async with first_answer(a_request("k1"), producer, caller) as answered:
        assert answered is None
        with pytest.raises(StillRunning):
            async with first_answer(a_request("k1"), producer, caller):
                pass
        async with first_answer(a_request("k2"), producer, caller) as other:
            assert other is None
        async with producer.transaction() as session:
            await once(a_request("k1"), session, caller, create)
    async with first_answer(a_request("k1"), producer, caller) as answered:
        assert answered is not None
        assert answered.body == b'{"report":"good"}'


async def test_a_key_ends_after_a_day(client: httpx.AsyncClient, producer: Database) -> None:
    await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed("k1"))
    async with producer.transaction() as session:
        await session.execute(
            "update idempotency_keys set created_at = created_at - interval '25 hours'"
        )
    answer = await client.post("/v1/orders", json={"amount_minor": 8}, headers=keyed("k1"))
    assert answer.status_code == 201
    again = await client.post("/v1/orders", json={"amount_minor": 8}, headers=keyed("k1"))
    assert again.content == answer.content
    assert await count(producer) == 2


@pytest.mark.parametrize("key", ["", '""', "x" * 256])
async def test_a_key_that_cannot_be_used(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post("/v1/orders", json={"amount_minor": 7}, headers=keyed(key))
    problem_of(answer, 422)
