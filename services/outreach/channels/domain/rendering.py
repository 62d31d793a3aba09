"""The pure function that fills a template: `render(template, channel, languages, values)`."""

from collections.abc import Mapping
from html import escape
from typing import Any

from jinja2 import TemplateError

from services.outreach.channels.domain.amounts import notation
from services.outreach.channels.domain.balance import imbalances
from services.outreach.channels.domain.disclosures import OPT_OUT
from services.outreach.channels.domain.message_values import MessageValues
from services.outreach.channels.domain.message_views import variables
from services.outreach.channels.domain.parts import (
    EmailParts,
    LetterParts,
    Parts,
    PortalParts,
    SmsParts,
    VoiceParts,
)
from services.outreach.channels.domain.template_document import TEXT_CHANNELS, MessageTemplate
from services.outreach.channels.domain.template_language import BadTemplate, TooMuch
from services.outreach.channels.domain.wording import Wording

NOT_WRITTEN, NOT_BALANCED = "message-not-written", "message-not-balanced"
HTML_PARTS = frozenset({"html"})
SPOKEN_PARTS = frozenset({"subject", "title", "script"})  # on one line


class NotWritten(Exception):
    """A message that cannot be written, under its reason."""

    def __init__(self, reason: str, detail: str = "", *, is_endless: bool = False) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.detail = detail
        self.is_endless = is_endless  # it would run or write without end
        self.reason = reason  # no-template | no-words | message-not-written | message-not-balanced


def render(
    wording: Wording,
    template: MessageTemplate,
    channel: str,
    languages: tuple[str, ...],
    values: MessageValues,
) -> Parts:
    """The parts of the message, in the first of the languages that has the channel.

    Raises `NotWritten`.
    """
    language = template.language_of(channel, languages)
    text_channel = next((each for each in TEXT_CHANNELS if each == channel), None)
    if language is None or text_channel is None:
        raise NotWritten("no-template", channel)
    if faults := imbalances(values.content):
        raise NotWritten(NOT_BALANCED, "; ".join(faults))
    filled = fill(wording, template, text_channel, language, values, languages)
    return as_parts(text_channel, filled)


def fill(
    wording: Wording,
    template: MessageTemplate,
    channel: Any,
    language: str,
    values: MessageValues,
    languages: tuple[str, ...] = (),
) -> dict[str, str]:
    """The texts of the parts, by name; `languages`: the reader's. Raises `NotWritten`."""
    context = _variables(wording, channel, language, values, languages or (language,))
    context["asks"] = template.asks
    sources = template.languages[language].sources(channel)
    return {part: _part(wording, part, source, context) for part, source in sources.items()}


def fill_with(
    wording: Wording,
    template: MessageTemplate,
    source: str,
    part: str,
    language: str,
    values: MessageValues,
    disclosures: tuple[str, ...],
    opt_out: str | None,
) -> str:
    """One part, with words of disclosures that are given. Raises `NotWritten`."""
    labels = wording.labels(language)
    context = variables(values, notation(language, values.country), labels, disclosures, opt_out)
    context["asks"] = template.asks
    return _part(wording, part, source, context)


def _part(wording: Wording, part: str, source: str, context: Mapping[str, Any]) -> str:
    try:
        text = wording.language.filled(source, context, is_html=part in HTML_PARTS)
    except (TemplateError, BadTemplate) as error:
        is_endless = isinstance(error, TooMuch)
        raise NotWritten(NOT_WRITTEN, f"{part}: {error}", is_endless=is_endless) from error
    return _tidy(part, text)


def _variables(
    wording: Wording,
    channel: str,
    language: str,
    values: MessageValues,
    languages: tuple[str, ...],
) -> dict[str, Any]:
    words = {
        text_id: wording.disclosures.words(text_id, languages, channel, values.creditor)
        for text_id in (*values.text_ids, OPT_OUT)
    }
    disclosures = []
    for text_id in values.text_ids:
        text = words[text_id]
        if text is None:
            raise NotWritten("no-words", text_id)
        disclosures.append(text)
    return variables(
        values,
        notation(language, values.country),
        wording.labels(language),
        disclosures,
        None if OPT_OUT in values.text_ids else words[OPT_OUT],
    )


def _tidy(part: str, text: str) -> str:
    """No more blank lines than paragraphs need; headlines and scripts on one line."""
    if part in SPOKEN_PARTS:
        return " ".join(text.split())
    lines: list[str] = []
    for line in text.splitlines():
        line = line.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip() + "\n"


def as_parts(channel: str, filled: Mapping[str, str]) -> Parts:
    match channel:
        case "email":
            text = filled.get("text", "")
            return EmailParts(filled["subject"], text, filled.get("html") or _as_html(text))
        case "sms":
            return SmsParts(" ".join(filled["text"].split()))
        case "letter":
            return LetterParts(filled["text"])
        case "voice":
            return VoiceParts(filled["script"])
        case _:
            return PortalParts(filled["title"], filled["text"])


def _as_html(text: str) -> str:
    """A plain text for readers of HTML."""
    paragraphs = (escape(each).replace("\n", "<br>\n") for each in text.strip().split("\n\n"))
    return "".join(f"<p>{each}</p>\n" for each in paragraphs)
