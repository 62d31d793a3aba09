"""The words that come with the platform: layouts, labels by language, disclosures."""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from services.outreach.channels.domain.disclosures import DisclosureWords
from services.outreach.channels.domain.languages import LANGUAGE_DEFAULT
from services.outreach.channels.domain.template_language import (
    LAYOUTS,
    BadTemplate,
    TemplateLanguage,
)
from services.outreach.channels.domain.word_lists import LintWords, read_word_lists
from shared.errors import Invalid
from shared.yaml_text import read_document

_LABELS = re.compile(r"_labels\.([a-z]{2,3})\.yaml")
_NONE: Mapping[str, str] = MappingProxyType({})


class Wording:
    """Read once in each process from files by their name. Raises `Invalid`."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        said = [name for name in sorted(sources) if not name.startswith("_lint.")]
        self._digest = hashlib.sha256(
            "\x00".join(f"{name}\x00{sources[name]}" for name in said).encode()
        ).hexdigest()
        layouts = {name: sources[f"_{name}"] for name in LAYOUTS if f"_{name}" in sources}
        if missing := sorted(set(LAYOUTS) - layouts.keys()):
            raise Invalid(f"there is no layout {', '.join(missing)}")
        try:
            self.language = TemplateLanguage(layouts)
        except BadTemplate as error:
            raise Invalid(f"a layout cannot be read: {error}") from error
        self.disclosures = DisclosureWords(sources, self.language)
        self._labels = {
            match[1]: _labels(name, text)
            for name, text in sources.items()
            if (match := _LABELS.fullmatch(name))
        }

        self._words = read_word_lists(sources)
        if LANGUAGE_DEFAULT not in self._words:
            raise Invalid(f"there is no _lint.{LANGUAGE_DEFAULT}.yaml")

    def words(self, language: str) -> LintWords:
        """What the lint looks for; in a language without lists of its own: the English ones."""
        return self._words.get(language.partition("-")[0], self._words[LANGUAGE_DEFAULT])

    @property
    def digest(self) -> str:
        """Of all the words."""
        return self._digest

    def labels(self, language: str) -> Mapping[str, str]:
        """The words of the layouts. In a language without them a layout cannot be used."""
        return self._labels.get(language.partition("-")[0], _NONE)


def _labels(name: str, text: str) -> dict[str, str]:
    try:
        found = msgspec.convert(read_document(text).data, dict[str, str])
    except (Invalid, msgspec.ValidationError) as error:
        raise Invalid(f"{name} is not a list of words: {error}") from error
    return {label: " ".join(words.split()) for label, words in found.items()}
