"""Strategies checked against what a tenant has, and listed."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.outreach.context import Context
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.strategy_document import WORD, parse_strategy
from services.outreach.rulebooks.commands import business_now
from shared.documents import Activation, store
from shared.errors import FieldError, Invalid, NotFound


@dataclass(frozen=True, kw_only=True)
class ListedStrategy:
    name: str
    title: str
    version: str | None  # in force now
    steps: int
    is_shipped: bool


async def check_strategy(context: Context, tenant: str, name: str, source: str) -> None:
    """Raises `Invalid` with every fault, also for what is not there for this tenant."""
    async with context.db.reading() as session:
        texts = await context.tenant_texts(session, tenant)
    strategy = parse_strategy(source, texts)
    if strategy.name != name:
        problem = FieldError("/name", f"is {strategy.name}, the address says {name}")
        raise Invalid(f"The {WORD} has another name.", [problem])


async def check_assignments(context: Context, tenant: str, source: str) -> None:
    """Raises `Invalid` where rules name strategies that were never sent."""
    assignments = parse_assignments(source)
    documents, missing = context.strategies.strategies, []
    async with context.db.reading() as session:
        for place, rule in enumerate(assignments.rules):
            if rule.strategy is None:
                continue
            try:
                await documents.list_versions(session, tenant, rule.strategy)
            except NotFound as error:
                missing.append(FieldError(f"/rules/{place}/strategy", error.detail))
    if missing:
        raise Invalid("The assignments name strategies that are not there.", missing)


async def list_strategies(
    context: Context, tenant: str
) -> tuple[list[ListedStrategy], Sequence[Activation]]:
    """All of a tenant by name, and what was ever activated of them."""
    documents = context.strategies.strategies
    async with context.db.reading() as session:
        now = await business_now(session, context.clock, tenant)
        history = await documents.history(session, tenant)
        stored = await store.list_latest_digests(session, documents.kind.kind, tenant)
        counting = history.in_force(now)
        listed = []
        for name in sorted({*stored, *documents.built_in}):
            shown = counting.get(name)
            if shown is None:
                shipped = documents.built_in.get(name)
                version = stored[name][0] if shipped is None else shipped.version
                shown = await documents.content(session, tenant, name, version)
            listed.append(
                ListedStrategy(
                    name=name,
                    title=shown.title,
                    version=counting[name].version if name in counting else None,
                    steps=len(shown.ladder),
                    is_shipped=name in documents.built_in,
                )
            )
    return listed, history.activations
