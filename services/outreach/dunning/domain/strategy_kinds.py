"""The kinds of document that strategies and their assignments are."""

from typing import Final

from services.outreach.dunning.domain.assignment_document import WORD as ASSIGNMENTS_WORD
from services.outreach.dunning.domain.assignment_document import parse_assignments
from services.outreach.dunning.domain.assignments import Assignments
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_document import WORD, parse_strategy
from shared.documents.kind import DocumentKind

PLATFORM: Final = "recoup"  # who brought those that come with the platform

STRATEGIES: Final = DocumentKind[Strategy](
    kind="strategies",
    word=WORD,
    parse=parse_strategy,
    version_of=lambda strategy: strategy.version,
    name_of=lambda strategy: strategy.name,
    title_of=lambda strategy: strategy.title,
    size_of=lambda strategy: len(strategy.ladder),
    built_in_by=PLATFORM,
)
STRATEGY_ASSIGNMENTS: Final = DocumentKind[Assignments](
    kind="strategy-assignments",
    word=ASSIGNMENTS_WORD,
    parse=parse_assignments,
    version_of=lambda assignments: assignments.version,
    size_of=lambda assignments: len(assignments.rules),
    built_in_by=PLATFORM,
    missing=lambda _name, version: f"There is no version {version} of the strategy assignments.",
)
