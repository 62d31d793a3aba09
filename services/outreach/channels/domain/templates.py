"""The words of messages as one thing: ready templates, layouts, labels, disclosures; `render`."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from services.outreach.channels.domain import rendering
from services.outreach.channels.domain.message_values import CreditorDetails, MessageValues
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.domain.ready_templates import ready_templates
from services.outreach.channels.domain.template_document import MessageTemplate
from services.outreach.channels.domain.template_facts import TemplateFacts
from services.outreach.channels.domain.wording import Wording
from shared.errors import Invalid


class Templates:
    """What comes with the platform, or from the operator's folder. Raises `Invalid`."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.wording = Wording({n: text for n, text in sources.items() if n.startswith("_")})
        self.ready = ready_templates(sources, self.wording.digest)
        self.wording.disclosures.check()

    def check(self, uses: Iterable[tuple[str, str]]) -> None:
        """Raise `Invalid` unless every template that is used is there. `uses`: who uses it, and its
        name."""
        for user, template in uses:
            if template not in self.ready:
                raise Invalid(f"{user}: there is no template {template}")

    @cached_property
    def in_force(self) -> TemplateFacts:
        """The ready ones: all there is for a tenant without templates of its own."""
        return TemplateFacts({name: each.content for name, each in self.ready.items()})

    def render(
        self,
        template: MessageTemplate,
        channel: str,
        languages: tuple[str, ...],
        values: MessageValues,
    ) -> Parts:
        """The parts of the message, in the first of the languages (`language_chain`) in which the
        template has the channel. Raises `NotWritten`."""
        return rendering.render(self.wording, template, channel, languages, values)

    def unworded(
        self, text_ids: Iterable[str], language: str | None, creditor: CreditorDetails
    ) -> list[str]:
        """The disclosures that cannot be written."""
        return self.wording.disclosures.unworded(text_ids, language, creditor)

    def text_ids(self, creditor: CreditorDetails) -> frozenset[str]:
        """The disclosures that can be written to everybody, whatever their language."""
        return self.wording.disclosures.text_ids(creditor)
