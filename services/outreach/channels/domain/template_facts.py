"""What a tenant's templates have text for: strategies are checked by it, channels chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.template_document import MessageTemplate

TONES_OF_READY: Mapping[str, Tone] = {"overdue": "neutral", "firm": "firm", "final": "final"}


@dataclass(frozen=True)
class TemplateFacts:
    """The templates in force at an instant, by name."""

    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)

    def knows(self, template: str) -> bool:
        return template in self.templates

    def language_of(self, template: str, channel: str, languages: tuple[str, ...]) -> str | None:
        """In which of the languages (`language_chain`) it has the channel; None: in none."""
        found = self.templates.get(template)
        return None if found is None else found.language_of(channel, languages)

    def has_text(self, template: str, channel: str, language: str) -> bool:
        """Whether it has the channel in a tenant's language: the language itself, or one that it
        goes over into (`de` for `de-AT`), but not English for all others."""
        own = tuple(each for each in language_chain(language) if each.partition("-")[0] ==
                    language.partition("-")[0])  # fmt: skip
        return self.language_of(template, channel, own) is not None

    def asks(self, template: str) -> bool:
        found = self.templates.get(template)
        return found is not None and found.asks

    def tone(self, template: str) -> Tone | None:
        """The tone that its words were looked at for."""
        found = self.templates.get(template)
        return None if found is None else tone_of(template, found)


def tone_of(name: str, template: MessageTemplate) -> Tone:
    return template.tone or TONES_OF_READY.get(name, "friendly")
