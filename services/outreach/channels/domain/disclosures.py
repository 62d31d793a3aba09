"""What the law wants said, by `text_id` and language."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from jinja2 import TemplateError

from services.outreach.channels.domain.languages import LANGUAGE_DEFAULT
from services.outreach.channels.domain.message_values import CreditorDetails
from services.outreach.channels.domain.template_language import BadTemplate, TemplateLanguage
from shared.errors import Invalid
from shared.yaml_text import read_document

OPT_OUT = "opt-out"
_FILE = re.compile(r"_disclosures\.([a-z]{2,3})\.yaml")
Texts = dict[str, str | dict[str, str]]  # a text for all channels, or one by channel


class DisclosureWords:
    """The words of what must be said. What there are none for in a language is said in English."""

    def __init__(self, sources: Mapping[str, str], language: TemplateLanguage) -> None:
        self._language = language
        self._texts: dict[str, Texts] = {
            match[1]: _texts(name, text)
            for name, text in sources.items()
            if (match := _FILE.fullmatch(name))
        }

    def words(
        self, text_id: str, languages: tuple[str, ...], channel: str, creditor: CreditorDetails
    ) -> str | None:
        """In the first of the reader's languages in which there are some, whatever language the
        message is in. None: there are no words, or they name what is not known of the creditor."""
        for code in (*languages, LANGUAGE_DEFAULT):
            words = self._texts.get(code.partition("-")[0], {}).get(text_id)
            if isinstance(words, dict):
                words = words.get(channel, words.get("email"))
            if words is not None:
                try:
                    return " ".join(self._language.filled(words, creditor.named()).split())
                except TemplateError:
                    return None
        return None

    def unworded(
        self, text_ids: Iterable[str], language: str | None, creditor: CreditorDetails
    ) -> list[str]:
        """Those that cannot be written."""
        languages = (language or LANGUAGE_DEFAULT,)
        return [e for e in text_ids if self.words(e, languages, "email", creditor) is None]

    def text_ids(self, creditor: CreditorDetails) -> frozenset[str]:
        """Those that can be written to everybody, whatever their language."""
        return frozenset(
            text_id
            for text_id in self._texts.get(LANGUAGE_DEFAULT, {})
            if not any(self.unworded([text_id], code, creditor) for code in self._texts)
        )

    def check(self) -> None:
        """Raises `Invalid` unless every text can be filled."""
        named = CreditorDetails("x", "x", "x").named()
        for language, texts in self._texts.items():
            for text_id, words in texts.items():
                for text in words.values() if isinstance(words, dict) else (words,):
                    try:
                        self._language.filled(text, named)
                    except (TemplateError, BadTemplate) as error:
                        raise Invalid(f"disclosure {text_id} in {language}: {error}") from error


def _texts(name: str, text: str) -> Texts:
    try:
        return msgspec.convert(read_document(text).data, Texts)
    except (Invalid, msgspec.ValidationError) as error:
        raise Invalid(f"{name} is not a list of texts by their id: {error}") from error
