"""Watch a tenant's models: read what is known, compare, keep the figures for Prometheus."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from services.segmentation.store.active_rules import ActiveRules
from services.segmentation.commands.workshop import Workshop
from services.segmentation.domain.account import Account, facts_of
from services.segmentation.domain.model_watch import (
    GroupBy,
    Traits,
    Watch,
    shadowing,
    watch_model,
)
from services.segmentation.learning.cases import InvoiceFacts
from services.segmentation.store import accounts, assessments
from services.segmentation.store import models as store
from shared.database import Session
from shared.errors import NotFound


async def watch(
    session: Session,
    force: ActiveRules,
    tenant: str,
    version: str,
    *,
    group_by: GroupBy,
    today: date,
    workshop: Workshop,
) -> dict[str, Any]:
    """What became of a model. Raises `NotFound`."""
    shadow = await force.shadow(session, tenant, version)
    facts, traits = await _population(session, tenant)
    found: Watch = await workshop.work(
        session,
        lambda: watch_model(
            shadow.scorer.model,
            facts,
            traits,
            group_by=group_by,
            today=today,
            trees=shadow.trees,
        ),
    )
    pairs = await assessments.shadow_pairs(session, tenant, version)
    return {**msgspec.structs.asdict(found), "shadow": shadowing(pairs)}


async def watch_due(
    session: Session, force: ActiveRules, tenant: str, today: date, workshop: Workshop
) -> int:
    """Watch the models in force that were not watched on this day yet; how many."""
    watched = 0
    for role in (await store.current_roles(session, {tenant}))[tenant]:
        if role.version is None or role.role != "champion":
            continue
        if await store.find_model(session, tenant, role.version) is None:
            continue  # the rule card was not trained on anything
        if (await store.watched_on(session, tenant, role.version) or date.min) >= today:
            continue
        found = await watch(
            session,
            force,
            tenant,
            role.version,
            group_by="kind",
            today=today,
            workshop=workshop,
        )
        await store.upsert_watch(session, tenant, role.version, today, figures_of(found))
        watched += 1
    return watched


def figures_of(found: dict[str, Any]) -> dict[str, float]:
    """The few figures that operators see."""
    calibration, score_drift = found["calibration"], found["score_drift"]
    figures = {
        "cases": float(found["cases"]),
        "psi_max": max((drift.psi for drift in found["drift"]), default=None),
        "psi_score": score_drift.psi if score_drift is not None else None,
        "brier": calibration.brier,
        "calibration_error": calibration.calibration_error,
    }
    return {name: value for name, value in figures.items() if value is not None}


async def _population(
    session: Session, tenant: str
) -> tuple[Sequence[InvoiceFacts], dict[str, Traits]]:
    facts: list[InvoiceFacts] = []
    traits: dict[str, Traits] = {}
    async for found in accounts.read_states(session, tenant):
        for account_id, state, _ in found:
            own = list(facts_of(state, account_id))
            facts += own
            traits[account_id] = _traits(state, own)
    if not traits:
        raise NotFound("no account is known yet")
    return facts, traits


def _traits(state: Account, facts: Sequence[InvoiceFacts]) -> Traits:
    return Traits(
        groups={
            "kind": (state.kind,),
            "country": (state.country or "unknown",),
            "currency": (state.currency or "unknown",),
            "tag": state.tags or ("none",),
        },
        was_overdue=any([owed.overdue_minor > 0 for owed in state.owed.values()])
        or any([fact.settled_on is not None and fact.settled_on > fact.due_on for fact in facts]),
        contacts=sum(state.contacts.by_channel.values()),
    )
