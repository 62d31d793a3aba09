"""What a tenant can reach people by, from its settings and texts."""

from collections.abc import Collection
from datetime import time

from services.outreach.channels.domain.tenant_settings import TenantSettings
from services.outreach.dunning.domain.governor import Means
from services.outreach.dunning.domain.runs import ContentVersions
from services.outreach.organisations.domain import SharedLimits

CUT_OFF = time(16)  # of letters, where no provider says otherwise


def means_of(
    settings: TenantSettings,
    configured: Collection[str],
    content: ContentVersions,
    shared: SharedLimits | None = None,
) -> Means:
    """The same for all debtors of a run."""

    def has_text(template: str, channel: str, languages: tuple[str, ...]) -> bool:
        return content.templates.language_of(template, channel, languages) is not None

    cut_offs = [p.cut_off for p in settings.providers.values() if p.channel == "letter"]
    return Means(
        configured=frozenset(configured),
        has_text=has_text,
        cut_off=time.fromisoformat(min(cut_offs)) if cut_offs else CUT_OFF,
        language=settings.language,
        shared=shared,
    )
