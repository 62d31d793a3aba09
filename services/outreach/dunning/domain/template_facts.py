"""What a strategy must know of a tenant's templates: which are there, and with which texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.outreach.channels.domain.templates_in_force import TemplatesInForce


@dataclass(frozen=True)
class TemplateFacts:
    """Of the templates that a tenant has, in its language (`de` speaks for `de-AT` too)."""

    language: str
    channels: Mapping[str, frozenset[str]]  # by template, those it has a text for
    with_amounts: frozenset[str] = field(default_factory=frozenset)  # templates that name amounts

    @classmethod
    def of(cls, templates: TemplatesInForce, language: str) -> "TemplateFacts":
        """Of those in force, in the tenant's language."""
        return cls(language, templates.channels_in(language), templates.with_amounts)
