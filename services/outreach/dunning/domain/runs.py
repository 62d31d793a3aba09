"""What a run works with besides facts: its instants, and the versions of what it writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.outreach.channels.domain.template_facts import TemplateFacts
from shared.business_time import Clock


@dataclass(frozen=True)
class ContentVersions:
    """Versioned templates, and where debtors may live of whom no place is known."""

    templates: TemplateFacts
    residence_default: str | None = None
    text_ids: frozenset[str] = frozenset()  # disclosures that there are words for

    @property
    def template_versions(self) -> Mapping[str, str]:
        return self.templates.versions


@dataclass(frozen=True)
class RunTime:
    """When a run works: business time, what it is recorded as, and machine time for leases."""

    at: datetime
    recorded_at: datetime
    machine_now: datetime
    clock: Clock = "manual"
