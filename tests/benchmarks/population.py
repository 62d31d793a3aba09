"""Segmentation at work: events into scores, in memory and through PostgreSQL, and a re-score.

`python -m tests.benchmarks.population`; BENCH_ACCOUNTS= sets the size of the population (20,000).
"""

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable

from deploy.local import databases
from services.segmentation.commands.models import ModelDecision, keep_models, promote_model
from services.segmentation.commands.scoring import reassess_accounts
from services.segmentation.context import Context
from services.segmentation.domain.account import Account, facts_of
from services.segmentation.domain.assess import assess, update_commitments
from services.segmentation.domain.features import features_of
from services.segmentation.domain.fold import fold
from services.segmentation.domain.policy import parse_text
from services.segmentation.domain.rules import Rules
from services.segmentation.domain.scorer import Scorer
from services.segmentation.learning.cases import TARGETS
from services.segmentation.learning.training import train
from services.segmentation.learning.trial import TrainingOrder
from services.segmentation.processes.rescoring import Rescorer
from services.segmentation.processes.training import train_model
from services.segmentation.settings import DEFAULT_POLICY
from services.segmentation.store.account_memory import AccountMemory
from services.segmentation.store.active_policies import ActivePolicies
from services.segmentation.store.active_rules import ActiveRules
from shared import clock
from shared.database import Database
from shared.database.migrate import upgrade
from shared.events import Received
from shared.process.compute import ComputePool
from shared.process.serve import rest_collector
from tests.benchmarks.servers import postgres
from tests.unit.segmentation.builders import day
from tests.unit.segmentation.history import portfolio

ACCOUNTS = 20_000
EVENTS_AIM, ACCOUNTS_AIM = 20_000, 1_000_000 / 300  # a second: a million in five minutes
SEEDS = 500  # accounts with a history of their own; the others are copies of them
SLICE_EVENTS = 500
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
        update_commitments(account, assess(account, account_id, rules))

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
    policy = parse_text(DEFAULT_POLICY.read_text(encoding="utf-8"))
    context = Context(
        db=Database(url),
        clock="manual",
        rules=ActiveRules(ActivePolicies(policy)),
        accounts=AccountMemory(),
        compute=ComputePool(),
    )
    try:
        await _take(context, events)
        order = TrainingOrder(target="late_payment", until=TRAIN_UNTIL, by="bench")
        trained = await train_model(context, "demo", order)
        version = trained.models[0].version
        await _copy(context.db, accounts)
        async with context.db.transaction() as session:
            await keep_models(session, "demo", order, trained)
            decision = ModelDecision(by="bench", reason="bench", at=clock.now())
            await promote_model(session, "demo", version, decision, context.rules)
        return await _rescore(context, accounts)
    finally:
        await context.close()


async def _take(context: Context, events: list[Received]) -> None:
    """All events in slices, as the consumer takes them."""
    begun, used = time.monotonic(), time.process_time()
    for begin in range(0, len(events), SLICE_EVENTS):
        async with context.db.transaction() as session:
            await reassess_accounts(session, events[begin : begin + SLICE_EVENTS], context)
    cpu, seconds = time.process_time() - used, time.monotonic() - begun
    _say(
        f"{len(events):,} events in slices of {SLICE_EVENTS}: {1e6 * cpu / len(events):.0f} µs of"
        f" CPU an event, {len(events) / seconds:,.0f} events/s with reading and writing"
    )


async def _rescore(context: Context, accounts: int) -> float:
    before, begun, used, slices = _memory_mb(), time.monotonic(), time.process_time(), 0
    await context.compute.close()  # those that trained
    rescorer, computed = Rescorer(context), _computed()
    while await rescorer.take_slice():
        slices += 1
    seconds, cpu = time.monotonic() - begun, time.process_time() - used
    await context.compute.close()  # what its processes have used is known when they are gone
    computed = _computed() - computed
    _say(
        f"{accounts:,} accounts re-scored in {seconds:.1f} s ({1e6 * cpu / accounts:.0f} µs of CPU"
        f" each, and {1e6 * computed / accounts:.0f} in compute processes), {slices} slices:"
        f" {accounts / seconds:,.0f} accounts/s with reading and writing;"
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


def _computed() -> float:
    """Seconds of CPU of the children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
