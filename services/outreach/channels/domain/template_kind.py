"""The kind of document that a message template is."""

import re
from collections.abc import Callable, Iterator

from services.outreach.channels.domain.template_document import MessageTemplate
from services.outreach.channels.domain.template_language import BadTemplate, TemplateLanguage
from services.outreach.channels.domain.template_texts import read_template
from shared.documents.kind import DocumentKind, Outline
from shared.errors import FieldError, Invalid
from shared.field_errors import escape

PLATFORM = "recoup"  # who brought the templates that come with the platform
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def message_templates(language: TemplateLanguage) -> DocumentKind[MessageTemplate]:
    """Its texts are written in the language of templates, with our layouts."""
    return DocumentKind(
        kind="templates",
        word="message template",
        parse=read_template,
        version_of=lambda template: template.version,
        size_of=lambda template: len(template.languages),
        check=_check(language),
        built_in_by=PLATFORM,
    )


def _check(language: TemplateLanguage) -> Callable[[str, MessageTemplate], None]:
    def check(name: str, template: MessageTemplate) -> None:
        errors = list(_faults(language, template))
        if not _NAME.fullmatch(name[:65]):
            errors.insert(0, FieldError("/name", "must be small letters, digits and hyphens"))
        if errors:
            raise Invalid("The template does not fit.", errors)

    return check


def _faults(language: TemplateLanguage, template: MessageTemplate) -> Iterator[FieldError]:
    """What is not of the language of templates."""
    for code, texts in template.languages.items():
        for channel in texts.channels:
            for part, source in texts.sources(channel).items():
                try:
                    language.check(source)
                except BadTemplate as error:
                    at = f"/languages/{escape(code)}/{channel}/{part}"
                    yield FieldError(at, str(error))


# ------------------------------------------------------------------- in the process that computes


def checked_outline(name: str, source: str) -> Outline:
    """The outline of a template that may be stored. Raises `Invalid`."""
    return message_templates(TemplateLanguage({})).checked(name, source)
