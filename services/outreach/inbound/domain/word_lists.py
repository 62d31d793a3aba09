"""The words that tell what a reply wants, read from `words/*.yaml`: a file for each language.

Nobody says in which language he answers, so all languages are looked for in every text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from services.outreach.inbound.domain.words import Phrases, words_of
from shared.errors import FieldError, Invalid
from shared.yaml_text import read_document

# Of what a person is asked to look at, strictest first.
MATTERS = ("legal", "hardship", "dispute", "claim", "promise")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS = ("today", "tomorrow", "after-tomorrow", *WEEKDAYS)
SKIP, UNCLEAR = "skip", "unclear"  # what else words may mean where days are looked for
PHRASE_WORDS_MAX = 12


class _Language(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    stop: list[str] = []
    fillers: list[str] = []
    start: list[str] = []
    wrong_party: list[str] = []
    legal: list[str] = []
    hardship: list[str] = []
    dispute: list[str] = []
    claim: list[str] = []
    promise: list[str] = []
    not_: list[str] = msgspec.field(name="not", default_factory=list)
    except_: dict[str, list[str]] = msgspec.field(name="except", default_factory=dict)
    days: dict[str, list[str]] = {}
    no_days: list[str] = []
    unclear_days: list[str] = []
    months: list[list[str]] = []


@dataclass(frozen=True)
class WordLists:
    """All languages together, each phrase as it is compared."""

    stop: frozenset[str]
    fillers: frozenset[str]
    start: frozenset[str]
    wrong_party: frozenset[str]
    matters: Mapping[str, frozenset[str]]  # by class, strictest first
    negations: frozenset[str]
    exceptions: Mapping[str, tuple[str, ...]]  # by class: phrases in which nothing is found
    days: Phrases[str]  # one of `DAYS`, or that it is none, or not one day
    months: Phrases[int]
    alone: Phrases[str]  # stop, start and fillers


def parse_word_lists(sources: Mapping[str, str]) -> WordLists:
    """Raises `Invalid`. `sources`: the texts of the files by name."""
    faults: list[FieldError] = []
    languages = []
    for name, text in sorted(sources.items()):
        try:
            languages.append(msgspec.convert(read_document(text).data, _Language))
        except Invalid as error:
            faults += [FieldError(f"/{name}{e.pointer}", e.detail) for e in error.errors] or [
                FieldError(f"/{name}", error.detail)
            ]
        except msgspec.ValidationError as error:
            faults.append(FieldError(f"/{name}", str(error)))
    for name, language in zip(sorted(sources), languages, strict=False):
        faults += _faults(f"/{name}", language)
    if faults:
        raise Invalid("The lists of words do not fit.", faults)
    return _lists(languages)


def _faults(pointer: str, language: _Language) -> Iterable[FieldError]:
    for name in language.days:
        if name not in DAYS:
            yield FieldError(f"{pointer}/days/{name}", f"must be one of {', '.join(DAYS)}")
    for name in language.except_:
        if name not in (*MATTERS, "wrong-party"):
            yield FieldError(f"{pointer}/except/{name}", "names no class of words")
    if language.months and len(language.months) != 12:
        yield FieldError(f"{pointer}/months", "must be the twelve months")
    for name, phrases in _named(language):
        for index, phrase in enumerate(phrases):
            count = len(words_of(phrase))
            if not 0 < count <= PHRASE_WORDS_MAX:
                detail = f"must have 1 to {PHRASE_WORDS_MAX} words of letters and digits"
                yield FieldError(f"{pointer}/{name}/{index}", detail)


def _named(language: _Language) -> Iterable[tuple[str, list[str]]]:
    for name in ("stop", "fillers", "start", "wrong_party", *MATTERS, "not_", "no_days"):
        yield name.strip("_").replace("_", "-"), getattr(language, name)
    yield "unclear-days", language.unclear_days
    for day, phrases in language.days.items():
        yield f"days/{day}", phrases
    for class_, phrases in language.except_.items():
        yield f"except/{class_}", phrases


def _lists(languages: Iterable[_Language]) -> WordLists:
    languages = tuple(languages)

    def all_of(name: str) -> frozenset[str]:
        return frozenset(_key(phrase) for each in languages for phrase in getattr(each, name))

    days = {_key(p): UNCLEAR for each in languages for p in each.unclear_days}
    days |= {_key(p): SKIP for each in languages for p in each.no_days}
    days |= {_key(p): day for each in languages for day, ps in each.days.items() for p in ps}
    exceptions: dict[str, list[str]] = {}
    for each in languages:
        for class_, phrases in each.except_.items():
            exceptions.setdefault(class_, []).extend(_key(phrase) for phrase in phrases)
    alone = dict.fromkeys(all_of("fillers"), "filler")
    alone |= dict.fromkeys(all_of("start"), "start") | dict.fromkeys(all_of("stop"), "stop")
    return WordLists(
        stop=all_of("stop"),
        fillers=all_of("fillers"),
        start=all_of("start"),
        wrong_party=all_of("wrong_party"),
        matters={class_: all_of(class_) for class_ in MATTERS},
        negations=all_of("not_"),
        exceptions={class_: tuple(phrases) for class_, phrases in exceptions.items()},
        days=Phrases(days),
        months=Phrases(
            {
                _key(phrase): number
                for each in languages
                for number, phrases in enumerate(each.months, 1)
                for phrase in phrases
            }
        ),
        alone=Phrases(alone),
    )


def _key(phrase: str) -> str:
    return " ".join(words_of(phrase))
