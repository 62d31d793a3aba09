"""The templates of a tenant at an instant: channels are chosen by them, strategies checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.template_document import MessageTemplate

TONES_OF_READY: Mapping[str, Tone] = {"overdue": "neutral", "firm": "firm", "final": "final"}


@dataclass(frozen=True)
class TemplateFacts:
    """By name."""

    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)

    @property
    def versions(self) -> Mapping[str, str]:
        return {name: template.version for name, template in self.templates.items()}

    def knows(self, template: str) -> bool:
        return template in self.templates

    def asks(self, template: str) -> bool:
        """Whether it speaks of amounts."""
        found = self.find(template)
        return found is not None and found.names_amounts

    def has_text(self, template: str, channel: str, language: str) -> bool:
        """Whether it has the channel in a tenant's language: the language itself, or one that it
        goes over into (`de` for `de-AT`), but not English for all others."""
        spoken = language.partition("-")[0]
        own = tuple(each for each in language_chain(language) if each.partition("-")[0] == spoken)
        return self.language_of(template, channel, own) is not None

    def find(self, template: str | None) -> MessageTemplate | None:
        return self.templates.get(template) if template is not None else None

    def language_of(
        self, template: str | None, channel: str, languages: tuple[str, ...]
    ) -> str | None:
        """In which of the languages (`language_chain`) it has the channel; None: in none."""
        found = self.find(template)
        return None if found is None else found.language_of(channel, languages)


def tone_of(name: str, template: MessageTemplate) -> Tone:
    """The tone that its words are looked at for."""
    return template.tone or TONES_OF_READY.get(name, "friendly")
