"""Strategies and assignments, put in force from a day on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.outreach.activity.commands import announce_events
from services.outreach.dunning.domain.assignment_document import ASSIGNMENTS
from services.outreach.dunning.domain.assignments import Assignments
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.store.overrides import is_overriding
from services.outreach.dunning.store.strategies import StrategyBooks, in_flight
from shared.database import Session
from shared.documents import (
    Activation,
    ActivationRequest,
    ActivationResult,
    History,
    Proposal,
    refuse_begun_day,
)
from shared.errors import Conflict
from shared.events import OUTREACH, Event, outreach


async def activate_strategy(
    session: Session, tenant: str, books: StrategyBooks, asked: ActivationRequest
) -> ActivationResult:
    """Let a version count from a day on, in the tenant's zone, or end a name."""

    async def check(session: Session, proposal: Proposal[Strategy]) -> None:
        await refuse_begun_day(session, proposal)
        if proposal.content is None:
            await _check_unnamed(session, tenant, books, proposal.activation)

    done = await books.strategies.activate(session, tenant, asked, check=check)
    return await _announced(session, tenant, asked, done)


async def activate_assignments(
    session: Session, tenant: str, books: StrategyBooks, asked: ActivationRequest
) -> ActivationResult:
    """Let a version of the rules count from a day on, in the tenant's zone."""

    async def check(session: Session, proposal: Proposal[Assignments]) -> None:
        await refuse_begun_day(session, proposal)
        if proposal.content is None:
            raise Conflict("The assignments can be replaced by another version, not ended.")
        history = await books.strategies.history(session, tenant)
        known = history.in_force(proposal.activation.from_at)
        missing = sorted(proposal.content.strategies - known.keys())
        if missing:
            words = " and ".join(missing)
            raise Conflict(f"{words}: not in force on {proposal.activation.from_on}.")

    done = await books.assignments.activate(session, tenant, asked, check=check)
    return await _announced(session, tenant, asked, done)


async def _check_unnamed(
    session: Session, tenant: str, books: StrategyBooks, activation: Activation
) -> None:
    """Nobody is put on it from that day on."""
    name = activation.name
    rules = await books.assignments.history(session, tenant)
    for assignments in _counting_from(rules, activation.from_at):
        if name in assignments.strategies:
            raise Conflict(
                f"Version {assignments.version} of the assignments names {name}: put other "
                "assignments in force first."
            )
    if await is_overriding(session, tenant, name):
        raise Conflict(f"Accounts were put on {name} by hand: take that back first.")


def _counting_from(history: History[Assignments], at: datetime) -> list[Assignments]:
    """The rules in force at an instant or later."""
    later = [
        history.content(a.name, a.version)
        for a in history.activations
        if a.from_at > at and a.version is not None
    ]
    return [history.in_force(at)[ASSIGNMENTS], *later]


async def _announced(
    session: Session, tenant: str, asked: ActivationRequest, done: ActivationResult
) -> ActivationResult:
    activation = done.activation
    if not done.is_new or activation is None:
        options: Mapping[str, Any] = asked.options or {}
        if activation is not None and in_flight(activation) != options.get("in_flight"):
            raise Conflict(
                f"{asked.name} is activated already for {activation.from_on} with in_flight "
                f"{in_flight(activation)}."
            )
        return done
    assert activation.from_on is not None, "a strategy counts from a day on"
    event = Event(
        topic=OUTREACH,
        tenant=tenant,
        key="",
        type="strategy-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=outreach.StrategyActivated(
            name=activation.name,
            version=activation.version,
            from_on=activation.from_on,
            in_flight=in_flight(activation),
        ),
    )
    await announce_events(session, [(event, ())])
    return done
