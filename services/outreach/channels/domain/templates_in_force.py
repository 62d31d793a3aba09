"""The templates of a tenant at an instant: channels are chosen by them, strategies checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.outreach.activity.domain.contacts import Tone
from services.outreach.channels.domain.languages import language_chain
from services.outreach.channels.domain.template_document import TEXT_CHANNELS, MessageTemplate

TONES_OF_READY: Mapping[str, Tone] = {"overdue": "neutral", "firm": "firm", "final": "final"}


@dataclass(frozen=True)
class TemplatesInForce:
    """By name."""

    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)

    @property
    def versions(self) -> Mapping[str, str]:
        return {name: template.version for name, template in self.templates.items()}

    def find(self, template: str | None) -> MessageTemplate | None:
        return self.templates.get(template) if template is not None else None

    def language_of(
        self, template: str | None, channel: str, languages: tuple[str, ...]
    ) -> str | None:
        """In which of the languages (`language_chain`) it has the channel; None: in none."""
        found = self.find(template)
        return None if found is None else found.language_of(channel, languages)

    def channels_in(self, language: str) -> dict[str, frozenset[str]]:
        """By template, the channels that it has a text for in a tenant's language: in the language
        itself or in one that it goes over into (`de` for `de-AT`), not in English for all."""
        spoken = language.partition("-")[0]
        own = tuple(each for each in language_chain(language) if each.partition("-")[0] == spoken)
        return {
            name: frozenset(c for c in TEXT_CHANNELS if template.language_of(c, own) is not None)
            for name, template in self.templates.items()
        }

    @property
    def with_amounts(self) -> frozenset[str]:
        """Those that ask for money, or speak of amounts in words of their own."""
        return frozenset(name for name, each in self.templates.items() if each.names_amounts)


def tone_of(name: str, template: MessageTemplate) -> Tone:
    """The tone that its words are looked at for."""
    return template.tone or TONES_OF_READY.get(name, "friendly")
