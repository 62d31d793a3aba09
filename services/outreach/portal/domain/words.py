"""The words that visitors read, in their language: data, a file for each (`portal/words/`)."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from shared.errors import FieldError, Invalid
from shared.yaml_text import read_document

LANGUAGES: Final = ("en", "de", "fr", "es")
LANGUAGE_DEFAULT: Final = "en"


@dataclass(frozen=True)
class PortalWords:
    """By language and name."""

    texts: Mapping[str, Mapping[str, str]]

    def say(self, language: str, name: str, **values: object) -> str:
        """Raises `KeyError` for a name that there is not."""
        text = self.texts.get(language, self.texts[LANGUAGE_DEFAULT])[name]
        return text.format(**values) if values else text

    def has(self, name: str) -> bool:
        return name in self.texts[LANGUAGE_DEFAULT]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(each for each in LANGUAGES if each in self.texts)


def read_words(sources: Mapping[str, str]) -> PortalWords:
    """From `en.yaml` and its like. Raises `Invalid` unless all say the same, in every language."""
    texts = {name.removesuffix(".yaml"): _texts(name, text) for name, text in sources.items()}
    faults = [
        FieldError(f"/{language}", "is missing") for language in LANGUAGES if language not in texts
    ]
    wanted = {name: _places(text) for name, text in texts.get(LANGUAGE_DEFAULT, {}).items()}
    for language, own in texts.items():
        if {name: _places(text) for name, text in own.items()} != wanted:
            names = sorted(set(own) ^ set(wanted)) or ["the places that are filled in"]
            faults.append(FieldError(f"/{language}", f"differs from English: {', '.join(names)}"))
    if faults:
        raise Invalid("The portal's words do not fit together.", faults)
    return PortalWords(texts)


def _texts(name: str, text: str) -> dict[str, str]:
    try:
        found = msgspec.convert(read_document(text).data, dict[str, str])
    except msgspec.ValidationError as error:
        raise Invalid(f"{name} does not fit: {error}") from error
    empty = [key for key, words in found.items() if not words.strip()]
    if empty:
        raise Invalid(f"{name} has no words for {', '.join(empty)}.")
    return found


def _places(text: str) -> frozenset[str]:
    return frozenset(place for _, place, _, _ in string.Formatter().parse(text) if place)
