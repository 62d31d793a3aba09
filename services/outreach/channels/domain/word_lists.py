"""Words that lints look for, by language: data, in `_lint.{language}.yaml`."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from services.outreach.activity.domain.contacts import Tone
from shared.errors import Invalid
from shared.yaml_text import read_document

TONES: tuple[Tone, ...] = ("friendly", "neutral", "firm", "final")  # softest first
_FILE = re.compile(r"_lint\.([a-z]{2,3})\.yaml")


class Threats(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phrases; `*` at the end of a word stands for its endings. Those under a tone are for firmer
    ones only: they are threats in that tone and in softer ones."""

    always: tuple[str, ...]
    firm: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    friendly: tuple[str, ...] = ()

    def for_tone(self, tone: Tone) -> tuple[str, ...]:
        found = list(self.always)
        for each in TONES[TONES.index(tone) :]:
            found += getattr(self, each, ())
        return tuple(found)


class LintWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    threats: Threats
    help: tuple[str, ...]  # that invite to ask
    opt_out: tuple[str, ...]  # that say how to end it


def read_word_lists(sources: Mapping[str, str]) -> dict[str, LintWords]:
    """By language. Raises `Invalid`."""
    found = {}
    for name, text in sources.items():
        if match := _FILE.fullmatch(name):
            try:
                found[match[1]] = msgspec.convert(read_document(text).data, LintWords)
            except (Invalid, msgspec.ValidationError) as error:
                raise Invalid(f"{name} is not a list of words: {error}") from error
    return found


def plain_words(text: str) -> str:
    """Without marks and case, all but letters and digits one blank."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    kept = (c for c in bare if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in kept).split())


def first_phrase(text: str, phrases: Iterable[str]) -> str | None:
    """The first of the phrases that a text has."""
    words = plain_words(text).split()
    return next((each for each in phrases if _has(words, _phrase(each))), None)


def _has(words: Sequence[str], phrase: tuple[tuple[str, bool], ...]) -> bool:
    return any(
        all(
            word.startswith(part) if is_stem else word == part
            for word, (part, is_stem) in zip(words[start:], phrase, strict=False)
        )
        for start in range(len(words) - len(phrase) + 1)
    )


@lru_cache(maxsize=4_000)
def _phrase(phrase: str) -> tuple[tuple[str, bool], ...]:
    """Its words, and whether each stands for its endings too."""
    return tuple(
        (part, word.endswith("*")) for word in phrase.split() for part in plain_words(word).split()
    )
