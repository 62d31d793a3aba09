"""Strategies and rules that tests put over HTTP, and how they put them."""

from dataclasses import replace
from typing import Any

import httpx

from services.outreach.dunning.store.strategies import StrategyBooks
from shared.events import SEGMENTATION, segmentation
from tests.integration.outreach.world import DUE_ON, MORNING, World
from tests.unit.outreach.builders import SHIPPED_ASSIGNMENTS, SHIPPED_PACKS

GENTLE = """\
name: gentle
version: "1"
title: Gentle
ladder:
  - {name: one, from: due, days: 3, channels: [email], tone: friendly, template: reminder}
  - {name: two, from: due, days: 20, channels: [person], tone: neutral}
"""
RULES = """\
version: "1"
rules:
  - {strategy: none, when: {tags_any: [vip]}}
  - {strategy: gentle, when: {segment: [at-risk], party: [first]}}
  - {strategy: consumer-retail}
"""
YAML = {"content-type": "application/yaml"}
PATH = "/v1/strategies/gentle"
ASSIGNED = "/v1/strategy-assignments"
NEXT_WEEK = "2026-03-10"


async def put(client: httpx.AsyncClient, path: str, text: str) -> httpx.Response:
    return await client.put(path, content=text, headers=YAML)


async def activate(
    client: httpx.AsyncClient, path: str, from_: str, version: str | None = "1", **more: Any
) -> httpx.Response:
    body = {"version": version, "from": from_, **more}
    return await client.post(f"{path}/activate", json=body)


async def strategy_of(client: httpx.AsyncClient, account_id: str = "C1") -> dict[str, Any]:
    answer = await client.get(f"/v1/accounts/{account_id}/strategy")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def in_segment(world: World, segment: str, account_id: str = "C1") -> None:
    data = segmentation.SegmentChanged(
        account_id=account_id, from_segment=None, to_segment=segment, arms={"E1": "b"},
        priority=70, because="x", policy_version="1",
    )  # fmt: skip
    await world.take(world.event(SEGMENTATION, account_id, "segment-changed", data, time=MORNING))


async def assigned(world: World, account_id: str = "C1") -> list[tuple[Any, ...]]:
    """What was announced of an account: strategy, version, before, why, by which rule."""
    return [
        (e["data"].get("strategy"), e["data"].get("version"), e["data"].get("from_strategy"),
         e["data"]["because"], e["data"].get("rule"))
        for e in await world.announced("strategy-assigned")
        if e["key"] == account_id
    ]  # fmt: skip


async def made(world: World, account_id: str = "C1") -> None:
    """As if a step of an open invoice of the account had been made."""
    await world.overdue(account_id=account_id)
    async with world.db.transaction() as session:
        await session.execute(
            """insert into steps (tenant_id, account_id, subject, subject_id, anchor_on, reaction,
                                  n, step, strategy, version, made_on, state, contact_id)
               values ($1, $2, 'invoice', 'I1', $3, '', 1, 'reminder', 'consumer-retail',
                       '2026-12-01', $3, 'sent', 'c')""",
            world.tenant,
            account_id,
            DUE_ON,
        )


async def ship_packs(world: World) -> World:
    """With the strategies that come with the platform."""
    books = StrategyBooks(SHIPPED_PACKS, SHIPPED_ASSIGNMENTS)
    world.context = replace(world.context, strategies=books)
    async with world.db.transaction() as session:
        await session.execute("delete from account_strategies")
        await session.execute("delete from documents")
        await session.execute("delete from outbox where type = 'strategy-assigned'")
    await world.account()
    return world
