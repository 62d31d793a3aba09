"""Holds: placed once, seen by whoever asks, released by who may."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from deploy import holds as front_end
from deploy import keys
from services.ledger.app import create_app
from services.ledger.settings import Settings
from shared import clock
from shared.database import Database, holds

KEY = "a-key-for-tests-only"


async def place(
    db: Database, name: str = "restore", reason: str = "look first", *, tenant: str = ""
) -> bool:
    async with db.transaction() as session:
        return await holds.place(session, name, reason, tenant=tenant)


async def release(db: Database, name: str = "restore", tenant: str | None = None) -> int:
    async with db.transaction() as session:
        return await holds.release(session, name, by="somebody", tenant=tenant)


def _keys(folder: Path) -> tuple[str, Callable[..., str]]:
    keys.new_pair(folder)

    def token(tenant: str, *scopes: str) -> str:
        return keys.mint(
            folder,
            tenant=tenant,
            scopes=scopes,
            subject="a test",
            ttl=timedelta(hours=1),
            now=clock.now(),
        )

    return str(folder / keys.PUBLIC), token


def _client(app: FastAPI, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://127.0.0.1",
        headers={"Authorization": f"Bearer {token}"},
    )


async def _command(*arguments: str) -> int:
    return await asyncio.to_thread(front_end.main, arguments)


async def test_a_hold_stands_until_it_is_released(ledger_db: Database) -> None:
    assert await place(ledger_db)
    assert not await place(ledger_db, reason="another")
    (hold,) = await holds.list_holds(ledger_db)
    assert (hold.name, hold.tenant, hold.reason) == ("restore", "", "look first")
    with pytest.raises(holds.Held, match="look first"):
        await holds.refuse_if_held(ledger_db, "demo")
    assert await release(ledger_db) == 1
    assert await release(ledger_db) == 0
    assert await holds.list_holds(ledger_db) == []
    await holds.refuse_if_held(ledger_db, "demo")
    assert await place(ledger_db, reason="again")
    (hold,) = await holds.list_holds(ledger_db)
    assert hold.reason == "again"


async def test_a_tenant_s_hold_is_not_another_s(ledger_db: Database) -> None:
    await place(ledger_db, "gap", tenant="alpha")
    await place(ledger_db, "gap", tenant="beta")
    await release(ledger_db, "gap", tenant="alpha")
    await holds.refuse_if_held(ledger_db, "alpha")
    with pytest.raises(holds.Held):
        await holds.refuse_if_held(ledger_db, "beta")
    assert await release(ledger_db, "gap") == 1


async def test_the_doors_say_it_and_release_it(
    ledger_db: Database, ledger_url: str, tmp_path: Path
) -> None:
    jwks, token = _keys(tmp_path)
    settings = Settings.from_env(
        {
            "RECOUP_LOCAL": "1",
            "RECOUP_DEV_KEY": KEY,
            "RECOUP_JWKS": jwks,
            "LEDGER_DATABASE_URL": ledger_url,
        }
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app), _client(app, KEY) as operator:
        assert (await operator.get("/health/ready")).json() == {"status": "ready"}
        await place(ledger_db)
        await place(ledger_db, "gap", tenant="alpha")
        await place(ledger_db, "gap", tenant="beta")
        ready = await operator.get("/health/ready")
        shown = {hold["name"]: hold for hold in ready.json()["holds"]}
        assert ready.status_code == 200
        assert shown["restore"]["reason"] == "look first"
        assert (shown["restore"]["tenants"], shown["gap"]["tenants"]) == ("all", 2)
        assert "alpha" not in ready.text
        assert 'recoup_holds{service="ledger"} 3.0' in (await operator.get("/metrics")).text

        async with _client(app, token("alpha", "admin")) as alpha:
            items = (await alpha.get("/v1/holds")).json()["items"]
            assert [(i["name"], i["tenant"]) for i in items] == [
                ("gap", "alpha"),
                ("restore", None),
            ]
            assert (await alpha.post("/v1/holds/restore/release")).status_code == 404
            assert (await alpha.post("/v1/holds/gap/release")).json()["released"] == 1
        async with _client(app, token("alpha", "ledger:write")) as writer:
            assert (await writer.post("/v1/holds/gap/release")).status_code == 403
        items = (await operator.get("/v1/holds")).json()["items"]
        assert [(i["name"], i["tenant"]) for i in items] == [("gap", "beta"), ("restore", None)]
        assert (await operator.post("/v1/holds/restore/release")).json()["released"] == 1
        assert (await operator.post("/v1/holds/restore/release")).status_code == 404


async def test_the_command_lists_and_releases(
    ledger_db: Database,
    ledger_url: str,
    outreach_db: Database,
    outreach_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", ledger_url)
    monkeypatch.setenv("OUTREACH_DATABASE_URL", outreach_url)
    monkeypatch.setenv("COLUMNS", "200")
    await place(ledger_db)
    await place(outreach_db)
    capsys.readouterr()  # the log
    assert await _command("list") == 0
    assert capsys.readouterr().out.count("look first") == 2
    assert await _command("release", "restore") == 0
    assert await holds.list_holds(ledger_db) == await holds.list_holds(outreach_db) == []
    assert await _command("release", "restore") == 1
    assert await _command() == 0
    assert "no holds" in capsys.readouterr().out
