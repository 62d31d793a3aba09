"""Policies of a tenant: put in force from a day on, and what was asked of them."""

from dataclasses import replace
from datetime import datetime

from services.ledger.commands.tenants import latest_day, lock_tenants, recorded_time
from services.ledger.context import Context
from services.ledger.domain.policies import Policy
from services.ledger.store.accounts import visit_on
from services.ledger.store.tenants import find_tenant_times
from shared.database import Session
from shared.documents import Activation, ActivationRequest, ActivationResult, Proposal
from shared.errors import Conflict, Forbidden, NotFound
from shared.events import LEDGER, Event
from shared.events.ledger import PolicyActivated
from shared.log import outbox


async def business_now(
    session: Session, tenant_id: str, context: Context, now: datetime
) -> datetime:
    """The tenant's instant of business time, without a lock; `now` is machine time."""
    found = await find_tenant_times(session, [tenant_id])
    return recorded_time(found[tenant_id], context, now).now if tenant_id in found else now


async def zone_of(session: Session, tenant_id: str) -> str:
    """The tenant's time zone."""
    found = await find_tenant_times(session, [tenant_id])
    return found[tenant_id].settings.timezone if tenant_id in found else "UTC"


_BY_DAY = ("charges", "recovery")  # what days bring by themselves


async def activate_policy(
    session: Session, tenant_id: str, context: Context, asked: ActivationRequest, *, now: datetime
) -> ActivationResult:
    """Put a version in force from a day on that has begun nowhere yet.

    The begun day stands still meanwhile. Raises `Conflict` for a day that has begun, `Forbidden`
    for who sent the version (outside local mode).
    """
    locked = (await lock_tenants(session, {tenant_id}, context, now=now)).get(tenant_id)
    if locked is None:
        raise NotFound(f"There is no tenant {tenant_id}.")
    reached = latest_day(locked, context, now)

    async def check(_session: Session, proposal: Proposal[Policy]) -> None:
        from_on, stored = proposal.activation.from_on, proposal.stored
        assert from_on is not None, "a policy counts from a day on"
        assert stored is not None, "a policy never ends"
        if stored.stored_by == asked.by and not context.makes_tenants:
            raise Forbidden(
                f"You sent version {stored.version} of {stored.name}: another manager has to put it"
                " in force."
            )
        if reached is not None and from_on <= reached:
            raise Conflict(
                f"{from_on} has begun, here or in another time zone: what is in force on it stays."
                f" The first day that can be named is after {reached}."
            )

    instant = recorded_time(locked, context, now).now
    wanted = replace(asked, now=instant, zone=locked.settings.timezone)
    done = await context.policies.documents.activate(session, tenant_id, wanted, check=check)
    if done.is_new:
        assert done.activation is not None, "what is new was written"
        outbox.append(session, [_activated(tenant_id, done.activation)])
        assert done.activation.from_on is not None, "a policy counts from a day on"
        if done.activation.name in _BY_DAY:
            await visit_on(session, tenant_id, done.activation.from_on)
    return done


def _activated(tenant_id: str, activation: Activation) -> Event:
    assert activation.from_on is not None, "a policy counts from a day on"
    assert activation.version is not None, "a policy never ends"
    return Event(
        topic=LEDGER,
        tenant=tenant_id,
        key="",
        type="policy-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=PolicyActivated(
            name=activation.name, version=activation.version, from_on=activation.from_on
        ),
    )
