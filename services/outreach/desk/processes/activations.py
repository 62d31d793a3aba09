"""Put versions in force that a second pair of eyes has seen: one entry for each kind."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime

from services.outreach.activity.domain.approvals import Activating
from services.outreach.context import Context
from services.outreach.dunning.commands.strategies import activate_assignments, activate_strategy
from services.outreach.dunning.processes.template_activation import put_in_force
from services.outreach.rulebooks.commands import activate_rulebook
from shared.database import Session
from shared.documents import ActivationRequest, ActivationResult
from shared.errors import NotFound

Activator = Callable[[Context, Session, str, ActivationRequest], Awaitable[ActivationResult]]


async def _rulebook(
    context: Context, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await activate_rulebook(session, tenant, context.rulebooks, asked)


async def _strategy(
    context: Context, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await activate_strategy(session, tenant, context.strategies, asked)


async def _assignments(
    context: Context, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    return await activate_assignments(session, tenant, context.strategies, asked)


ACTIVATORS: Mapping[str, Activator] = {
    "rulebooks": _rulebook,
    "strategies": _strategy,
    "templates": put_in_force,
    "strategy-assignments": _assignments,
}


async def activate(
    context: Context, session: Session, tenant: str, asked: Activating, at: datetime
) -> None:
    """As it was asked for, by whoever asked."""
    activator = ACTIVATORS.get(asked.documents)
    if activator is None:
        raise NotFound(f"There are no {asked.documents}.")
    await activator(
        context,
        session,
        tenant,
        ActivationRequest(
            name=asked.name,
            version=asked.version,
            by=asked.by,
            now=at,
            from_on=None if asked.from_on is None else date.fromisoformat(asked.from_on),
            zone=asked.zone,
            reason=asked.reason,
            options=asked.options,
        ),
    )
