"""A message as rendered for its channel."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EmailParts:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class SmsParts:
    text: str


@dataclass(frozen=True)
class LetterParts:
    text: str  # paragraphs, blank line between; the address and the date are the channel's


@dataclass(frozen=True)
class VoiceParts:
    script: str


@dataclass(frozen=True)
class PortalParts:
    title: str
    text: str


@dataclass(frozen=True)
class WebhookParts:
    """The data of `contact-due`, as JSON."""

    data: bytes


Parts = EmailParts | SmsParts | LetterParts | VoiceParts | PortalParts | WebhookParts
