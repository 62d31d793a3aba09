"""Debtors over weeks under random facts, on a real database, with four workers at once: an
independent referee finds no rule broken. `make full` runs 2,000 debtors over 90 days.

The life of a seed is always the same; a seed that fails is in the name of the failure."""

import asyncio
import os
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time

import httpx
import pytest

from services.outreach.channels.domain.tenant_settings import Ramp
from services.outreach.dunning.processes.run_due import run_due
from services.outreach.dunning.store.strategies import StrategyBooks
from tests.architecture.files import ROOT
from tests.integration.outreach.doors import client_of, settings_for
from tests.integration.outreach.population.bills import DAY
from tests.integration.outreach.population.debts import Debt
from tests.integration.outreach.population.life import Life
from tests.integration.outreach.population.media import SETTINGS, Media
from tests.integration.outreach.population.office import Office
from tests.integration.outreach.population.referee import Referee
from tests.integration.outreach.world import World
from tests.unit.outreach.builders import SHIPPED_ASSIGNMENTS, SHIPPED_PACKS

START = date(2027, 3, 1)  # a Monday
TIMES = (time(5), time(9, 10), time(14, 40), time(16), time(17, 20))
WORKERS = 4
STRATEGIES = ROOT / "services" / "outreach" / "dunning" / "strategies"
SECOND = """\
name: consumer-retail
version: "2027-03"
title: Later
caps: {gap_days: 2, per_7_days: 3, per_30_days: 8}
quiet: {after_payment_days: 2}
resume_after_days: {dispute: 2}
ladder:
  - {name: a, from: due, days: 1, channels: [email, sms], tone: friendly, template: reminder}
  - {name: b, from: due, days: 10, channels: [sms, email], tone: friendly, template: reminder}
  - {name: c, from: due, days: 17, channels: [email, letter], tone: neutral, template: overdue}
  - {name: d, from: due, days: 28, channels: [letter, email], tone: firm, template: firm}
  - {name: e, from: last-contact, days: 7, channels: [person], tone: firm}
reactions:
  promise-due:
    steps: [{name: day, days: -1, channels: [email], tone: friendly, template: promise-due}]
  promise-broken:
    steps: [{name: broken, days: 1, channels: [email], tone: neutral, template: promise-broken}]
    resume_after_days: 2
"""


async def live(
    world: World, url: str, *, seed: int, debtors: int, days: int, rate: float, times: int = 3
) -> Counter[str]:
    """So many debtors for so long; what was seen of it. Fails with all that was wrong."""
    media = Media(seed)
    world.context = replace(
        world.context,
        channels=media.registry(),
        strategies=StrategyBooks(SHIPPED_PACKS, SHIPPED_ASSIGNMENTS),
    )
    ramp = Ramp(start=max(2, debtors // 12), factor=1.3, most=max(4, debtors // 3))
    capacity = {"sms": max(2, debtors // 15), "letter": max(1, debtors // 20), "collectors": 5}
    debts: dict[str, Debt] = {}
    referee = Referee(world.db, media, debts, START, ramp, capacity)
    for path in STRATEGIES.glob("[!s]*.yaml"):
        referee.learn(path.read_text(encoding="utf-8"))
    referee.learn(SECOND)
    await world.tenant_settings(contact_from=START)
    await world.settings(
        providers=SETTINGS, capacity=capacity,
        ramp={"start": ramp.start, "factor": ramp.factor, "most": ramp.most},
        creditor={"name": "Creditor Ltd", "postal_address": "Way 1\n10115 Berlin\nDE"},
    )  # fmt: skip
    async for client in client_of(settings_for(world, url)):
        chance = random.Random(seed)
        office = Office(world, referee, debts, client, chance)
        life = Life(world, media, referee, debts, office, chance)
        await life.settle_in(debtors, START)
        for number in range(days):
            day = START + number * DAY
            if number == days // 3:
                await second_version(client, day + DAY)
            for moment in sorted(life.chance.sample(TIMES, k=times)):
                now = datetime.combine(day, moment, UTC)
                await life.go_on(now, rate / times)
                first = len(media.handed)
                await asyncio.gather(
                    *[run_due(world.context, world.tenant, now) for _ in range(WORKERS)]
                )
                await referee.after_run()
                await life.after_run(first)
            assert not referee.violations, told(seed, referee)
    before = await world.value("select count(*) from outbox")
    await run_due(world.context, world.tenant, now)
    assert await world.value("select count(*) from outbox") == before, "the same instant again"
    await referee.at_the_end()
    assert not referee.violations, told(seed, referee)
    return referee.seen


async def second_version(client: httpx.AsyncClient, from_: date) -> None:
    yaml = {"content-type": "application/yaml"}
    kept = await client.put("/v1/strategies/consumer-retail", content=SECOND, headers=yaml)
    assert kept.status_code == 201, kept.text
    body = {"version": "2027-03", "from": from_.isoformat(), "in_flight": "move"}
    answer = await client.post("/v1/strategies/consumer-retail/activate", json=body)
    assert answer.status_code in (200, 201, 202), answer.text


def told(seed: int, referee: Referee) -> str:
    found = "\n".join(referee.violations[:20])
    lines = "\n".join(line for account, line in referee.story if account in referee.suspects)
    return f"seed {seed}: {len(referee.violations)} rules broken\n{found}\n{referee.seen}\n{lines}"


@pytest.mark.usefixtures("slow_machine")
async def test_a_population_under_random_facts(world: World, outreach_url: str) -> None:
    seed = int(os.environ.get("POPULATION_SEED") or 1)
    seen = await live(world, outreach_url, seed=seed, debtors=30, days=24, rate=0.14)
    for kind in ("email", "sms", "person", "contact-failed", "contact-delivered"):
        assert seen[kind] > 0, f"the life of seed {seed} has no {kind}"


@pytest.mark.full
@pytest.mark.usefixtures("slow_machine")
async def test_two_thousand_debtors_over_ninety_days(world: World, outreach_url: str) -> None:
    seen = await live(world, outreach_url, seed=2027, debtors=2_000, days=90, rate=0.06, times=5)
    assert seen["letter"] > 0
