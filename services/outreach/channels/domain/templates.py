"""The words of messages: Jinja2 templates, and the texts of disclosures by language.

Templates run in a sandbox, HTML is escaped, a name that is missing is an error.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

import msgspec
import yaml
from jinja2 import DictLoader, StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.outreach.channels.domain.addresses import printable
from services.outreach.channels.domain.amounts import long_day, money
from services.outreach.channels.domain.messages import (
    CreditorDetails,
    Envelope,
    MessageContent,
    email,
)
from services.outreach.channels.domain.parts import EmailParts
from shared.errors import Invalid

PARTS = ("subject.txt", "body.txt", "body.html")  # of every template
LANGUAGE_DEFAULT = "en"  # in which every disclosure is to be had
_DISCLOSURES = re.compile(r"_disclosures\.([a-z]{2,3})\.yaml")


class Templates:
    """The templates by name, each of a subject, a text and an HTML part; and the words of what the
    law requires, by language."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._disclosures = {
            match[1]: _disclosure_texts(name, text)
            for name, text in sources.items()
            if (match := _DISCLOSURES.fullmatch(name))
        }
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(
                {name: text for name, text in sources.items() if not name.endswith(".yaml")}
            ),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["money"] = lambda line: money(line.amount_minor, line.currency)
        self._environment.filters["day"] = long_day
        self._environment.globals["money"] = money
        self.versions = {
            name: _fingerprint(name, sources)
            for name in sorted({source.partition(".")[0] for source in sources})
            if not name.startswith("_")
        }

    def unworded(
        self, text_ids: Iterable[str], language: str | None, creditor: CreditorDetails
    ) -> list[str]:
        """The disclosures that cannot be written: there are no words for them, in this language or
        in the default one, or they name what is not known of the creditor."""
        return [each for each in text_ids if self._words_of(each, language, creditor) is None]

    def text_ids(self, creditor: CreditorDetails) -> frozenset[str]:
        """The disclosures that can be written to everybody, whatever their language."""
        return frozenset(
            text_id
            for text_id in self._disclosures.get(LANGUAGE_DEFAULT, {})
            if not any(self.unworded([text_id], code, creditor) for code in self._disclosures)
        )

    def _words_of(
        self, text_id: str, language: str | None, creditor: CreditorDetails
    ) -> str | None:
        code = (language or LANGUAGE_DEFAULT).partition("-")[0].lower()
        for each in (code, LANGUAGE_DEFAULT):
            words = self._disclosures.get(each, {}).get(text_id)
            if words is not None:
                try:
                    return self._environment.from_string(words).render(creditor.named())
                except UndefinedError:
                    return None
        return None

    def check(self, uses: Iterable[tuple[str, str]]) -> None:
        """Raise `Invalid` unless every template that is used is whole and compiles, and so do the
        texts of all disclosures. `uses`: who uses it, and its name."""
        for language, texts in self._disclosures.items():
            for text_id, words in texts.items():
                try:
                    named = CreditorDetails("x", "x", "x").named()
                    self._environment.from_string(words).render(named)
                except TemplateError as error:
                    raise Invalid(f"disclosure {text_id} in {language}: {error}") from error
        for user, template in uses:
            for part in PARTS:
                try:
                    self._environment.get_template(f"{template}.{part}")
                except TemplateError as error:
                    raise Invalid(f"{user}: template {template}.{part}: {error}") from error

    def email(
        self, template: str, envelope: Envelope, lists: MessageContent, text_ids: Iterable[str] = ()
    ) -> bytes:
        """The whole message, ready for SMTP, with the disclosures that it must carry."""
        parts = self.parts(template, envelope, lists, text_ids)
        return email(envelope, parts.subject, parts.text, parts.html)

    def parts(
        self, template: str, envelope: Envelope, lists: MessageContent, text_ids: Iterable[str] = ()
    ) -> EmailParts:
        """What the message says, with the disclosures that it must carry."""
        creditor = envelope.creditor or CreditorDetails(envelope.sender_name)
        texts = [self._words_of(text_id, envelope.language, creditor) for text_id in text_ids]
        if None in texts:
            raise ValueError("a disclosure has no words")
        values = {
            "disclosures": texts,
            "name": printable(envelope.recipient_name),
            "sender_name": envelope.sender_name,
            "content": lists,
        }
        subject, text, html = (
            self._environment.get_template(f"{template}.{part}").render(values) for part in PARTS
        )
        return EmailParts(subject, text, html)


def _disclosure_texts(name: str, text: str) -> dict[str, str]:
    try:
        texts = msgspec.convert(yaml.safe_load(text), dict[str, str])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise Invalid(f"{name} is not a list of texts by their id: {error}") from error
    return {text_id: " ".join(words.split()) for text_id, words in texts.items()}


def _fingerprint(name: str, sources: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for source in sorted(sources):
        if source.startswith((f"{name}.", "_")):
            digest.update(f"{source}\x00{sources[source]}\x00".encode())
    return f"{name}@{digest.hexdigest()[:12]}"
