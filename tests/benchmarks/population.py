"""Segmentation at work: events into features and scores in memory, and a population re-scored.

`python -m tests.benchmarks.population`; BENCH_ACCOUNTS= sets the size of the population (20,000).
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable

from deploy.local import databases
from services.segmentation.commands.models import ModelDecision, promote_model
from services.segmentation.commands.policies import Policies
from services.segmentation.commands.rescoring import rescore_slice
from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.commands.workshop import Workshop
from services.segmentation.domain.account import Account, facts_of
from services.segmentation.domain.assess import assess, settle
from services.segmentation.domain.features import features_of
from services.segmentation.domain.fold import fold
from services.segmentation.domain.policy import parse_text
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Scorer
from services.segmentation.learning.cases import TARGETS
from services.segmentation.learning.training import train
from services.segmentation.processes.training import Order, train_model
from services.segmentation.settings import DEFAULT_POLICY
from services.segmentation.store.active_rules import ActiveRules
from shared import clock
from shared.database import Database
from shared.database.migrate import upgrade
from shared.events import Received
from shared.process.serve import rest_collector
from tests.benchmarks.servers import postgres
from tests.unit.segmentation.builders import day
from tests.unit.segmentation.history import portfolio

ACCOUNTS = 20_000
EVENTS_AIM, ACCOUNTS_AIM = 20_000, 1_000_000 / 60  # a second
SEEDS = 500  # accounts with a history of their own; the others are copies of them
TRAIN_UNTIL, TODAY = day(300), day(420)


def main() -> None:
    for line in show(int(os.environ.get("BENCH_ACCOUNTS") or ACCOUNTS)):
        _say(line)


def show(accounts: int) -> list[str]:
    """Print the figures; the aims that are missed, in words."""
    missed = []
    events = portfolio(SEEDS)
    rest_collector()  # as the worker does
    for name, per_second in in_memory(events):
        _say(f"{name}: {per_second:,.0f} events/s on one core")
        if per_second < EVENTS_AIM:
            missed.append(f"{name}: {per_second:,.0f} events/s, aim {EVENTS_AIM:,}")
    with postgres() as server:
        rescored = asyncio.run(population(server, events, accounts))
    if rescored < ACCOUNTS_AIM:
        missed.append(f"re-scoring: {rescored:,.0f} accounts/s, aim {ACCOUNTS_AIM:,.0f}")
    return missed


def in_memory(events: list[Received]) -> list[tuple[str, float]]:
    """Events per second of CPU, without any IO."""
    policy = parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))
    accounts, plain = _fold(events, lambda account, _: features_of(account))
    facts = [fact for key, account in accounts.items() for fact in facts_of(account, key)]
    scorers = {
        target: Scorer(train(target, facts, until=TRAIN_UNTIL, today=TODAY)) for target in TARGETS
    }
    cards, models = Rules(policy=policy), Rules(policy=policy, scorers=scorers)
    return [
        ("events to features", plain),
        ("… and scores by the rule card, segment, priority", _fold(events, _follow(cards))[1]),
        ("… and by two trained models", _fold(events, _follow(models))[1]),
    ]


def _follow(rules: Rules) -> Callable[[Account, str], None]:
    def follow(account: Account, account_id: str) -> None:
        settle(account, assess(account, account_id, rules))

    return follow


def _fold(
    events: list[Received], then: Callable[[Account, str], object]
) -> tuple[dict[str, Account], float]:
    accounts: dict[str, Account] = {}
    begun = time.process_time()
    for event in events:
        account = accounts.get(event.key)
        if account is None:
            account = accounts[event.key] = Account()
        fold(account, event.key, event)
        then(account, event.key)
    return accounts, len(events) / (time.process_time() - begun)


async def population(server: str, events: list[Received], accounts: int) -> float:
    """Train on some accounts, copy them, promote: accounts re-scored in a second."""
    url = await databases.create(server, f"bench_segmentation_{os.getpid()}")
    await upgrade("segmentation", url)
    db = Database(url)
    force = ActiveRules(Policies(parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))))
    try:
        for begin in range(0, len(events), 1000):
            async with db.transaction() as session:
                await reassess_accounts(session, events[begin : begin + 1000], force)
        async with db.transaction() as session:
            order = Order(target="late_payment", until=TRAIN_UNTIL, by="bench")
            report = await train_model(session, "demo", order, mode="manual", workshop=Workshop())
        await _copy(db, accounts)
        async with db.transaction() as session:
            decision = ModelDecision(by="bench", reason="bench", at=clock.now())
            await promote_model(session, "demo", report["version"], decision, force)
        return await _rescore(db, force, accounts)
    finally:
        await db.close()


async def _rescore(db: Database, force: ActiveRules, accounts: int) -> float:
    before, begun, used, slices = _memory_mb(), time.monotonic(), time.process_time(), 0
    while True:
        async with db.transaction() as session:
            if await rescore_slice(session, force) is None:
                break
        slices += 1
    seconds, cpu = time.monotonic() - begun, time.process_time() - used
    _say(
        f"{accounts:,} accounts re-scored in {seconds:.1f} s ({cpu:.1f} s of CPU), {slices}"
        f" slices: {accounts / seconds:,.0f} accounts/s with reading and writing;"
        f" {_memory_mb() - before:.0f} MB more"
    )
    return accounts / seconds


async def _copy(db: Database, accounts: int) -> None:
    """More accounts like those that are there."""
    async with db.transaction() as session:
        await session.execute(
            """insert into accounts (tenant_id, account_id, state, segment, policy_version,
                 probability, late_probability, model_version, late_model_version,
                 expected_recovery_minor, currency, priority, latest_on, known_at)
               select tenant_id, account_id || '-' || n, state, segment, policy_version,
                 probability, late_probability, model_version, late_model_version,
                 expected_recovery_minor, currency, priority, latest_on, known_at
               from accounts, generate_series(1, $1::int) n limit $2""",
            accounts // SEEDS + 1,
            max(0, accounts - SEEDS),
        )


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
