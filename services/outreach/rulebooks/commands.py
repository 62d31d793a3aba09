"""Rule books of a tenant, put in force from a day on."""

from datetime import datetime

from services.outreach.activity.commands import announce_events
from services.outreach.activity.store.business_times import get_business_time
from services.outreach.activity.store.debtors import mark_tenant_dirty
from services.outreach.compliance import TZDATA_VERSION, RuleBook
from services.outreach.rulebooks import store
from services.outreach.rulebooks.store import RuleBooks
from shared import clock
from shared.business_time import Clock
from shared.database import Session
from shared.documents import Activation, ActivationRequest, ActivationResult, Proposal
from shared.errors import Conflict
from shared.events import OUTREACH, Event, outreach


async def activate_rulebook(
    session: Session, tenant: str, books: RuleBooks, asked: ActivationRequest
) -> ActivationResult:
    """Let a version apply from a day on, in the tenant's zone, or switch a policy off."""

    async def check(session: Session, proposal: Proposal[RuleBook]) -> None:
        if proposal.content is None:
            await _check_may_end(session, tenant, books, asked.name)
        await _check_nobody_was_judged(session, proposal)
        if proposal.content is not None:
            _check_time_zones(proposal.content)
            versions = await books.of(session, tenant)
            versions.check_with(proposal.activation, proposal.content)

    done = await books.documents.activate(session, tenant, asked, check=check)
    if not done.is_new:
        return done
    activation = done.activation
    assert activation is not None, "what is new was written"
    if activation.from_at <= activation.recorded_at:
        await mark_tenant_dirty(session, tenant)
    event = _activated(tenant, activation)
    await announce_events(session, [(event, ())])
    return done


async def _check_may_end(session: Session, tenant: str, books: RuleBooks, name: str) -> None:
    """House policy may be switched off, law may not."""
    versions = await books.documents.list_versions(session, tenant, name)
    if "law" in {version.category for version in versions}:
        raise Conflict(f"{name} is law: it can be replaced by another version, not switched off.")


async def _check_nobody_was_judged(session: Session, proposal: Proposal[RuleBook]) -> None:
    judged_at = await store.find_last_judged(session, proposal.tenant)
    if judged_at is not None and judged_at >= proposal.activation.from_at:
        raise Conflict(
            f"Contacts up to {judged_at:%Y-%m-%dT%H:%M:%SZ} were judged by other rules: a version "
            "can only count from a day after it."
        )


def _check_time_zones(book: RuleBook) -> None:
    """A book that wants newer time-zone data could answer nothing from its day on."""
    wanted = book.tzdata_min
    if wanted is not None and wanted > TZDATA_VERSION:
        raise Conflict(
            f"The book demands time-zone data {wanted} or later, here it is {TZDATA_VERSION}."
        )


async def business_now(session: Session, clock_mode: Clock, tenant: str) -> datetime:
    """The instant of business time by which books are chosen when none is named."""
    at = await get_business_time(session, tenant) if clock_mode == "manual" else None
    return at or clock.now()


def _activated(tenant: str, activation: Activation) -> Event:
    assert activation.from_on is not None, "a book applies from a day on"
    return Event(
        topic=OUTREACH,
        tenant=tenant,
        key="",
        type="rulebook-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=outreach.RulebookActivated(
            name=activation.name, version=activation.version, from_on=activation.from_on
        ),
    )
