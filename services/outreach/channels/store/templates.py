"""The message templates of tenants, next to those that come with the platform."""

from datetime import datetime

from services.outreach.channels.domain.template_facts import TemplateFacts
from services.outreach.channels.domain.template_kind import message_templates
from services.outreach.channels.domain.templates import Templates
from shared.database import Session
from shared.documents import Documents


class TenantTemplates:
    """One per process."""

    def __init__(self, templates: Templates) -> None:
        self.documents = Documents(
            message_templates(templates.wording.language), templates.ready.values()
        )
        self._ready = templates.in_force

    async def in_force(
        self, session: Session, tenant: str, at: datetime | None = None
    ) -> TemplateFacts:
        """Those that count at an instant; without one, after all that is activated."""
        history = await self.documents.history(session, tenant)
        if not history.activations:
            return self._ready
        return TemplateFacts(history.in_force(at))
