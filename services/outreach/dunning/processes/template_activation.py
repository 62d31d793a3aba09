"""Put a version of a template in force: its words are looked at, and which strategies use it."""

from services.outreach.channels.commands.templates import activate_template
from services.outreach.channels.domain.template_document import MessageTemplate
from services.outreach.channels.processes.templates import refuse_bad_words
from services.outreach.context import Context
from services.outreach.rulebooks.commands import business_now
from shared.database import Session
from shared.documents import ActivationRequest, ActivationResult, Proposal


async def put_in_force(
    context: Context, session: Session, tenant: str, asked: ActivationRequest
) -> ActivationResult:
    """Raises `Invalid` for words that may not leave, `Conflict` for a name that is used."""

    async def look_at(proposal: Proposal[MessageTemplate]) -> None:
        assert proposal.content is not None, "asked of versions only"
        await refuse_bad_words(context, tenant, asked.name, proposal.content)

    uses = await _uses(context, session, tenant)

    def used_by(name: str) -> str | None:
        return uses.get(name)

    documents = context.tenant_templates.documents
    return await activate_template(session, tenant, documents, asked, lint=look_at, used_by=used_by)


async def _uses(context: Context, session: Session, tenant: str) -> dict[str, str]:
    """Of each template that a strategy in force uses, one step that does."""
    at = await business_now(session, context.clock, tenant)
    in_force = await context.strategies.in_force(session, tenant, at)
    found = await context.strategies.get_all(session, tenant, in_force.versions.items())
    return {
        step.template: f"{strategy.name}, step {step.name}"
        for strategy in found.values()
        for step in strategy.steps
        if step.template is not None
    }
