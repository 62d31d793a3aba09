"""The pure function that fills a template: `render(template, channel, languages, values)`."""

from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.parts import Parts
from services.outreach.channels.domain.template_document import MessageTemplate


class NotWritten(Exception):
    """A message that cannot be written, under its reason."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason  # no-template | no-words | message-not-written | message-not-balanced


def render(
    template: MessageTemplate, channel: str, languages: tuple[str, ...], values: MessageValues
) -> Parts:
    """The parts of the message, in the first of the languages that has the channel.

    Raises `NotWritten`.
    """
    raise NotWritten("message-not-written", "not yet")
