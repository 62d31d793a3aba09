"""A template read from the text that was sent, JSON or YAML, with every fault of its form."""

from collections.abc import Iterator
from typing import Any

import msgspec

from services.outreach.channels.domain.languages import language_code
from services.outreach.channels.domain.shape_faults import shape_faults
from services.outreach.channels.domain.template_document import MessageTemplate
from shared.errors import FieldError, Invalid
from shared.field_errors import escape
from shared.texts import faults
from shared.yaml_text import read_document

LANGUAGES_MAX = 40
NO_LANGUAGE = "is not a language's code like de or de-AT"


def read_template(text: str) -> MessageTemplate:
    """Raises `Invalid`."""
    data = _data(text)
    errors = list(shape_faults(data, MessageTemplate, ""))
    if not errors:
        template = msgspec.convert(data, MessageTemplate)
        errors = list(_faults(template))
    if errors:
        raise Invalid("The template does not fit.", errors)
    return template


def _data(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return read_document(text).data
    try:  # YAML knows no pairs of surrogates, with which JSON writes what is beyond U+FFFF
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return read_document(text).data
    if errors := list(faults(data)):
        raise Invalid("The template does not fit.", errors)
    return data


def _faults(template: MessageTemplate) -> Iterator[FieldError]:
    if not template.languages:
        yield FieldError("/languages", "needs one language at least")
    if len(template.languages) > LANGUAGES_MAX:
        yield FieldError("/languages", f"must have at most {LANGUAGES_MAX} languages")
    for code, texts in template.languages.items():
        at = f"/languages/{escape(code)}"
        if language_code(code) != code:
            yield FieldError(at, NO_LANGUAGE)
        if not texts.channels:
            yield FieldError(at, "needs the texts of one channel at least")
