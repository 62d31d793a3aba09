"""Message templates of a tenant, put in force from a day on."""

from collections.abc import Awaitable, Callable

from services.outreach.activity.commands import announce_events
from services.outreach.activity.store.debtors import mark_tenant_dirty
from services.outreach.channels.domain.template_document import MessageTemplate
from shared.database import Session
from shared.documents import (
    Activation,
    ActivationRequest,
    ActivationResult,
    Documents,
    Proposal,
    refuse_begun_day,
)
from shared.errors import Conflict
from shared.events import OUTREACH, Event, outreach

Lint = Callable[[Proposal[MessageTemplate]], Awaitable[None]]


async def activate_template(
    session: Session,
    tenant: str,
    documents: Documents[MessageTemplate],
    asked: ActivationRequest,
    *,
    lint: Lint,
    used_by: Callable[[str], str | None],
) -> ActivationResult:
    """Let a version count from a day on, in the tenant's zone, or end a name.

    `lint` raises `Invalid` for words that may not leave; `used_by`: which strategy names
    a template.
    """

    async def check(session: Session, proposal: Proposal[MessageTemplate]) -> None:
        await refuse_begun_day(session, proposal)
        if proposal.content is not None:
            await lint(proposal)
        elif (user := used_by(asked.name)) is not None:
            raise Conflict(f"{asked.name} is named by {user}: it can be replaced, not ended.")

    done = await documents.activate(session, tenant, asked, check=check)
    if not done.is_new:
        return done
    assert done.activation is not None, "what is new was written"
    await mark_tenant_dirty(session, tenant)  # other channels may have text: other plans
    await announce_events(session, [(_activated(tenant, done.activation), ())])
    return done


def _activated(tenant: str, activation: Activation) -> Event:
    assert activation.from_on is not None, "a template counts from a day on"
    return Event(
        topic=OUTREACH,
        tenant=tenant,
        key="",
        type="template-activated",
        entity=activation.name,
        cause=f"{activation.version} {activation.from_on} {activation.number}",
        time=activation.recorded_at,
        recordedtime=activation.recorded_at,
        data=outreach.TemplateActivated(
            name=activation.name, version=activation.version, from_on=activation.from_on
        ),
    )
